import { z } from 'zod';
import { confidential, mayKnow, type Circle } from '../incidents/need-to-know.ts';
import { roles, writers, type Principal } from '../platform/auth.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery, timePosition } from '../platform/paging.ts';
import type { Postgres } from '../platform/postgres.ts';
import {
  conflict,
  forbidden,
  notFound,
  tooManyRequests,
  unavailable,
  unprocessable,
  type Problem,
} from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { plainText } from '../platform/text.ts';
import type { OutgoingCall, OutgoingPerson } from './outgoing.ts';
import { listOutgoing, outgoingView, outgoingViewOf, readOutgoing, type FoundOutgoing } from './store.ts';

export interface OutgoingRouteDeps {
  postgres: Postgres;
  /** Starts one; the answer's state tells whether it was refused. */
  place: (wish: { number: string; incidentId: string | null; operatorId: string; by: OutgoingPerson }) => OutgoingCall;
  end: (id: string, by: OutgoingPerson) => void;
  live: (id: string) => OutgoingCall | undefined;
  /** The operators that there are. */
  knowsOperator: (operatorId: string) => boolean;
  /** Whom an incident concerns; undefined when there is none of this id. */
  circleOf: (incidentId: string) => Promise<Circle | undefined>;
  /** Resolves true when all that was journalled is on the disk. */
  synced: () => Promise<boolean>;
}

const params = z.object({ outgoingId: z.uuid() });
const body = z.strictObject({
  number: plainText(40),
  incidentId: z.uuid().optional(),
  operatorId: z.uuid().optional(),
});

/** /v1/outgoing-calls. */
export function outgoingRoutes(deps: OutgoingRouteDeps): Route[] {
  return [placeRoute(deps), listRoute(deps), getRoute(deps), endRoute(deps)];
}

function placeRoute(deps: OutgoingRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/outgoing-calls',
    audited: ['outgoing.call', 'outgoing.refused'],
    summary: "Call a number outside: the operator's phone rings first",
    roles: writers,
    input: { body },
    response: { 202: outgoingView },
    handler: async ({ body: wish, principal }) => {
      const operatorId = wish.operatorId ?? principal.operatorId;
      if (operatorId === undefined) {
        throw unprocessable('outgoing.operator-missing', 'Say whose phone is to ring: operatorId.');
      }
      requireOwn(principal, operatorId);
      if (!deps.knowsOperator(operatorId)) {
        throw unprocessable('operators.unknown', `There is no operator ${operatorId}.`);
      }
      if (wish.incidentId !== undefined) {
        const circle = await deps.circleOf(wish.incidentId);
        if (circle === undefined) throw notFound('incidents.unknown', `There is no incident ${wish.incidentId}.`);
        if (!mayKnow(principal, circle)) throw confidential();
      }
      const { number, incidentId = null } = wish;
      const call = deps.place({ number, incidentId, operatorId, by: person(principal) });
      const durable = await deps.synced();
      if (call.endedAt !== null) throw refusal(call);
      if (!durable) throw unavailable('journal.unavailable', 'It rings, but the journal could not confirm it.');
      return { status: 202, body: outgoingViewOf(deps.live(call.id) ?? call) };
    },
  });
}

/** An operator's token acts for its own operator only. */
function requireOwn(principal: Principal, operatorId: string | null): void {
  if (principal.role !== 'operator' || principal.operatorId === operatorId) return;
  throw forbidden('outgoing.not-yours', "An operator's token makes and sees its own operator's calls only.");
}

function person({ tokenId, role, name }: Principal): OutgoingPerson {
  return { tokenId, role, name };
}

