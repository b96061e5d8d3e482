import { zonedTime } from '../platform/zoned-time.ts';

/** How long a carrier may bring no call, in minutes; 0: for ever. */
export interface CarrierSilence {
  readonly day: number;
  readonly night: number;
  /** HH:MM by the city's clock; `nightTo` is the first minute of the day. */
  readonly nightFrom: string;
  readonly nightTo: string;
}

const minute = 60_000;
const minutesOfDay = 1_440;

/**
 * Whether a carrier whose last call came at `last` has brought none for too long. A night is longer than its limit for the
 * day: what counts against the day's is the quiet since the day began. All in epoch milliseconds.
 */
export function isSilent(rule: CarrierSilence, { at, last, timeZone }: { at: number; last: number; timeZone: string }) {
  const { day, night } = rule;
  if (night > 0 && at - last >= night * minute) return true;
  if (day === 0) return false;
  const sinceDay = minutesSinceDay(rule, at, timeZone);
  if (sinceDay === null) return false;
  const began = at - sinceDay * minute;
  return at - Math.max(last, began) >= day * minute;
}

/** Minutes since the day began by the rule; null in the night. */
function minutesSinceDay({ nightFrom, nightTo }: CarrierSilence, at: number, timeZone: string): number | null {
  const { hour, minute: shown } = zonedTime(at, timeZone);
  const since = (from: string): number => (hour * 60 + shown - minutesOf(from) + minutesOfDay) % minutesOfDay;
  // Day and night begin in turns: what began last is now. With both at once there is no night.
  return nightFrom !== nightTo && since(nightFrom) < since(nightTo) ? null : since(nightTo);
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
