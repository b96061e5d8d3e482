import { z } from 'zod';

export const sopShape = {
  /** Where people outside reach this centre's web address; null: no links are sent. */
  publicUrl: z
    .string()
    .max(300)
    .refine(isPublicUrl, 'an http or https URL without query, such as https://112.example')
    .nullable(),
  /** How long whoever was told that an agency is late has before the next one is told. */
  sopEscalateSeconds: z.number().int().min(10).max(3_600),
  /** The number, as the carriers deliver it, on which crews report by keys; null: none. */
  responderNumber: z
    .string()
    .regex(/^\+?[0-9]{5,15}$/, 'a number of 5 to 15 digits, as the carriers deliver it')
    .nullable(),
};

export const sopDefaults = { publicUrl: null, sopEscalateSeconds: 120, responderNumber: null };

function isPublicUrl(text: string): boolean {
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && [username, password, search, hash].every((part) => part === '');
}
