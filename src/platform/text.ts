import { z } from 'zod';

/** A line that a person typed: no control or formatting characters, not empty, trimmed. */
export function plainText(max: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]*$/u, 'no control characters');
}

/** A time as it stands in every answer: ISO 8601 in UTC, to the millisecond. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

/** The same for what may not have happened yet. */
export function isoTimeOrNull(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}

/** A `timestamptz` of a row, as it is answered. */
export const timeColumn = z.date().transform((at) => at.toISOString());

/** The same, as epoch milliseconds. */
export const millisecondsColumn = z.date().transform((at) => at.getTime());

/** A time of day, as a person writes it. */
export const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM');

/** A short name for machines: small letters, digits and single dashes, such as `damkar-utama`. */
export const slug = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'small letters, digits and dashes');

/** The form in which two spellings of a district are compared: people type them, case and spacing do not count. */
export function districtKey(name: string): string {
  return name.trim().replaceAll(/\s+/g, ' ').toLowerCase();
}
