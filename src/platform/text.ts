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

/** A short name for machines: small letters, digits and single dashes, such as `damkar-utama`. */
export const slug = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'small letters, digits and dashes');
