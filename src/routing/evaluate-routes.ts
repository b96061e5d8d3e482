import { z } from 'zod';
import type { AgencyDirectory } from '../agencies/agency.ts';
import { mayKnow } from '../incidents/need-to-know.ts';
import type { Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import type { Postgres } from '../platform/postgres.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { inSlices } from '../platform/slices.ts';
import { evaluateAndExplain } from './explain.ts';
import { knownFactsSchema, type Facts, type KnownFacts } from './facts.ts';
import { decideAgain } from './past.ts';
import { rulesBodyLimit, versionOf } from './routes.ts';
import { decidedAction, decidedTell, decisionSchema, ruleSetContent, type Decision, type RuleSet } from './rule.ts';
import { readPast, type PastRow } from './store.ts';
import { validating } from './validate.ts';

interface EvaluateRouteDeps {
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly current: () => RuleSet;
  readonly agencies: () => AgencyDirectory;
  readonly districts: () => readonly string[];
  readonly recipients: () => readonly string[];
  readonly complete: (known: KnownFacts, at: number) => Facts;
}

const time = z.iso.datetime({ offset: true });
const question = z
  .strictObject({
    /** A made-up incident; `at` is now unless told. */
    facts: knownFactsSchema.extend({ at: time.optional() }).optional(),
    /** What was decided from `from` (inclusive) to `to` (exclusive), the newest first. */
    past: z.strictObject({ from: time, to: time, limit: z.number().int().min(1).max(1_000).default(200) }).optional(),
    /** Asked instead of the active rules; so is a stored `version`. */
    draft: ruleSetContent.optional(),
    version: z.number().int().min(1).max(2_147_483_647).optional(),
  })
  .refine(({ facts, past }) => facts !== undefined || past !== undefined, 'send facts, past or both')
  .refine(({ draft, version }) => draft === undefined || version === undefined, 'send either a draft or a version');

const outcomeOfRules = z.object({ actions: z.array(decidedAction), tell: z.array(decidedTell) });
const pastSchema = z.object({
  decisions: z.number().int(),
  same: z.number().int(),
  different: z.number().int(),
  /** What was asked then was not kept. */
  notKnown: z.number().int(),
  /** Confidential incidents that would be decided differently, and are not shown to you. */
  withheld: z.number().int(),
  /** There are more in that time than the limit. */
  more: z.boolean(),
  differences: z.array(
    z.object({
      incidentId: z.string(),
      at: z.string(),
      kind: z.string().nullable(),
      ruleSetVersion: z.number().int(),
      was: outcomeOfRules,
      would: outcomeOfRules,
    }),
  ),
});
type Past = z.input<typeof pastSchema>;

const faultSchema = z.object({
  ruleId: z.string().nullable(),
  path: z.string(),
  code: z.string(),
  message: z.string(),
});

/** POST /v1/rules/evaluate. */
export function evaluateRoute(deps: EvaluateRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/rules/evaluate',
    audited: { instead: 'it changes nothing' },
    summary: 'What would happen, or would have happened, by the active rules, a version or a draft; nobody is rung',
    roles: ['admin', 'supervisor', 'auditor'],
    input: { body: question },
    bodyLimit: rulesBodyLimit,
    response: {
      200: z.object({
        decision: decisionSchema.optional(),
        past: pastSchema.optional(),
        faults: z.array(faultSchema),
        total: z.number().int(),
      }),
    },
    handler: async ({ body: { facts, past, draft, version }, principal }) => {
      const { faults, total } = draft ? await checked(deps, draft) : { faults: [], total: 0 };
      const ruleSet = draft
        ? { ...draft, version: 0 }
        : version === undefined
          ? deps.current()
          : await versionOf(deps.postgres, version);
      return {
        status: 200,
        body: {
          ...(facts && { decision: decideMadeUp(deps, ruleSet, facts) }),
          ...(past && { past: await comparePast(deps, ruleSet, past, principal) }),
          faults: [...faults],
          total,
        },
      };
    },
  });
}

function decideMadeUp(
  { clock, complete }: EvaluateRouteDeps,
  ruleSet: RuleSet,
  { at, ...known }: KnownFacts & { at?: string | undefined },
): Decision {
  return evaluateAndExplain(ruleSet, complete(known, at === undefined ? clock.now() : Date.parse(at)));
}

function checked(deps: EvaluateRouteDeps, draft: z.output<typeof ruleSetContent>) {
  const { agencies, districts, recipients } = deps;
  return inSlices(validating(draft, { agencies: agencies(), districts: districts(), recipients: recipients() }));
}

async function comparePast(
  { postgres }: EvaluateRouteDeps,
  ruleSet: RuleSet,
  period: { from: string; to: string; limit: number },
  principal: Principal,
): Promise<Past> {
  const rows = await readPast(postgres, { ...period, limit: period.limit + 1 });
  return {
    ...(await inSlices(comparing(ruleSet, rows.slice(0, period.limit), principal))),
    more: rows.length > period.limit,
  };
}

function* comparing(ruleSet: RuleSet, rows: readonly PastRow[], who: Principal): Generator<void, Omit<Past, 'more'>> {
  const past = { decisions: rows.length, same: 0, different: 0, notKnown: 0, withheld: 0 };
  const differences: Past['differences'] = [];
  for (const { incidentId, at, kind, operatorIds, ...row } of rows) {
    const again = decideAgain(ruleSet, row);
    if (again.outcome === 'same') past.same += 1;
    else if (again.outcome === 'not-known') past.notKnown += 1;
    else {
      past.different += 1;
      const { ruleSetVersion, actions, tell } = row;
      const shown = { incidentId, at, kind, ruleSetVersion, was: { actions, tell }, would: again.would };
      if (mayKnow(who, { kind, operatorIds })) differences.push(shown);
      else past.withheld += 1;
    }
    yield;
  }
  return { ...past, differences };
}
