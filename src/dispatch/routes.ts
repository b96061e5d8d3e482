import { z } from 'zod';
import { liveCallOf, tellCall } from '../calls/command.ts';
import type { CallRunner } from '../calls/runner.ts';
import { roles } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery } from '../platform/paging.ts';
import type { Postgres } from '../platform/postgres.ts';
import { conflict, notFound, unprocessable } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { slug } from '../platform/text.ts';
import type { Dispatch } from './dispatch.ts';
import * as store from './store.ts';
import { dispatchView } from './store.ts';

export interface DispatchRouteDeps {
  postgres: Postgres;
  clock: Clock;
  calls: CallRunner;
  /** A dispatch that a person asks for; undefined when there is no such agency. */
  planByPerson: (agencyId: string, mode: 'bridge' | 'transfer', tokenId: string, at: number) => Dispatch | undefined;
  incidentExists: (incidentId: string) => Promise<boolean>;
}

const params = z.object({ incidentId: z.uuid() });
const dispatchParams = z.object({ dispatchId: z.uuid() });
const position = z.tuple([z.string(), z.string()]);
const writers = ['operator', 'supervisor', 'admin'] as const;

/** /v1/dispatches, and how one is asked for by name. A live call's dispatches are changed by its owner. */
export function dispatchRoutes(deps: DispatchRouteDeps): Route[] {
  return [dispatchRoute(deps), listDispatchesRoute(deps), getDispatchRoute(deps), cancelRoute(deps)];
}

function dispatchRoute(deps: DispatchRouteDeps): Route {
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
      const call = liveCallOf(deps.calls, incidentId);
      if (call === undefined || call.endedAt !== null) {
        if (call === undefined && !(await deps.incidentExists(incidentId))) {
          throw notFound('incidents.unknown', `There is no incident ${incidentId}.`);
        }
        throw conflict('calls.ended', 'The call of this incident has ended: there is nobody to connect the agency to.');
      }
      const at = deps.clock.now();
      const dispatch = deps.planByPerson(body.agencyId, body.mode, principal.tokenId, at);
      if (dispatch === undefined) {
        throw unprocessable('agencies.unknown', `There is no agency ${body.agencyId}.`);
      }
      await tellCall(deps.calls, call.id, { type: 'dispatch-requested', at, dispatch });
      const made = deps.calls.get(call.id)?.dispatches.find((one) => one.id === dispatch.id);
      if (made === undefined) {
        throw conflict('dispatches.engaged', `${body.agencyId} is engaged for this incident already.`);
      }
      return { status: 202, body: store.dispatchViewOf(made, incidentId, call.id) };
    },
  });
}

function listDispatchesRoute(deps: DispatchRouteDeps): Route {
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

function liveDispatch(deps: DispatchRouteDeps, dispatchId: string) {
  for (const call of deps.calls.all()) {
    const dispatch = call.dispatches.find((one) => one.id === dispatchId);
    if (dispatch) return { call, dispatch, view: store.dispatchViewOf(dispatch, call.incident.id, call.id) };
  }
  return undefined;
}

function getDispatchRoute(deps: DispatchRouteDeps): Route {
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

function cancelRoute(deps: DispatchRouteDeps): Route {
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
      await tellCall(deps.calls, live.call.id, { type: 'dispatch-cancelled', at: deps.clock.now(), dispatchId, by });
      return { status: 202, body: liveDispatch(deps, dispatchId)?.view ?? live.view };
    },
  });
}
