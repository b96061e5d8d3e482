import { z } from 'zod';
import { isOpen, serves, type AgencyDirectory } from '../agencies/agency.ts';
import { clockTime, slug } from '../platform/text.ts';
import { localDate, sources, trunkStates, weekdays, weekdaySchema, word } from './condition.ts';
import { findKind, kindSchema, severitySchema } from './kind.ts';
import { localTime } from './local-time.ts';

const position = z.object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) });
/** `serves` is false of one that serves other districts than the incident's, and else not said. */
const agencyState = z.object({ open: z.boolean(), reachable: z.boolean(), serves: z.boolean().optional() });

/** What somebody may know of an incident beside its kind. Null: not known (yet). */
const known = {
  severity: severitySchema.nullable(),
  district: z.string().max(80).nullable(),
  /** The caller's best position, in degrees (WGS 84). */
  position: position.nullable(),
  language: word.nullable(),
  carrier: word.nullable(),
  source: z.enum(sources),
  confidential: z.boolean(),
  /** How many calls the incident has. */
  calls: z.number().int().min(0),
  drill: z.boolean(),
  /** By the agency's id. */
  agencies: z.record(slug, agencyState),
  /** By the trunk's id. */
  trunks: z.record(slug, z.enum(trunkStates)),
};

/** All that the rules are asked about. What older versions did not know of has a default: their decisions are still read. */
export const factsSchema = z.strictObject({
  kind: kindSchema,
  severity: known.severity.default(null),
  district: known.district.default(null),
  weekday: weekdaySchema,
  time: clockTime,
  date: localDate.nullable().default(null),
  holiday: z.boolean().default(false),
  position: known.position.default(null),
  language: known.language.default(null),
  carrier: known.carrier.default(null),
  source: known.source.default('call'),
  confidential: known.confidential.default(false),
  calls: known.calls.default(1),
  drill: known.drill.default(false),
  agencies: known.agencies.default({}),
  trunks: known.trunks.default({}),
});
export type Facts = z.output<typeof factsSchema>;

/** What is said of an incident when the rules are asked; the rest is as it is in the city at that moment. */
export const knownFactsSchema = z.strictObject(known).partial().extend({ kind: kindSchema });
export type KnownFacts = z.output<typeof knownFactsSchema>;

/** What a call adds to its incident. */
export type CallFacts = Omit<KnownFacts, 'kind' | 'severity'>;

/** The city at a moment. */
export interface Moment {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly timeZone: string;
  /** Local dates, YYYY-MM-DD. */
  readonly holidays: readonly string[];
  readonly directory: AgencyDirectory;
}

/** The facts that the rules are asked about: what is known of the incident, with the city's clock, calendar and agencies. */
export function completeFacts(asked: KnownFacts, { at, timeZone, holidays, directory }: Moment): Facts {
  const local = localTime(at, timeZone);
  const weekday = weekdays.indexOf(local.weekday) + 1;
  const agencies = directory.agencies.map((agency) => {
    const state = { open: isOpen(agency, weekday, local.time), reachable: directory.reachable(agency.id) };
    return [agency.id, serves(agency, asked.district ?? null) ? state : { ...state, serves: false }] as const;
  });
  const trunks = directory.agencies.flatMap((agency) =>
    agency.trunks.map(({ id }) => [id, directory.health(id)] as const),
  );
  return {
    kind: asked.kind,
    severity: asked.severity ?? null,
    district: asked.district ?? null,
    ...local,
    holiday: holidays.includes(local.date),
    position: asked.position ?? null,
    language: asked.language ?? null,
    carrier: asked.carrier ?? null,
    source: asked.source ?? 'call',
    confidential: asked.confidential ?? findKind(asked.kind)?.confidential ?? false,
    calls: asked.calls ?? 1,
    drill: asked.drill ?? false,
    agencies: { ...Object.fromEntries(agencies), ...asked.agencies },
    trunks: { ...Object.fromEntries(trunks), ...asked.trunks },
  };
}
