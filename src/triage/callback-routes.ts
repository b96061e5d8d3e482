import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { dispositions, type Disposition } from '../incidents/incident.ts';
import { confidential, mayKnow } from '../incidents/need-to-know.ts';
import { roles, writers, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery, timePosition } from '../platform/paging.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import { conflict, notFound, type Problem } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { isoTime, isoTimeOrNull, plainText } from '../platform/text.ts';
import { callbackReasons, callbackStates } from './callback.ts';
import { askFor, closeReviewed, listCallbacks, readCallback, type StoredCallback } from './callback-store.ts';

export interface CallbackRouteDeps {
  postgres: Postgres;
  audit: RecordAudit;
  clock: Clock;
  /** One on the list is another now. */
  changed: (one: StoredCallback) => void;
  /** Closes the incident, if nobody is at work on it. */
  closeIncident: (incidentId: string, disposition: Disposition, principal: Principal) => Promise<void>;
}

export const callbackView = z.object({
  id: z.string(),
  /** Null: he has reported by an app. */
  callId: z.string().nullable(),
  incidentId: z.string(),
  reason: z.enum(callbackReasons),
  number: z.string().nullable(),
  imei: z.string().nullable(),
  abandonedAt: z.string(),
  rangSeconds: z.number(),
  repeats: z.number(),
  nearby: z.boolean(),
  district: z.string().nullable(),
  bestFix: z
    .object({
      source: z.string(),
      latitude: z.number().nullable(),
      longitude: z.number().nullable(),
      radius: z.number().nullable(),
      address: z.string().nullable(),
    })
    .nullable(),
  rank: z.number(),
  /** Why he cannot be called; null when he can. */
  notCallable: z.string().nullable(),
  state: z.enum(callbackStates),
  tries: z.number(),
  nextTryAt: z.string().nullable(),
  askedBy: z.string().nullable(),
  tried: z.array(z.object({ at: z.string(), result: z.string(), reason: z.string() })),
  redialledBy: z.string().nullable(),
  reviewedBy: z.string().nullable(),
  review: z.object({ disposition: z.string(), note: z.string(), at: z.string() }).nullable(),
  createdAt: z.string(),
  changedAt: z.string(),
});

const params = z.object({ callbackId: z.uuid() });

/** /v1/callbacks: callers who hung up before an operator talked with them, or were cut off. */
export function callbackRoutes(deps: CallbackRouteDeps): Route[] {
  return [listRoute(deps), getRoute(deps), reviewRoute(deps), callRoute(deps)];
}

/** As somebody may see it: of a confidential incident, whoever need not know sees that there was a call. */
function viewFor(who: Principal, one: StoredCallback): z.output<typeof callbackView> {
  const { kind, operatorIds, ...rest } = one;
  const known = mayKnow(who, { kind, operatorIds });
  const hidden = known ? {} : { number: null, imei: null, district: null, bestFix: null };
  return {
    ...rest,
    ...hidden,
    abandonedAt: isoTime(one.abandonedAt),
    nextTryAt: isoTimeOrNull(one.nextTryAt),
    tried: one.tried.map((attempt) => ({ ...attempt, at: isoTime(attempt.at) })),
    review: one.review && { ...one.review, note: known ? one.review.note : '', at: isoTime(one.review.at) },
    createdAt: isoTime(one.createdAt),
    changedAt: isoTime(one.changedAt),
  };
}

function unknown(id: string): Problem {
  return notFound('callbacks.unknown', `There is no callback ${id}.`);
}

function listRoute({ postgres }: CallbackRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/callbacks',
    summary: 'Callers who hung up before an operator talked with them, newest first',
    roles,
    input: { query: pageQuery.extend({ state: z.enum(callbackStates).optional() }) },
    response: { 200: pageOf(callbackView) },
    handler: async ({ query, principal }) => {
      const after = query.cursor === undefined ? null : decodeCursor(timePosition, query.cursor);
      const found = await listCallbacks(postgres, { ...query, after });
      const items = found.map((one) => viewFor(principal, one));
      const last = items.length === query.limit ? items.at(-1) : undefined;
      return { status: 200, body: { items, next: last ? encodeCursor([last.createdAt, last.id]) : null } };
    },
  });
}

