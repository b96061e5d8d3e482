import { z } from 'zod';
import { liveCallOf, tellCall } from '../calls/command.ts';
import type { Call } from '../calls/call.ts';
import { engagedBy, whyNoMute } from '../calls/decide-dispatch.ts';
import type { CallRunner } from '../calls/runner.ts';
import { forDispatchOf, type IncidentForDispatch } from '../incidents/for-dispatch.ts';
import { circleOfCall, confidential, laterCircle, mayKnow, type Circle } from '../incidents/need-to-know.ts';
import { roles, writers, type Principal } from '../platform/auth.ts';
import { keyReused, replayed, requireKey } from '../platform/idempotency.ts';
import { derivedId, timeOf } from '../platform/ids.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery, timePosition } from '../platform/paging.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import { conflict, notFound, unprocessable } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { slug } from '../platform/text.ts';
import { modes } from '../routing/rule.ts';
import { followed, followedView, type Follow } from './followed.ts';
import type { Wish } from './planner.ts';
import * as store from './store.ts';
import { engaged, engageWithoutCall, type EngageDeps } from './without-call/engage.ts';

export interface DispatchRouteDeps extends EngageDeps {
  postgres: Postgres;
  calls: CallRunner;
  /** Whom a stored incident concerns; undefined when there is none of this id. */
  circleOf: (incidentId: string) => Promise<Circle | undefined>;
  /** What an agency is told of a stored incident. */
  forDispatch: (incidentId: string) => Promise<IncidentForDispatch | undefined>;
  follow: Follow;
}

const params = z.object({ incidentId: z.uuid() });
const dispatchParams = z.object({ dispatchId: z.uuid() });
const dispatchBody = z.strictObject({ agencyId: slug, mode: z.enum(modes).default('bridge') });

/** /v1/dispatches, and how one is asked for by name. A live call's dispatches are changed by its owner. */
export function dispatchRoutes(deps: DispatchRouteDeps): Route[] {
  return [
    dispatchRoute(deps),
    listDispatchesRoute(deps),
    getDispatchRoute(deps),
    cancelRoute(deps),
    mutedRoute(deps, 'mute', 'Let nobody in the call hear an agency that talks'),
    mutedRoute(deps, 'unmute', 'Let an agency that was muted be heard again'),
    mutedRoute(deps, 'listen', 'Let an agency only listen: nobody hears it'),
    mutedRoute(deps, 'speak', 'Open an agency that listens to speak'),
  ];
}

function dispatchRoute(deps: DispatchRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/incidents/:incidentId/dispatches',
    audited: { instead: 'the dispatch says who asked for it' },
    summary: "Ring an agency and bring it into the incident's call; once that is over, together with whoever asks",
    roles: writers,
    input: {
      params,
      body: dispatchBody,
    },
    response: { 202: store.dispatchView },
    idempotency: 'derived',
    handler: async ({ params: { incidentId }, body, principal, idempotencyKey }) => {
      const call = liveCallOf(deps.calls, incidentId);
      const circle = call === undefined ? await deps.circleOf(incidentId) : circleOfCall(call);
      if (circle === undefined) throw notFound('incidents.unknown', `There is no incident ${incidentId}.`);
      if (!mayKnow(principal, circle)) throw confidential();
      const id = idempotencyKey === undefined ? undefined : keyedId(principal.tokenId, idempotencyKey, incidentId);
      const wish = { ...body, tokenId: principal.tokenId, id };
      const operatorId = principal.operatorId ?? null;
      const begun = id === undefined ? undefined : deps.withoutCall.find(id);
      if (begun !== undefined) return repeated(store.dispatchViewOf(begun.dispatch, incidentId, null), body);
      if (call === undefined) {
        const stored = id === undefined ? undefined : await store.readDispatch(deps.postgres, id);
        if (stored !== undefined) return repeated(stored.view, body);
        const incident = await deps.forDispatch(incidentId);
        if (incident === undefined) throw notFound('incidents.unknown', `There is no incident ${incidentId}.`);
        return engagedAfterwards(deps, { ...incident, id: incidentId }, { ...wish, operatorId });
      }
      // From here to the telling nothing is awaited: two requests with one key make one dispatch.
      const earlier = id === undefined ? undefined : liveDispatch(deps, id);
      if (earlier !== undefined) return repeated(earlier.view, body);
      const made = call.endedAt === null ? await engage(deps, call, wish) : undefined;
      if (made !== undefined) return { status: 202, body: made };
      return engagedAfterwards(deps, { ...forDispatchOf(call), id: incidentId }, { ...wish, operatorId });
    },
  });
}

