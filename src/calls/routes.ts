import { z } from 'zod';
import { isConfidential, timelineView } from '../incidents/view.ts';
import { roles, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery } from '../platform/paging.ts';
import type { Postgres } from '../platform/postgres.ts';
import { conflict, notFound, unavailable } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import type { CallRunner } from './runner.ts';
import { callView, listCalls, readCall, viewOfCall, type CallView } from './store.ts';

export interface CallRouteDeps {
  postgres: Postgres;
  clock: Clock;
  runner: CallRunner;
  readTimeline: (callId: string) => Promise<z.output<typeof timelineView>[]>;
  /** The kind of the incident a call belongs to, for who may see it. */
  kindOf: (incidentId: string) => Promise<string | null>;
}

const params = z.object({ callId: z.uuid() });
const position = z.tuple([z.string(), z.string()]);

/** /v1/calls: a live call from the memory of its owner, any other from PostgreSQL. */
export function callRoutes(deps: CallRouteDeps): Route[] {
  return [listRoute(deps), getRoute(deps), timelineRoute(deps), endRoute(deps)];
}

async function find({ runner, postgres }: CallRouteDeps, callId: string): Promise<CallView> {
  const live = runner.get(callId);
  const view = live === undefined ? await readCall(postgres, callId) : viewOfCall(live);
  if (view === undefined) throw notFound('calls.unknown', `There is no call ${callId}.`);
  return view;
}

/** Auditors see that there was a call, and not who called, where the incident is confidential. */
async function shownTo(deps: CallRouteDeps, principal: Principal, view: CallView): Promise<CallView> {
  if (principal.role !== 'auditor') return view;
  if (!isConfidential(await deps.kindOf(view.incidentId))) return view;
  return { ...view, callerNumber: null, callerName: null, headers: {} };
}

function listRoute(deps: CallRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/calls',
    summary: 'Calls, newest first; `live=true` for those under way, without PostgreSQL',
    roles,
    input: {
      query: pageQuery.extend({ live: z.stringbool().default(false), outcome: z.string().max(20).optional() }),
    },
    response: { 200: pageOf(callView) },
    handler: async ({ query, principal }) => {
      if (query.live) {
        const live = deps.runner.all().filter((call) => call.endedAt === null);
        const items = await Promise.all(live.map((call) => shownTo(deps, principal, viewOfCall(call))));
        return { status: 200, body: { items, next: null } };
      }
      const after = query.cursor === undefined ? null : decodeCursor(position, query.cursor);
      const rows = await listCalls(deps.postgres, { ...query, after });
      const last = rows.length === query.limit ? rows.at(-1) : undefined;
      const items = await Promise.all(rows.map((row) => shownTo(deps, principal, row)));
      return { status: 200, body: { items, next: last ? encodeCursor([last.arrivedAt, last.id]) : null } };
    },
  });
}

function getRoute(deps: CallRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/calls/:callId',
    summary: 'One call',
    roles,
    input: { params },
    response: { 200: callView },
    handler: async ({ params: { callId }, principal }) => ({
      status: 200,
      body: await shownTo(deps, principal, await find(deps, callId)),
    }),
  });
}

function timelineRoute(deps: CallRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/calls/:callId/timeline',
    summary: 'What happened in a call, in order, as far as PostgreSQL has it',
    roles: ['operator', 'supervisor', 'admin'],
    input: { params },
    response: { 200: pageOf(timelineView) },
    handler: async ({ params: { callId } }) => {
      await find(deps, callId);
      return { status: 200, body: { items: await deps.readTimeline(callId), next: null } };
    },
  });
}

function endRoute(deps: CallRouteDeps): Route {
  const { runner, clock } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/end',
    summary: 'End a live call for everybody in it',
    roles: ['operator', 'supervisor', 'admin'],
    input: { params },
    response: { 202: callView },
    handler: async ({ params: { callId }, principal }) => {
      const live = runner.get(callId);
      if (live === undefined || live.endedAt !== null) {
        await find(deps, callId);
        throw conflict('calls.ended', 'This call has ended.');
      }
      const by = principal.operatorId ?? principal.tokenId;
      const told = await runner.command(callId, { type: 'call-ended-by', at: clock.now(), by });
      if (!told.durable) throw unavailable('journal.unavailable', 'It was done, but the journal could not confirm it.');
      return { status: 202, body: viewOfCall(runner.get(callId) ?? live) };
    },
  });
}
