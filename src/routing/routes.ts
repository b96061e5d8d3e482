import { z } from 'zod';
import type { AgencyDirectory } from '../agencies/agency.ts';
import type { RecordAudit } from '../audit/audit.ts';
import { roles, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { etag, requireIfMatch } from '../platform/etag.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery } from '../platform/paging.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import { notFound, unprocessable } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { evaluate } from './evaluate.ts';
import { localTime } from './local-time.ts';
import {
  decisionSchema,
  factsSchema,
  kinds,
  ruleSetContent,
  ruleSetSchema,
  type RuleSet,
  type RuleSetContent,
} from './rule.ts';
import { activate, insertVersion, listVersions, readActive, readVersion, versionRow } from './store.ts';
import { validate } from './validate.ts';

interface RuleRouteDeps {
  readonly postgres: Postgres;
  readonly audit: RecordAudit;
  readonly clock: Clock;
  readonly current: () => RuleSet;
  readonly reload: () => Promise<void>;
  readonly agencies: () => AgencyDirectory;
  /** Locks agencies and rules against other changes and answers the agencies as they are stored. */
  readonly lockAndReadAgencies: (sql: Sql) => Promise<AgencyDirectory>;
  readonly districts: () => readonly string[];
  readonly timeZone: () => string;
}

const versionParams = z.object({ version: z.coerce.number().int().min(1).max(2_147_483_647) });
const faultSchema = z.object({
  ruleId: z.string().nullable(),
  path: z.string(),
  code: z.string(),
  message: z.string(),
});

/** /v1/rules and /v1/kinds. */
export function ruleRoutes(deps: RuleRouteDeps): Route[] {
  return [
    kindsRoute(),
    getRoute(deps),
    putRoute(deps),
    versionsRoute(deps),
    versionRoute(deps),
    activateRoute(deps),
    evaluateRoute(deps),
  ];
}

function kindsRoute(): Route {
  const item = z.object({
    id: z.string(),
    name: z.string(),
    english: z.string(),
    group: z.enum(['incident', 'request', 'non-incident']),
    confidential: z.boolean(),
  });
  return defineRoute({
    method: 'GET',
    path: '/v1/kinds',
    summary: 'Every kind of incident, and what is none',
    roles,
    input: {},
    response: { 200: z.object({ items: z.array(item), next: z.null() }) },
    handler: () => ({ status: 200, body: { items: [...kinds], next: null } }),
  });
}

function getRoute({ current }: RuleRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/rules',
    summary: 'The active rule set; its ETag is what If-Match wants',
    roles,
    input: {},
    response: { 200: ruleSetSchema },
    handler: () => ({ status: 200, body: current(), headers: { ETag: etag(current().version) } }),
  });
}

function putRoute(deps: RuleRouteDeps): Route {
  return defineRoute({
    method: 'PUT',
    path: '/v1/rules',
    audited: ['rules.put'],
    summary: 'Store a new version and make it the active one (If-Match)',
    roles: ['admin'],
    input: { body: ruleSetContent },
    response: { 200: ruleSetSchema },
    handler: async ({ body, principal, ifMatch }) => {
      const stored = await change(deps, principal, ifMatch, async (sql) => ({
        content: body,
        version: await insertVersion(sql, body, principal.tokenId),
        action: 'rules.put',
      }));
      return { status: 200, body: stored, headers: { ETag: etag(stored.version) } };
    },
  });
}

function activateRoute(deps: RuleRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/rules/versions/:version/activate',
    audited: ['rules.activate'],
    summary: 'Make an older version the active one again (If-Match with the active version)',
    roles: ['admin'],
    input: { params: versionParams },
    response: { 200: ruleSetSchema },
    handler: async ({ params: { version }, principal, ifMatch }) => {
      const stored = await change(deps, principal, ifMatch, async (sql) => {
        const found = await readVersion(sql, version);
        if (!found) throw notFound('rules.unknown-version', `There is no version ${version}.`);
        const content = { default: found.default, rules: found.rules };
        return { content, version, action: 'rules.activate' };
      });
      return { status: 200, body: stored, headers: { ETag: etag(stored.version) } };
    },
  });
}

/** One change of the active rule set, checked against what is stored at that moment. */
async function change(
  deps: RuleRouteDeps,
  principal: Principal,
  ifMatch: string | undefined,
  prepare: (sql: Sql) => Promise<{ content: RuleSetContent; version: number; action: string }>,
): Promise<RuleSet> {
  const stored = await deps.postgres.transaction(async (sql) => {
    const agencies = await deps.lockAndReadAgencies(sql);
    const active = (await readActive(sql))?.version ?? 0;
    requireIfMatch(ifMatch, active);
    const { content, version, action } = await prepare(sql);
    const faults = validate(content, { agencies, districts: deps.districts() });
    if (faults.length > 0) {
      throw unprocessable('rules.invalid', `The rule set has ${faults.length} faults.`, { faults });
    }
    await activate(sql, version, principal.tokenId);
    const detail = { from: active, to: version };
    await deps.audit(sql, { principal, action, subject: `rules/${version}`, detail });
    return { ...content, version };
  });
  await deps.reload();
  return stored;
}

function versionsRoute({ postgres }: RuleRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/rules/versions',
    summary: 'Every version, newest first',
    roles,
    input: { query: pageQuery },
    response: { 200: pageOf(versionRow) },
    handler: async ({ query }) => {
      const position = z.tuple([z.number().int().min(0).max(2_147_483_647)]);
      const before = query.cursor === undefined ? undefined : decodeCursor(position, query.cursor)[0];
      const found = await listVersions(postgres, query.limit + 1, before);
      const items = found.slice(0, query.limit);
      const last = items.at(-1);
      const next = found.length > query.limit && last ? encodeCursor([last.version]) : null;
      return { status: 200, body: { items, next } };
    },
  });
}

function versionRoute({ postgres }: RuleRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/rules/versions/:version',
    summary: 'One version, active or not',
    roles,
    input: { params: versionParams },
    response: { 200: ruleSetSchema },
    handler: async ({ params: { version } }) => {
      const found = await readVersion(postgres, version);
      if (!found) throw notFound('rules.unknown-version', `There is no version ${version}.`);
      return { status: 200, body: found };
    },
  });
}

function evaluateRoute(deps: RuleRouteDeps): Route {
  const question = factsSchema
    .omit({ weekday: true, time: true })
    .extend({ at: z.iso.datetime({ offset: true }).optional() });
  return defineRoute({
    method: 'POST',
    path: '/v1/rules/evaluate',
    audited: { instead: 'it changes nothing' },
    summary: 'What would happen, by the active rules or by a draft; nothing is stored and nobody is rung',
    roles: ['admin', 'supervisor', 'auditor'],
    input: { body: z.strictObject({ facts: question, draft: ruleSetContent.optional() }) },
    response: { 200: z.object({ decision: decisionSchema, faults: z.array(faultSchema) }) },
    handler: ({ body: { facts, draft } }) => {
      const { at, ...asked } = facts;
      const when = localTime(at === undefined ? deps.clock.now() : Date.parse(at), deps.timeZone());
      const ruleSet = draft ? { ...draft, version: 0 } : deps.current();
      const faults = draft ? validate(draft, { agencies: deps.agencies(), districts: deps.districts() }) : [];
      return { status: 200, body: { decision: evaluate(ruleSet, { ...asked, ...when }), faults } };
    },
  });
}
