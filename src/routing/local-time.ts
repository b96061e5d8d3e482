import { zonedTime } from '../platform/zoned-time.ts';
import { weekdays, type Facts } from './rule.ts';

/** The weekday and the HH:MM that clocks in `timeZone` show at `epochMs`. */
export function localTime(epochMs: number, timeZone: string): Pick<Facts, 'weekday' | 'time'> {
  const { weekday: shown, hour, minute } = zonedTime(epochMs, timeZone);
  const weekday = weekdays.find((day) => day === shown);
  if (weekday === undefined) throw new RangeError(`no weekday in ${timeZone}`);
  return { weekday, time: [hour, minute].map((number) => String(number).padStart(2, '0')).join(':') };
}
