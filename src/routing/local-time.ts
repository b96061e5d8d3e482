import { weekdays, type Facts } from './rule.ts';

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The weekday and the HH:MM that clocks in `timeZone` show at `epochMs`. */
export function localTime(epochMs: number, timeZone: string): Pick<Facts, 'weekday' | 'time'> {
  const parts = new Map(
    formatterFor(timeZone)
      .formatToParts(epochMs)
      .map(({ type, value }) => [type, value]),
  );
  const weekday = weekdays.find((day) => day === parts.get('weekday')?.toLowerCase());
  if (!weekday) throw new RangeError(`no weekday in ${timeZone}`);
  return { weekday, time: `${parts.get('hour') ?? '00'}:${parts.get('minute') ?? '00'}` };
}

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}
