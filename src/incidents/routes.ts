import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { liveCallOf, tellCall } from '../calls/command.ts';
import type { Call } from '../calls/call.ts';
import { callsOf, factsOfCall } from '../calls/call-facts.ts';
import type { CallRunner } from '../calls/runner.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { roles, writers, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { etag, requireIfMatch } from '../platform/etag.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery, timePosition } from '../platform/paging.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import { notFound, type Problem } from '../platform/problem.ts';
import { defineRoute, type AuthenticatedContext, type Route } from '../platform/route.ts';
import { isoTime, slug } from '../platform/text.ts';
import type { CallFacts } from '../routing/facts.ts';
import type { Decision } from '../routing/rule.ts';
import { changeIncident, type Incident, type IncidentChange } from './incident.ts';
import { circleOfCall, confidential, mayKnow } from './need-to-know.ts';
import { noteReading } from './read-audit.ts';
import * as store from './store.ts';
import { decisionView, incidentPatch, incidentView, timelineView, type IncidentView } from './view.ts';

export interface IncidentRouteDeps {
  postgres: Postgres;
  audit: RecordAudit;
  clock: Clock;
  calls: CallRunner;
  /** What the active rules want for the incident as it is after a change; null while it has no kind. */
  planByRules: (
    incident: Incident,
    known: CallFacts,
    at: number,
  ) => { decision: Decision; dispatches: Dispatch[] } | null;
  /** Hears, in the same transaction, of a change to an incident whose calls are over. */
  changedLater?: (sql: Sql, incidentId: string) => Promise<void>;
}

const params = z.object({ incidentId: z.uuid() });

/** /v1/incidents. A live call's incident is changed by its owner; any other in PostgreSQL. */
export function incidentRoutes(deps: IncidentRouteDeps): Route[] {
  return [
    listRoute(deps),
    getRoute(deps),
    patchRoute(deps),
    noteRoute(deps),
    timelineRoute(deps),
    decisionsRoute(deps),
  ];
}

function foundLive(call: Call): store.FoundIncident {
  return { view: store.viewOf(call.incident, callsOf(call)), circle: circleOfCall(call) };
}

function unknown(incidentId: string): Problem {
  return notFound('incidents.unknown', `There is no incident ${incidentId}.`);
}

/** The incident, for somebody who may read it; that he read a confidential one is noted. */
async function read(
  deps: IncidentRouteDeps,
  incidentId: string,
  { principal, logger }: AuthenticatedContext,
): Promise<IncidentView> {
  const call = liveCallOf(deps.calls, incidentId);
  const found = call ? foundLive(call) : await store.readIncident(deps.postgres, incidentId);
  if (!found) throw unknown(incidentId);
  if (!mayKnow(principal, found.circle)) throw confidential();
  const { kind } = found.view;
  const subject = `incident/${incidentId}`;
  await noteReading(deps.postgres, deps.audit, { principal, logger, subject, kind, live: call !== undefined });
  return found.view;
}

function listRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/incidents',
    summary: 'Incidents, newest first',
    roles,
    input: {
      query: pageQuery.extend({
        status: z.enum(['open', 'closed']).optional(),
        kind: slug.optional(),
        number: z
          .string()
          .regex(/^\d{6}$/, 'six digits')
          .optional(),
      }),
    },
    response: { 200: pageOf(incidentView) },
    handler: async ({ query, principal }) => {
      const after = query.cursor === undefined ? null : decodeCursor(timePosition, query.cursor);
      const rows = await store.listIncidents(deps.postgres, { ...query, after });
      const last = rows.length === query.limit ? rows.at(-1)?.view : undefined;
      const items = rows
        .map((row) => {
          const call = liveCallOf(deps.calls, row.view.id);
          return call ? foundLive(call) : row;
        })
        .filter((row) => mayKnow(principal, row.circle))
        .map((row) => row.view);
      return { status: 200, body: { items, next: last ? encodeCursor([last.openedAt, last.id]) : null } };
    },
  });
}

function getRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/incidents/:incidentId',
    summary: 'One incident; its ETag is what If-Match wants',
    roles,
    input: { params },
    response: { 200: incidentView },
    handler: async ({ params: { incidentId }, ...context }) => {
      const view = await read(deps, incidentId, context);
      return { status: 200, body: view, headers: { ETag: etag(view.version) } };
    },
  });
}

function patchRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'PATCH',
    path: '/v1/incidents/:incidentId',
    audited: { instead: "the incident's timeline says who did it" },
    summary: 'Classify an incident or close it (If-Match). A new kind makes the dispatches that the rules want',
    roles: writers,
    input: { params, body: incidentPatch },
    response: { 200: incidentView.extend({ dispatchIds: z.array(z.string()) }) },
    handler: async ({ params: { incidentId }, body, principal, ifMatch }) => {
      const ifVersion = (version: number): void => requireIfMatch(ifMatch, version);
      const result = await change(deps, incidentId, { wanted: definedOnly(body), principal, ifVersion });
      return {
        status: 200,
        body: { ...result.view, dispatchIds: result.dispatchIds },
        headers: { ETag: etag(result.view.version) },
      };
    },
  });
}

function noteRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/incidents/:incidentId/notes',
    audited: { instead: "the incident's timeline says who did it" },
    summary: 'Add a note to an incident',
    roles: writers,
    input: { params, body: z.strictObject({ text: z.string().trim().min(1).max(4_000) }) },
    response: { 201: incidentView },
    handler: async ({ params: { incidentId }, body, principal }) => {
      const { view } = await change(deps, incidentId, { wanted: { note: body.text }, principal });
      return { status: 201, body: view, headers: { ETag: etag(view.version) } };
    },
  });
}

/** What a person wants changed. */
export interface Edit {
  readonly wanted: IncidentChange;
  readonly principal: Principal;
  /** Throws unless the edit is based on this version; called where nobody can change the incident any more. */
  readonly ifVersion?: (version: number) => void;
}

/** Changes an incident, with its call under way or in PostgreSQL. @throws Problem when it may not, or cannot. */
export async function change(
  deps: IncidentRouteDeps,
  incidentId: string,
  edit: Edit,
): Promise<{ view: IncidentView; dispatchIds: string[] }> {
  const { wanted, principal, ifVersion } = edit;
  const at = deps.clock.now();
  const by = principal.operatorId ?? principal.tokenId;
  const call = liveCallOf(deps.calls, incidentId);
  if (call === undefined) return { view: await changeStored(deps, incidentId, edit, by, at), dispatchIds: [] };
  // From here to the telling nothing is awaited: what was checked is what is changed.
  if (!mayKnow(principal, circleOfCall(call))) throw confidential();
  ifVersion?.(call.incident.version);
  const after = changeIncident(call.incident, wanted, by, at);
  const reclassified = after.changed.includes('kind') || after.changed.includes('severity');
  const plan = reclassified && call.endedAt === null ? deps.planByRules(after.incident, factsOfCall(call), at) : null;
  const dispatches = plan?.dispatches ?? [];
  await tellCall(deps.calls, call.id, {
    type: 'incident-changed',
    at,
    change: wanted,
    by,
    dispatches,
    ...(plan === null ? {} : { decision: plan.decision }),
  });
  const now = deps.calls.get(call.id) ?? call;
  const made = dispatches.map((one) => one.id).filter((id) => now.dispatches.some((one) => one.id === id));
  return { view: store.viewOf(now.incident, callsOf(call)), dispatchIds: made };
}

async function changeStored(
  deps: IncidentRouteDeps,
  incidentId: string,
  { wanted, principal, ifVersion }: Edit,
  by: string,
  at: number,
): Promise<IncidentView> {
  return deps.postgres.transaction(async (sql) => {
    const found = await store.readIncident(sql, incidentId, true);
    if (!found) throw unknown(incidentId);
    if (!mayKnow(principal, found.circle)) throw confidential();
    const before = found.view;
    // The row is locked: whoever edits at the same moment sees the version that this edit leaves.
    ifVersion?.(before.version);
    const { note, ...fields } = wanted;
    const notes = note === undefined ? before.notes : [...before.notes, { at: isoTime(at), by, text: note }];
    const after = { ...before, ...fields, notes, version: before.version + 1 };
    await store.saveIncident(sql, after);
    await store.addToTimeline(sql, {
      incidentId,
      callId: before.callIds[0] ?? null,
      at,
      type: 'incident.changed',
      detail: { by, changed: Object.keys(wanted).join(','), kind: after.kind, disposition: after.disposition },
      version: after.version,
    });
    await deps.changedLater?.(sql, incidentId);
    return after;
  });
}

function timelineRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/incidents/:incidentId/timeline',
    summary: 'What happened, in order, as far as PostgreSQL has it',
    roles,
    input: { params },
    response: { 200: pageOf(timelineView) },
    handler: async ({ params: { incidentId }, ...context }) => {
      await read(deps, incidentId, context);
      const items = await store.readTimeline(deps.postgres, 'incident_id', incidentId);
      return { status: 200, body: { items, next: null } };
    },
  });
}

function decisionsRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/incidents/:incidentId/decisions',
    summary: 'What the rules decided, with the version and why each rule did or did not match',
    roles,
    input: { params },
    response: { 200: pageOf(decisionView) },
    handler: async ({ params: { incidentId }, ...context }) => {
      await read(deps, incidentId, context);
      return { status: 200, body: { items: await store.readDecisions(deps.postgres, incidentId), next: null } };
    },
  });
}

function definedOnly(body: z.output<typeof incidentPatch>): IncidentChange {
  const wanted: IncidentChange = {};
  if (body.kind !== undefined) wanted.kind = body.kind;
  if (body.severity !== undefined) wanted.severity = body.severity;
  if (body.district !== undefined) wanted.district = body.district;
  if (body.disposition !== undefined) wanted.disposition = body.disposition;
  if (body.status !== undefined) wanted.status = body.status;
  return wanted;
}