/**
 * The id of the dispatch that a key makes. It follows from the request alone, so that a repeat finds what the first one
 * made in the call itself: a dispatch of a live call needs no PostgreSQL.
 */
function keyedId(tokenId: string, key: string, incidentId: string): string {
  requireKey(key);
  return derivedId('dispatch', tokenId, `${incidentId}|${key}`, timeOf(incidentId));
}

function repeated(view: store.DispatchView, body: z.output<typeof dispatchBody>) {
  if (view.agencyId !== body.agencyId || view.mode !== body.mode) throw keyReused();
  return { status: 202, body: view, headers: replayed } as const;
}

/** Nobody is in a call any more. */
async function engagedAfterwards(
  deps: DispatchRouteDeps,
  incident: IncidentForDispatch & { readonly id: string },
  wish: Wish & { readonly operatorId: string | null },
) {
  const dispatch = await engageWithoutCall(deps, incident, wish);
  const view = store.dispatchViewOf(dispatch, incident.id, null);
  if (view.agencyId !== wish.agencyId || view.mode !== wish.mode) throw keyReused();
  return { status: 202, body: view } as const;
}

/** Undefined when nobody is left in the call. */
async function engage(deps: DispatchRouteDeps, call: Call, wish: Wish): Promise<store.DispatchView | undefined> {
  const at = deps.clock.now();
  const dispatch = deps.planByPerson(wish, at);
  if (dispatch === undefined) throw unprocessable('agencies.unknown', `There is no agency ${wish.agencyId}.`);
  const telling = tellCall(deps.calls, call.id, { type: 'dispatch-requested', at, dispatch });
  // The call has decided by now; only its journal is waited for, and meanwhile the reason might go away.
  const decided = deps.calls.get(call.id)?.dispatches ?? [];
  const engagement = engagedBy({ dispatches: decided }, wish);
  await telling;
  const made = deps.calls.get(call.id)?.dispatches.find((one) => one.id === dispatch.id);
  if (made !== undefined) return store.dispatchViewOf(made, call.incident.id, call.id);
  if (engagement !== undefined) throw engaged(wish.agencyId, engagement.id);
  return undefined;
}

function listDispatchesRoute(deps: DispatchRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/dispatches',
    summary: 'Dispatches, newest first',
    roles,
    input: { query: pageQuery.extend({ incidentId: z.uuid().optional() }) },
    response: { 200: pageOf(followedView) },
    handler: async ({ query, principal }) => {
      const after = query.cursor === undefined ? null : decodeCursor(timePosition, query.cursor);
      const rows = await store.listDispatches(deps.postgres, { ...query, after });
      const last = rows.length === query.limit ? rows.at(-1)?.view : undefined;
      const items = rows
        .map((row) => {
          const live = liveDispatch(deps, row.view.id);
          return live === undefined ? withoutCallNow(deps, row) : asKnownSince(live, row);
        })
        .filter((row) => mayKnow(principal, row.circle))
        .map((row) => row.view);
      const shown = await followed(items, deps.follow);
      return { status: 200, body: { items: shown, next: last ? encodeCursor([last.requestedAt, last.id]) : null } };
    },
  });
}

/** A dispatch, and the call that it belongs to as long as that is here. */
interface Found extends store.FoundDispatch {
  readonly call?: Call;
}

function liveDispatch(deps: DispatchRouteDeps, dispatchId: string): (Found & { readonly call: Call }) | undefined {
  for (const call of deps.calls.all()) {
    const dispatch = call.dispatches.find((one) => one.id === dispatchId);
    if (!dispatch) continue;
    return { call, circle: circleOfCall(call), view: store.dispatchViewOf(dispatch, call.incident.id, call.id) };
  }
  return undefined;
}

/** Of a call that was given back its next owner may have found that it is confidential: that is on record alone. */
function asKnownSince(live: Found & { readonly call: Call }, stored: Found | undefined): Found {
  if (live.call.outcome !== 'returned' || stored === undefined) return live;
  return { ...live, circle: laterCircle(live.circle, stored.circle) };
}

