import { z } from 'zod';
import { clockTime, slug } from '../platform/text.ts';
import { kindSchema, severitySchema } from './kind.ts';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export const weekdaySchema = z.enum(weekdays);
/** A day of the city's calendar. */
export const localDate = z.iso.date();

/** How an incident was reported. */
export const sources = ['call', 'app', 'alarm'] as const;
export const agencyStates = ['open', 'closed', 'reachable', 'unreachable'] as const;
export const trunkStates = ['up', 'down', 'unknown'] as const;

const corner = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)]);

/** A GeoJSON Polygon (RFC 7946, 3.1.6): longitude before latitude, the outer ring first, then its holes, each ring closed. */
const areaSchema = z.strictObject({
  type: z.literal('Polygon'),
  coordinates: z.array(z.array(corner).max(1_000)).min(1).max(20),
});

/** Words of others (a carrier's name, a language): one line. */
export const word = z.string().trim().min(1).max(80);

/**
 * What must be true for a rule to match; what is absent is not asked, and what is not known does not match. Of a list any
 * one does, but `agencyStates` and `trunkStates` must all hold. Without `kinds` a rule is for every kind of the group
 * `incident`. `hours` are local, from inclusive to exclusive, over midnight if `from` is later than `to`; `weekdays`,
 * `dates` (inclusive) and `holidays` are of the local day at that moment.
 */
export const conditionSchema = z.strictObject({
  kinds: z.array(kindSchema).optional(),
  severities: z.array(severitySchema).optional(),
  districts: z.array(word).max(200).optional(),
  /** The caller's best position lies in one of them. */
  areas: z.array(areaSchema).max(50).optional(),
  hours: z.strictObject({ from: clockTime, to: clockTime }).optional(),
  weekdays: z.array(weekdaySchema).optional(),
  dates: z
    .array(z.strictObject({ from: localDate, to: localDate }))
    .max(200)
    .optional(),
  /** The day is, or is not, one of the setting `holidays`. */
  holidays: z.boolean().optional(),
  agencyStates: z
    .array(z.strictObject({ agencyId: slug, state: z.enum(agencyStates) }))
    .max(50)
    .optional(),
  trunkStates: z
    .array(z.strictObject({ trunkId: slug, state: z.enum(trunkStates) }))
    .max(50)
    .optional(),
  languages: z.array(word).max(50).optional(),
  /** The trunk by which the call came. */
  carriers: z.array(word).max(50).optional(),
  sources: z.array(z.enum(sources)).optional(),
  confidential: z.boolean().optional(),
  /** The incident has so many calls, or more. */
  minimumCalls: z.number().int().min(1).max(1_000).optional(),
  drill: z.boolean().optional(),
});
export type Condition = z.output<typeof conditionSchema>;

/** Minutes since midnight of an HH:MM. */
export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}
