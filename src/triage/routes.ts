import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { e164 } from '../calls/identity.ts';
import { normalisedImei } from '../calls/imei.ts';
import type { Clock } from '../platform/clock.ts';
import type { Postgres } from '../platform/postgres.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { isoTime, isoTimeOrNull, plainText } from '../platform/text.ts';
import { liftKey, readContributions } from './nuisance-store.ts';
import { measureOf, nuisanceReasons, scoreOf, type NuisanceKey, type NuisanceLimits } from './score.ts';

interface NuisanceRouteDeps {
  postgres: Postgres;
  audit: RecordAudit;
  clock: Clock;
  weights: () => NuisanceLimits & { halfLifeHours: number };
  /** The score was lifted: who waits with it is told at once. */
  lifted: (key: NuisanceKey, by: string, reason: string) => Promise<void>;
}

const numberField = z.string().max(40).transform(orFault(e164, 'a telephone number'));
const imeiField = z.string().max(40).transform(orFault(normalisedImei, 'an IMEI'));
const keyQuery = z
  .strictObject({ number: numberField.optional(), imei: imeiField.optional() })
  .refine(onlyOne, 'name either number or imei');

const contributionView = z.object({
  at: z.string(),
  reason: z.enum(nuisanceReasons),
  points: z.number(),
  /** What it counts by now: it halves with every half-life, and a lifted one counts nothing. */
  counts: z.number(),
  callId: z.string(),
  liftedAt: z.string().nullable(),
  liftedBy: z.string().nullable(),
  liftReason: z.string().nullable(),
});

/** /v1/nuisance. A number stands in the query or the body, never in the path: paths are logged. */
export function nuisanceRoutes(deps: NuisanceRouteDeps): Route[] {
  return [getRoute(deps), liftRoute(deps)];
}

function getRoute({ postgres, clock, weights }: NuisanceRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/nuisance',
    summary: 'The nuisance score of a number or phone, with everything that was noted and why',
    roles: ['supervisor', 'admin', 'auditor'],
    input: { query: keyQuery },
    response: {
      200: z.object({
        kind: z.enum(['number', 'imei']),
        key: z.string(),
        score: z.number(),
        measure: z.enum(['none', 'lower', 'challenge']),
        contributions: z.array(contributionView),
      }),
    },
    handler: async ({ query }) => {
      const key = keyOf(query);
      const stored = await readContributions(postgres, key);
      const limits = weights();
      const { score, contributions } = scoreOf(
        stored.filter(({ liftedAt }) => liftedAt === null),
        limits,
        clock.now(),
      );
      const counts = new Map(contributions.map((one) => [`${one.callId} ${one.reason} ${one.at}`, one.counts]));
      return {
        status: 200,
        body: {
          ...key,
          score,
          measure: measureOf(score, limits),
          contributions: stored.map((one) => ({
            at: isoTime(one.at),
            reason: one.reason,
            points: one.points,
            counts: one.liftedAt === null ? (counts.get(`${one.callId} ${one.reason} ${one.at}`) ?? 0) : 0,
            callId: one.callId,
            liftedAt: isoTimeOrNull(one.liftedAt),
            liftedBy: one.liftedBy,
            liftReason: one.liftReason,
          })),
        },
      };
    },
  });
}

function liftRoute({ postgres, audit, clock, lifted }: NuisanceRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/nuisance/lift',
    audited: ['nuisance.lift'],
    summary: 'Lift all that counts against a number or phone; what was noted stays readable',
    roles: ['supervisor', 'admin'],
    input: {
      body: z
        .strictObject({ number: numberField.optional(), imei: imeiField.optional(), reason: plainText(500) })
        .refine(onlyOne, 'name either number or imei'),
    },
    response: { 200: z.object({ lifted: z.number() }) },
    handler: async ({ body, principal }) => {
      const key = keyOf(body);
      const { reason } = body;
      const count = await postgres.transaction(async (sql) => {
        const by = { tokenId: principal.tokenId, reason, at: clock.now() };
        const liftedCount = await liftKey(sql, key, by);
        const detail = { ...key, reason, lifted: liftedCount };
        await audit(sql, { principal, action: 'nuisance.lift', subject: `nuisance/${key.kind}`, detail });
        return liftedCount;
      });
      await lifted(key, principal.operatorId ?? principal.tokenId, reason);
      return { status: 200, body: { lifted: count } };
    },
  });
}

function onlyOne({ number, imei }: { number?: string | undefined; imei?: string | undefined }): boolean {
  return (number === undefined) !== (imei === undefined);
}

function keyOf({ number, imei }: { number?: string | undefined; imei?: string | undefined }): NuisanceKey {
  return number === undefined ? { kind: 'imei', key: imei ?? '' } : { kind: 'number', key: number };
}

function orFault(read: (text: string) => string | null, what: string) {
  return (text: string, context: z.RefinementCtx): string => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message: `not ${what}` });
    return z.NEVER;
  };
}