function refusal({ outcome, reason }: OutgoingCall): Problem {
  const extra = { reason };
  if (outcome === 'no-operator') return conflict('outgoing.operator-not-free', `The operator: ${reason ?? ''}`, extra);
  switch (reason) {
    case 'at-once':
      return tooManyRequests('outgoing.too-many', 'As many calls to the outside as may be are under way.', extra);
    case 'per-hour':
      return tooManyRequests('outgoing.too-many', 'This operator has called as often as he may in an hour.', extra);
    case 'no-trunk':
      return conflict('outgoing.no-trunk', 'The settings name no trunk for calls to the outside.', extra);
    case 'malformed':
      return unprocessable('outgoing.number-malformed', 'That is no telephone number.', extra);
    case null:
    default:
      return unprocessable('outgoing.number-refused', 'This number may not be called from here.', extra);
  }
}

function listRoute(deps: OutgoingRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/outgoing-calls',
    summary: 'Calls to the outside, newest first; an operator sees his own',
    roles,
    input: { query: pageQuery.extend({ incidentId: z.uuid().optional(), operatorId: z.uuid().optional() }) },
    response: { 200: pageOf(outgoingView) },
    handler: async ({ query, principal }) => {
      // A token of no operator has none of its own.
      if (principal.role === 'operator' && principal.operatorId === undefined) {
        return { status: 200, body: { items: [], next: null } };
      }
      const operatorId = principal.role === 'operator' ? principal.operatorId : query.operatorId;
      const after = query.cursor === undefined ? null : decodeCursor(timePosition, query.cursor);
      const found = await listOutgoing(deps.postgres, { ...query, operatorId, after });
      const last = found.length === query.limit ? found.at(-1)?.view : undefined;
      const items = found.filter((one) => mayRead(principal, one)).map(({ view }) => current(deps, view));
      return { status: 200, body: { items, next: last ? encodeCursor([last.beganAt, last.id]) : null } };
    },
  });
}

function current(deps: OutgoingRouteDeps, view: z.output<typeof outgoingView>): z.output<typeof outgoingView> {
  const live = deps.live(view.id);
  return live === undefined ? view : outgoingViewOf(live);
}

/** The operator who made it knows of it; all others as of its incident. */
function mayRead(principal: Principal, { view, circle }: FoundOutgoing): boolean {
  if (principal.role === 'operator')
    return principal.operatorId !== undefined && principal.operatorId === view.operatorId;
  return circle === null || mayKnow(principal, circle);
}

function getRoute(deps: OutgoingRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/outgoing-calls/:outgoingId',
    summary: 'A call to the outside',
    roles,
    input: { params },
    response: { 200: outgoingView },
    handler: async ({ params: { outgoingId }, principal }) => {
      const found = await find(deps, outgoingId);
      requireOwn(principal, found.view.operatorId);
      if (!mayRead(principal, found)) throw confidential();
      return { status: 200, body: found.view };
    },
  });
}

async function find(deps: OutgoingRouteDeps, id: string): Promise<FoundOutgoing> {
  const live = deps.live(id);
  if (live !== undefined) {
    const circle = live.incidentId === null ? null : ((await deps.circleOf(live.incidentId)) ?? null);
    return { view: outgoingViewOf(live), circle };
  }
  const stored = await readOutgoing(deps.postgres, id);
  if (stored === undefined) throw notFound('outgoing.unknown', `There is no call ${id} to the outside.`);
  return stored;
}

function endRoute(deps: OutgoingRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/outgoing-calls/:outgoingId/end',
    audited: ['outgoing.end'],
    summary: 'Hang up a call to the outside',
    roles: writers,
    input: { params },
    response: { 202: outgoingView },
    handler: async ({ params: { outgoingId }, principal }) => {
      const found = await find(deps, outgoingId);
      requireOwn(principal, found.view.operatorId);
      if (!mayRead(principal, found)) throw confidential();
      if (found.view.endedAt !== null || deps.live(outgoingId) === undefined) {
        throw conflict('outgoing.ended', 'This call has ended.');
      }
      deps.end(outgoingId, person(principal));
      await deps.synced();
      return { status: 202, body: (await find(deps, outgoingId)).view };
    },
  });
}