/** One without a call as it is now, where it is here. */
function withoutCallNow({ withoutCall }: DispatchRouteDeps, row: Found): Found {
  const here = withoutCall.find(row.view.id);
  return here === undefined ? row : { ...row, view: store.dispatchViewOf(here.dispatch, here.incidentId, null) };
}

async function withoutCallHere(deps: DispatchRouteDeps, dispatchId: string): Promise<Found | undefined> {
  const here = deps.withoutCall.find(dispatchId);
  if (here === undefined) return undefined;
  const call = liveCallOf(deps.calls, here.incidentId);
  const circle = call === undefined ? await deps.circleOf(here.incidentId) : circleOfCall(call);
  return circle && { circle, view: store.dispatchViewOf(here.dispatch, here.incidentId, null) };
}

/** A dispatch of a live call, or on record. */
export async function findDispatch(deps: DispatchRouteDeps, dispatchId: string): Promise<Found | undefined> {
  const live = liveDispatch(deps, dispatchId);
  if (live !== undefined && live.call.outcome !== 'returned') return live;
  const onRecord = async () =>
    (await withoutCallHere(deps, dispatchId)) ?? (await store.readDispatch(deps.postgres, dispatchId));
  if (live === undefined) return onRecord();
  return asKnownSince(live, await onRecord().catch(ifAway));
}

function ifAway(error: unknown): undefined {
  if (!isUnavailable(error)) throw error;
}

/** The dispatch, for somebody who may know of its incident. */
async function read(deps: DispatchRouteDeps, dispatchId: string, principal: Principal): Promise<Found> {
  const found = await findDispatch(deps, dispatchId);
  if (!found) throw notFound('dispatches.unknown', `There is no dispatch ${dispatchId}.`);
  if (!mayKnow(principal, found.circle)) throw confidential();
  return found;
}

function getDispatchRoute(deps: DispatchRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/dispatches/:dispatchId',
    summary: 'One dispatch with its attempts, its crew and its clocks',
    roles,
    input: { params: dispatchParams },
    response: { 200: followedView },
    handler: async ({ params: { dispatchId }, principal }) => {
      const { view } = await read(deps, dispatchId, principal);
      const [body = { ...view, responder: null, sop: null }] = await followed([view], deps.follow);
      return { status: 200, body };
    },
  });
}

function cancelRoute(deps: DispatchRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/dispatches/:dispatchId/cancel',
    audited: { instead: "the incident's timeline says who did it" },
    summary: 'Call an agency off, or take it out of the call',
    roles: writers,
    input: { params: dispatchParams },
    response: { 202: store.dispatchView },
    handler: async ({ params: { dispatchId }, principal }) => {
      const { call, view } = await read(deps, dispatchId, principal);
      const by = principal.operatorId ?? principal.tokenId;
      if (call === undefined) {
        if (view.endedAt !== null || !(await deps.withoutCall.cancel(dispatchId, by))) {
          throw conflict('dispatches.ended', 'This dispatch is over.');
        }
        return { status: 202, body: (await read(deps, dispatchId, principal)).view };
      }
      await tellCall(deps.calls, call.id, { type: 'dispatch-cancelled', at: deps.clock.now(), dispatchId, by });
      return { status: 202, body: liveDispatch(deps, dispatchId)?.view ?? view };
    },
  });
}

function mutedRoute(deps: DispatchRouteDeps, command: 'mute' | 'unmute' | 'listen' | 'speak', summary: string): Route {
  const muted = command === 'mute' || command === 'listen';
  return defineRoute({
    method: 'POST',
    path: `/v1/dispatches/:dispatchId/${command}`,
    audited: { instead: "the incident's timeline says who did it" },
    summary,
    roles: writers,
    input: { params: dispatchParams },
    response: { 202: store.dispatchView },
    handler: async ({ params: { dispatchId }, principal }) => {
      const { call, view } = await read(deps, dispatchId, principal);
      if (call === undefined) throw conflict('dispatches.ended', 'This dispatch is over.');
      const reason = whyNoMute(call, dispatchId, muted);
      if (reason !== null) throw conflict('dispatches.not-now', `It cannot be done now: ${reason}.`);
      const by = principal.operatorId ?? principal.tokenId;
      await tellCall(deps.calls, call.id, { type: 'dispatch-muted', at: deps.clock.now(), dispatchId, muted, by });
      return { status: 202, body: liveDispatch(deps, dispatchId)?.view ?? view };
    },
  });
}
