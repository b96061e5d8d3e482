import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { liveCallOf } from '../calls/command.ts';
import type { Call } from '../calls/call.ts';
import { callsOf } from '../calls/call-facts.ts';
import { roles, writers } from '../platform/auth.ts';
import { etag, requireIfMatch } from '../platform/etag.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery, timePosition } from '../platform/paging.ts';
import { defineRoute, type AuthenticatedContext, type Route } from '../platform/route.ts';
import { slug } from '../platform/text.ts';
import { change, unknown, type ChangeDeps } from './change.ts';
import type { IncidentChange } from './incident.ts';
import { circleOfCall, confidential, mayKnow } from './need-to-know.ts';
import { noteReading } from './read-audit.ts';
import * as store from './store.ts';
import { decisionView, incidentPatch, incidentView, timelineView, type IncidentView } from './view.ts';

export interface IncidentRouteDeps extends ChangeDeps {
  audit: RecordAudit;
  /** Why each rule did or did not match, of each of these decisions. */
  explainStored: (
    decisions: readonly Pick<z.output<typeof decisionView>, 'ruleSetVersion' | 'facts' | 'trace'>[],
  ) => Promise<z.output<typeof decisionView>['trace'][]>;
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
    summary:
      'Classify an incident or close it (If-Match). A new kind makes the dispatches that the rules want, also after the call',
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
      const decisions = await store.readDecisions(deps.postgres, incidentId);
      const traces = await deps.explainStored(decisions);
      const items = decisions.map((decision, at) => ({ ...decision, trace: traces[at] ?? decision.trace }));
      return { status: 200, body: { items, next: null } };
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
