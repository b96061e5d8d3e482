import { z } from 'zod';
import type { Call } from '../calls/call.ts';
import type { CallRunner } from '../calls/runner.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { roles, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { etag, requireIfMatch } from '../platform/etag.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery } from '../platform/paging.ts';
import type { Postgres } from '../platform/postgres.ts';
import { conflict, forbidden, notFound, unavailable, unprocessable } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { slug } from '../platform/text.ts';
import { changeIncident, type Incident, type IncidentChange } from './incident.ts';
import * as store from './store.ts';
import { dispatchView, incidentPatch, incidentView, isConfidential, timelineView, type IncidentView } from './view.ts';

export interface IncidentRouteDeps {
  postgres: Postgres;
  clock: Clock;
  calls: CallRunner;
  /** What the active rules want for the incident as it is after a change; empty for what needs no agency. */
  planByRules: (incident: Incident, at: number) => Dispatch[];
  /** A dispatch that a person asks for; undefined when there is no such agency. */
  planByPerson: (agencyId: string, mode: 'bridge' | 'transfer', tokenId: string, at: number) => Dispatch | undefined;
}

const params = z.object({ incidentId: z.uuid() });
const dispatchParams = z.object({ dispatchId: z.uuid() });
const position = z.tuple([z.string(), z.string()]);
const writers = ['operator', 'supervisor', 'admin'] as const;

/** /v1/incidents and /v1/dispatches. A live call's incident is changed by its owner; any other in PostgreSQL. */
export function incidentRoutes(deps: IncidentRouteDeps): Route[] {
  return [
    listRoute(deps),
    getRoute(deps),
    patchRoute(deps),
    noteRoute(deps),
    timelineRoute(deps),
    dispatchRoute(deps),
    listDispatchesRoute(deps),
    getDispatchRoute(deps),
    cancelRoute(deps),
  ];
}

function liveCallOf(deps: IncidentRouteDeps, incidentId: string): Call | undefined {
  return deps.calls.all().find((call) => call.incident.id === incidentId);
}

async function find(deps: IncidentRouteDeps, incidentId: string): Promise<IncidentView> {
  const call = liveCallOf(deps, incidentId);
  const view = call ? store.viewOf(call.incident, [call.id]) : await store.readIncident(deps.postgres, incidentId);
  if (!view) throw notFound('incidents.unknown', `There is no incident ${incidentId}.`);
  return view;
}

/** An auditor reads everything that was done, but not who was beaten. */
function mayRead(principal: Principal, kind: string | null): boolean {
  return !isConfidential(kind) || principal.role !== 'auditor';
}

function requireReadable(principal: Principal, view: IncidentView): void {
  if (!mayRead(principal, view.kind)) {
    throw forbidden('incidents.confidential', 'This incident is confidential: its content is not for auditors.');
  }
}

function listRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/incidents',
    summary: 'Incidents, newest first',
    roles,
    input: { query: pageQuery.extend({ status: z.enum(['open', 'closed']).optional(), kind: slug.optional() }) },
    response: { 200: pageOf(incidentView) },
    handler: async ({ query, principal }) => {
      const after = query.cursor === undefined ? null : decodeCursor(position, query.cursor);
      const rows = await store.listIncidents(deps.postgres, { ...query, after });
      const last = rows.length === query.limit ? rows.at(-1) : undefined;
      const items = rows
        .map((row) => {
          const call = liveCallOf(deps, row.id);
          return call ? store.viewOf(call.incident, [call.id]) : row;
        })
        .filter((row) => mayRead(principal, row.kind));
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
    handler: async ({ params: { incidentId }, principal }) => {
      const view = await find(deps, incidentId);
      requireReadable(principal, view);
      return { status: 200, body: view, headers: { ETag: etag(view.version) } };
    },
  });
}

function patchRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'PATCH',
    path: '/v1/incidents/:incidentId',
    summary: 'Classify an incident or close it (If-Match). A new kind makes the dispatches that the rules want',
    roles: writers,
    input: { params, body: incidentPatch },
    response: { 200: incidentView.extend({ dispatchIds: z.array(z.string()) }) },
    handler: async ({ params: { incidentId }, body, principal, ifMatch }) => {
      const current = await find(deps, incidentId);
      requireIfMatch(ifMatch, current.version);
      const result = await change(deps, incidentId, definedOnly(body), principal);
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
    summary: 'Add a note to an incident',
    roles: writers,
    input: { params, body: z.strictObject({ text: z.string().trim().min(1).max(4_000) }) },
    response: { 201: incidentView },
    handler: async ({ params: { incidentId }, body, principal }) => {
      const { view } = await change(deps, incidentId, { note: body.text }, principal);
      return { status: 201, body: view, headers: { ETag: etag(view.version) } };
    },
  });
}

async function change(
  deps: IncidentRouteDeps,
  incidentId: string,
  wanted: IncidentChange,
  principal: Principal,
): Promise<{ view: IncidentView; dispatchIds: string[] }> {
  const at = deps.clock.now();
  const by = principal.operatorId ?? principal.tokenId;
  const call = liveCallOf(deps, incidentId);
  if (call === undefined) return { view: await changeStored(deps, incidentId, wanted, by, at), dispatchIds: [] };
  const after = changeIncident(call.incident, wanted, by, at);
  const reclassified = after.changed.includes('kind') || after.changed.includes('severity');
  const dispatches = reclassified && call.endedAt === null ? deps.planByRules(after.incident, at) : [];
  await tellCall(deps, call.id, { type: 'incident-changed', at, change: wanted, by, dispatches });
  const now = deps.calls.get(call.id) ?? call;
  const made = dispatches.map((one) => one.id).filter((id) => now.dispatches.some((one) => one.id === id));
  return { view: store.viewOf(now.incident, [call.id]), dispatchIds: made };
}