function getRoute({ postgres }: CallbackRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/callbacks/:callbackId',
    summary: 'One of them, with every try to call back',
    roles,
    input: { params },
    response: { 200: callbackView },
    handler: async ({ params: { callbackId }, principal }) => {
      const one = await readCallback(postgres, callbackId);
      if (one === undefined) throw unknown(callbackId);
      return { status: 200, body: viewFor(principal, one) };
    },
  });
}

function reviewRoute(deps: CallbackRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/callbacks/:callbackId/review',
    audited: ['callbacks.review'],
    summary:
      'Close one after having looked at it, and its incident if nobody is at work on that: nothing but a person does',
    roles: writers,
    input: {
      params,
      body: z.strictObject({ disposition: z.enum(dispositions), note: plainText(1_000) }),
    },
    response: { 200: callbackView },
    handler: async ({ params: { callbackId }, body, principal }) => {
      const { disposition, note } = body;
      const at = deps.clock.now();
      const reviewed = conflict('callbacks.reviewed', 'Somebody has reviewed it already.');
      const found = await readCallback(deps.postgres, callbackId);
      if (found === undefined) throw unknown(callbackId);
      if (!mayKnow(principal, found)) throw confidential();
      if (found.state === 'reviewed') throw reviewed;
      // First: should PostgreSQL go away now, the review can be done again.
      await deps.closeIncident(found.incidentId, disposition, principal);
      const one = await change(deps, callbackId, principal, async (sql, before) => {
        if (before.state === 'reviewed') throw reviewed;
        await closeReviewed(sql, callbackId, { tokenId: principal.tokenId, disposition, note, at });
        const detail = { disposition, was: before.state };
        await deps.audit(sql, { principal, action: 'callbacks.review', subject: `callback/${callbackId}`, detail });
      });
      return { status: 200, body: viewFor(principal, one) };
    },
  });
}

/** What is going on with one that is not listed, and what there is to do. */
const whyNotListed: Readonly<Record<Exclude<StoredCallback['state'], 'listed'>, string>> = {
  calling:
    'He is being called at this moment: the event outgoing.ringing-operator tells whose phone rings. Wait for how it goes; if he is not reached he is listed again.',
  reached: 'He was called back and reached: nothing is left to do.',
  redialled: 'He has called again himself and was answered: nothing is left to do.',
  reviewed: 'Somebody has reviewed and closed it. To call him all the same, use POST /v1/outgoing-calls.',
};

function callRoute(deps: CallbackRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/callbacks/:callbackId/call',
    audited: ['callbacks.call'],
    summary: 'Call somebody back as soon as an operator can, whatever the settings say of him',
    roles: writers,
    input: { params },
    response: { 202: callbackView },
    handler: async ({ params: { callbackId }, principal }) => {
      const at = deps.clock.now();
      const one = await change(deps, callbackId, principal, async (sql, before) => {
        if (before.notCallable !== null || before.number === null) {
          throw conflict('callbacks.not-callable', `He cannot be called: ${before.notCallable ?? 'no number'}.`);
        }
        if (before.state !== 'listed') {
          throw conflict('callbacks.not-listed', whyNotListed[before.state]);
        }
        await askFor(sql, callbackId, principal.operatorId ?? principal.tokenId, at);
        await deps.audit(sql, { principal, action: 'callbacks.call', subject: `callback/${callbackId}` });
      });
      return { status: 202, body: viewFor(principal, one) };
    },
  });
}

async function change(
  { postgres, changed }: CallbackRouteDeps,
  id: string,
  who: Principal,
  work: (sql: Sql, before: StoredCallback) => Promise<void>,
): Promise<StoredCallback> {
  const after = await postgres.transaction(async (sql) => {
    const before = await readCallback(sql, id, true);
    if (before === undefined) throw unknown(id);
    if (!mayKnow(who, before)) throw confidential();
    await work(sql, before);
    return (await readCallback(sql, id)) ?? before;
  });
  changed(after);
  return after;
}
