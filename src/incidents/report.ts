import { createHash } from 'node:crypto';
import { z } from 'zod';
import { kindSchema, severitySchema } from '../routing/kind.ts';
import { districtKey, plainText } from '../platform/text.ts';

/** Whatever a person typed, in lines: no other control or formatting characters. */
const lines = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .regex(/^(?:[^\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]|\n)*$/u, 'no control characters but line feeds');

/** Degrees (WGS 84); the radius in metres, within which somebody is at 95%. */
const position = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  radius: z.number().min(0).max(100_000).optional(),
});

export const reportSources = ['app', 'alarm'] as const;

/** What a registered app or alarm system reports. */
export const reportBody = z
  .strictObject({
    kind: kindSchema,
    severity: severitySchema.optional(),
    position: position.optional(),
    district: plainText(80).optional(),
    text: lines,
    reporter: z.strictObject({ name: plainText(100).optional(), number: plainText(40).optional() }).optional(),
    wantsCallback: z.boolean().default(false),
    source: z.enum(reportSources),
    drill: z.boolean().default(false),
  })
  .refine(({ wantsCallback, reporter }) => !wantsCallback || reporter?.number !== undefined, {
    path: ['reporter', 'number'],
    message: 'who wants to be called back needs a number',
  });
export type ReportBody = z.output<typeof reportBody>;

/** A report as it is kept. */
export interface Report {
  readonly incidentId: string;
  readonly clientId: string;
  readonly receivedAt: number;
  readonly source: (typeof reportSources)[number];
  readonly text: string;
  readonly reporterName: string | null;
  readonly reporterNumber: string | null;
  readonly wantsCallback: boolean;
  readonly drill: boolean;
  readonly position: { latitude: number; longitude: number; radius?: number | undefined } | null;
}

/** What two requests have to have in common to be the same. */
export function hashOf(body: ReportBody): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

/** A district as the city spells it; one that the city does not know stays as it came. */
export function spelled(district: string, known: readonly string[]): string {
  return known.find((one) => districtKey(one) === districtKey(district)) ?? district;
}