/** Answers only when the decision is on the disk. */
async function tellCall(
  deps: IncidentRouteDeps,
  callId: string,
  input: Parameters<CallRunner['command']>[1],
): Promise<void> {
  const told = await deps.calls.command(callId, input);
  if (!told.known) throw conflict('calls.ended', 'The call ended a moment ago; try again.');
  if (!told.durable) {
    throw unavailable(
      'journal.unavailable',
      'It was done, but the journal could not confirm it. Look before repeating.',
    );
  }
}

async function changeStored(
  deps: IncidentRouteDeps,
  incidentId: string,
  wanted: IncidentChange,
  by: string,
  at: number,
): Promise<IncidentView> {
  return deps.postgres.transaction(async (sql) => {
    const before = await store.readIncident(sql, incidentId, true);
    if (!before) throw notFound('incidents.unknown', `There is no incident ${incidentId}.`);
    const { note, ...fields } = wanted;
    const notes =
      note === undefined ? before.notes : [...before.notes, { at: new Date(at).toISOString(), by, text: note }];
    const after = { ...before, ...fields, notes, version: before.version + 1 };
    await store.saveIncident(sql, after);
    const callId = before.callIds[0];
    if (callId !== undefined) {
      const detail = { by, changed: Object.keys(wanted).join(','), kind: after.kind, disposition: after.disposition };
      await store.addToTimeline(sql, {
        incidentId,
        callId,
        at,
        type: 'incident.changed',
        detail,
        version: after.version,
      });
    }
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
    handler: async ({ params: { incidentId }, principal }) => {
      requireReadable(principal, await find(deps, incidentId));
      const items = await store.readTimeline(deps.postgres, 'incident_id', incidentId);
      return { status: 200, body: { items, next: null } };
    },
  });
}

function dispatchRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/incidents/:incidentId/dispatches',
    summary: "Ring an agency and bring it into the incident's call",
    roles: writers,
    input: {
      params,
      body: z.strictObject({ agencyId: slug, mode: z.enum(['bridge', 'transfer']).default('bridge') }),
    },
    response: { 202: dispatchView },
    idempotency: 'postgres',
    handler: async ({ params: { incidentId }, body, principal }) => {
      const call = liveCallOf(deps, incidentId);
      if (call === undefined || call.endedAt !== null) {
        await find(deps, incidentId);
        throw conflict('calls.ended', 'The call of this incident has ended: there is nobody to connect the agency to.');
      }
      const at = deps.clock.now();
      const dispatch = deps.planByPerson(body.agencyId, body.mode, principal.tokenId, at);
      if (dispatch === undefined) {
        throw unprocessable('agencies.unknown', `There is no agency ${body.agencyId}.`);
      }
      await tellCall(deps, call.id, { type: 'dispatch-requested', at, dispatch });
      const made = deps.calls.get(call.id)?.dispatches.find((one) => one.id === dispatch.id);
      if (made === undefined) {
        throw conflict('dispatches.engaged', `${body.agencyId} is engaged for this incident already.`);
      }
      return { status: 202, body: store.dispatchViewOf(made, incidentId, call.id) };
    },
  });
}

function listDispatchesRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/dispatches',
    summary: 'Dispatches, newest first',
    roles,
    input: { query: pageQuery.extend({ incidentId: z.uuid().optional() }) },
    response: { 200: pageOf(dispatchView) },
    handler: async ({ query }) => {
      const after = query.cursor === undefined ? null : decodeCursor(position, query.cursor);
      const rows = await store.listDispatches(deps.postgres, { ...query, after });
      const last = rows.length === query.limit ? rows.at(-1) : undefined;
      const items = rows.map((row) => liveDispatch(deps, row.id)?.view ?? row);
      return { status: 200, body: { items, next: last ? encodeCursor([last.requestedAt, last.id]) : null } };
    },
  });
}

function liveDispatch(deps: IncidentRouteDeps, dispatchId: string) {
  for (const call of deps.calls.all()) {
    const dispatch = call.dispatches.find((one) => one.id === dispatchId);
    if (dispatch) return { call, dispatch, view: store.dispatchViewOf(dispatch, call.incident.id, call.id) };
  }
  return undefined;
}

function getDispatchRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/dispatches/:dispatchId',
    summary: 'One dispatch with its attempts',
    roles,
    input: { params: dispatchParams },
    response: { 200: dispatchView },
    handler: async ({ params: { dispatchId } }) => {
      const view = liveDispatch(deps, dispatchId)?.view ?? (await store.readDispatch(deps.postgres, dispatchId));
      if (!view) throw notFound('dispatches.unknown', `There is no dispatch ${dispatchId}.`);
      return { status: 200, body: view };
    },
  });
}

function cancelRoute(deps: IncidentRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/dispatches/:dispatchId/cancel',
    summary: 'Call an agency off, or take it out of the call',
    roles: writers,
    input: { params: dispatchParams },
    response: { 202: dispatchView },
    handler: async ({ params: { dispatchId }, principal }) => {
      const live = liveDispatch(deps, dispatchId);
      if (!live) {
        const stored = await store.readDispatch(deps.postgres, dispatchId);
        if (!stored) throw notFound('dispatches.unknown', `There is no dispatch ${dispatchId}.`);
        throw conflict('dispatches.ended', 'This dispatch is over.');
      }
      const by = principal.operatorId ?? principal.tokenId;
      await tellCall(deps, live.call.id, { type: 'dispatch-cancelled', at: deps.clock.now(), dispatchId, by });
      return { status: 202, body: liveDispatch(deps, dispatchId)?.view ?? live.view };
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
