import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { roles } from '../platform/auth.ts';
import { etag, nextVersion, requireIfMatch } from '../platform/etag.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import { conflict, notFound, unprocessable } from '../platform/problem.ts';
import { defineRoute, noContent, type Route } from '../platform/route.ts';
import { isoTime, slug } from '../platform/text.ts';
import {
  agencyBody,
  agencySchema,
  trunkHealthSchema,
  trunkSchema,
  type Agency,
  type AgencyBody,
  type AgencyDirectory,
  type TrunkState,
} from './agency.ts';
import { deleteAgency, lockConfiguration, lockVersion, readAgencies, saveAgency } from './store.ts';

const what = { room: 'agencies', noun: 'agency' };

interface AgencyRouteDeps {
  readonly postgres: Postgres;
  readonly audit: RecordAudit;
  readonly current: () => AgencyDirectory;
  readonly stateOf: (trunkId: string) => TrunkState;
  readonly reload: () => Promise<void>;
  /** Names what still needs the agency, such as rules of the active set. */
  readonly neededBy: (sql: Sql, agencyId: string) => Promise<string[]>;
  /** Names what needs a trunk that is taken away, or the last one. */
  readonly trunksNeededBy: (
    sql: Sql,
    agencyId: string,
    change: { removed: string[]; left: number },
  ) => Promise<string[]>;
  /** What the agency names that does not exist. */
  readonly faultsOf: (
    agencyId: string,
    body: AgencyBody,
    agencies: readonly Agency[],
  ) => { path: string; message: string }[];
}

const params = z.object({ agencyId: slug });

/** /v1/agencies and /v1/trunks. */
export function agencyRoutes(deps: AgencyRouteDeps): Route[] {
  return [listRoute(deps), getRoute(deps), putRoute(deps), deleteRoute(deps), trunksRoute(deps)];
}

function listRoute({ current }: AgencyRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/agencies',
    summary: 'Every agency with its trunks',
    roles,
    input: {},
    response: { 200: z.object({ items: z.array(agencySchema), next: z.null() }) },
    handler: () => ({ status: 200, body: { items: [...current().agencies], next: null } }),
  });
}

function getRoute({ current }: AgencyRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/agencies/:agencyId',
    summary: 'One agency; its ETag is what If-Match wants',
    roles,
    input: { params },
    response: { 200: agencySchema },
    handler: ({ params: { agencyId } }) => {
      const agency = current().find(agencyId);
      if (!agency) throw notFound('agencies.unknown', `There is no agency ${agencyId}.`);
      return { status: 200, body: agency, headers: { ETag: etag(agency.version) } };
    },
  });
}

function putRoute(deps: AgencyRouteDeps): Route {
  const { postgres, audit, reload } = deps;
  return defineRoute({
    method: 'PUT',
    path: '/v1/agencies/:agencyId',
    audited: ['agencies.put'],
    summary: 'Create an agency (If-None-Match: *) or replace it (If-Match)',
    roles: ['admin'],
    input: { params, body: agencyBody },
    response: { 200: agencySchema, 201: agencySchema },
    handler: async ({ params: { agencyId }, body, principal, ifMatch, ifNoneMatch }) => {
      const agency = await postgres.transaction(async (sql) => {
        await lockConfiguration(sql);
        const version = nextVersion(await lockVersion(sql, agencyId), { ifMatch, ifNoneMatch }, what);
        await mustFit(deps, sql, agencyId, body);
        const saved = await store(sql, agencyId, body, version);
        const detail = { version, trunks: body.trunks.map((trunk) => trunk.id) };
        await audit(sql, { principal, action: 'agencies.put', subject: `agency/${agencyId}`, detail });
        return saved;
      });
      await reload();
      const headers = { ETag: etag(agency.version) };
      return agency.version === 1 ? { status: 201, body: agency, headers } : { status: 200, body: agency, headers };
    },
  });
}

/** Throws where the agency names what does not exist, or loses a trunk that the active rules need. */
async function mustFit(deps: AgencyRouteDeps, sql: Sql, agencyId: string, body: AgencyBody): Promise<void> {
  const agencies = await readAgencies(sql);
  const faults = deps.faultsOf(agencyId, body, agencies);
  if (faults.length > 0) {
    throw unprocessable('agencies.invalid', `The agency has ${faults.length} faults.`, { faults });
  }
  const before = agencies.find(({ id }) => id === agencyId)?.trunks ?? [];
  const removed = before.map(({ id }) => id).filter((id) => body.trunks.every((trunk) => trunk.id !== id));
  if (removed.length === 0) return;
  const needs = await deps.trunksNeededBy(sql, agencyId, { removed, left: body.trunks.length });
  if (needs.length === 0) return;
  throw conflict('agencies.in-use', `These need a trunk that this takes away: ${needs.join(', ')}.`, {
    neededBy: needs,
  });
}

async function store(sql: Sql, id: string, body: AgencyBody, version: number): Promise<Agency> {
  const result = await saveAgency(sql, id, body, version);
  if (result.saved) return { id, ...body, version };
  if (result.why === 'trunk-taken') {
    throw conflict('agencies.trunk-taken', 'A trunk with one of these ids belongs to another agency.');
  }
  throw conflict('agencies.exists', 'There is an agency with this id already.');
}

function deleteRoute({ postgres, audit, reload, neededBy }: AgencyRouteDeps): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/v1/agencies/:agencyId',
    audited: ['agencies.delete'],
    summary: 'Delete an agency that no active rule and no other agency names',
    roles: ['admin'],
    input: { params },
    response: { 204: noContent },
    handler: async ({ params: { agencyId }, principal, ifMatch }) => {
      await postgres.transaction(async (sql) => {
        await lockConfiguration(sql);
        const version = await lockVersion(sql, agencyId);
        if (version === undefined) throw notFound('agencies.unknown', `There is no agency ${agencyId}.`);
        if (ifMatch !== undefined) requireIfMatch(ifMatch, version);
        const asked = (await readAgencies(sql)).filter(({ alternates }) => alternates.includes(agencyId));
        const needs = [...asked.map(({ id }) => `agency/${id}`), ...(await neededBy(sql, agencyId))];
        if (needs.length > 0) {
          throw conflict('agencies.in-use', `These still name it: ${needs.join(', ')}.`, { neededBy: needs });
        }
        await deleteAgency(sql, agencyId);
        await audit(sql, { principal, action: 'agencies.delete', subject: `agency/${agencyId}`, detail: { version } });
      });
      await reload();
      return { status: 204, body: undefined };
    },
  });
}

function trunksRoute({ current, stateOf }: AgencyRouteDeps): Route {
  const place = {
    agencyId: slug,
    position: z.number().int(),
    health: trunkHealthSchema,
    /** Since when it does so; null: always, as far as is known. */
    since: z.string().nullable(),
    why: z.string(),
    /** It cannot be rung at all as things are, and is left out. */
    unusable: z.boolean(),
  };
  const item = z.union(trunkSchema.options.map((way) => way.extend(place)));
  return defineRoute({
    method: 'GET',
    path: '/v1/trunks',
    summary: 'Every trunk, the agency it leads to, and how it does',
    roles,
    input: {},
    response: { 200: z.object({ items: z.array(item), next: z.null() }) },
    handler: () => {
      const items = current().agencies.flatMap((agency) =>
        agency.trunks.map((trunk, position) => {
          const { since, ...state } = stateOf(trunk.id);
          return { ...trunk, ...state, agencyId: agency.id, position, since: since === null ? null : isoTime(since) };
        }),
      );
      return { status: 200, body: { items, next: null } };
    },
  });
}
