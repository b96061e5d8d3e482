import { zonedTime } from '../platform/zoned-time.ts';
import { weekdays } from './condition.ts';

/** The weekday, the date (YYYY-MM-DD) and the HH:MM that clocks and calendars in `timeZone` show at `epochMs`. */
export function localTime(
  epochMs: number,
  timeZone: string,
): { weekday: (typeof weekdays)[number]; date: string; time: string } {
  const { weekday: shown, date, hour, minute } = zonedTime(epochMs, timeZone);
  const weekday = weekdays.find((day) => day === shown);
  if (weekday === undefined) throw new RangeError(`no weekday in ${timeZone}`);
  return { weekday, date, time: [hour, minute].map((number) => String(number).padStart(2, '0')).join(':') };
}
