import { z } from 'zod';
import { recordAudit } from '../audit/record.ts';
import { circleOfCall, confidential, laterCircle, mayKnow } from '../incidents/need-to-know.ts';
import { noteReading } from '../incidents/read-audit.ts';
import { timelineView } from '../incidents/view.ts';
import { roles, writers, type Principal } from '../platform/auth.ts';
import { pause } from '../platform/clock.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery, timePosition } from '../platform/paging.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import { conflict, notFound } from '../platform/problem.ts';
import { defineRoute, type AuthenticatedContext, type Route } from '../platform/route.ts';
import type { Call } from './call.ts';
import { tellCall } from './command.ts';
import { byOf, commanded, type CommandRouteDeps } from './commanded.ts';
import { linkingNumber, type CallerHistory } from './history.ts';
import { readHistory } from './history-store.ts';
import { e164 } from './identity.ts';
import { listCalls, readCall, readCallLocation, type FoundCall } from './store.ts';
import {
  callDetailView,
  callView,
  detailOfCall,
  hiddenCaller,
  knownTo,
  viewOfCall,
  viewOfHistory,
  withoutCaller,
  type CallDetailView,
  type CallView,
} from './view.ts';

export interface CallRouteDeps extends CommandRouteDeps {
  postgres: Postgres;
  readTimeline: (callId: string) => Promise<z.output<typeof timelineView>[]>;
  /** The kind of the incident that a stored call belongs to, for who may see it. */
  kindOf: (incidentId: string) => Promise<string | null>;
  /** A number or phone that called under more identities names nobody. */
  identityLimit: () => number;
}

const params = z.object({ callId: z.uuid() });
/** A live call waits for nobody: so many milliseconds for what PostgreSQL knows better. */
const patience = 300;

/** /v1/calls: a live call from the memory of its owner, any other from PostgreSQL. */
export function callRoutes(deps: CallRouteDeps): Route[] {
  return [listRoute(deps), getRoute(deps), timelineRoute(deps), endRoute(deps)];
}

function foundLive(call: Call): FoundCall {
  return { view: viewOfCall(call), circle: circleOfCall(call) };
}

async function find({ runner, postgres, kindOf }: CallRouteDeps, callId: string): Promise<FoundCall & { live?: Call }> {
  const live = runner.get(callId);
  if (live !== undefined && live.outcome !== 'returned') return { ...foundLive(live), live };
  const stored = await readCall(postgres, callId).catch((error: unknown) => {
    if (live === undefined || !isUnavailable(error)) throw error;
    return undefined;
  });
  if (stored === undefined && live !== undefined) return { ...foundLive(live), live };
  if (stored === undefined) throw notFound('calls.unknown', `There is no call ${callId}.`);
  const kind = await kindOf(stored.view.incidentId);
  return givenBack(live, { ...stored, circle: { ...stored.circle, kind } });
}

/** What the human path or another controller made of a call that was given back only PostgreSQL knows; who was in it we know too. */
function givenBack(call: Call | undefined, stored: FoundCall): FoundCall {
  return call === undefined ? stored : { ...stored, circle: laterCircle(circleOfCall(call), stored.circle) };
}

/**
 * What somebody is shown of a call in a list. Where its incident is confidential, an auditor sees that there was a call
 * and not who called, and an operator who was not on it sees nothing.
 */
function shownTo(principal: Principal, { view, circle }: FoundCall): CallView | undefined {
  if (mayKnow(principal, circle)) return view;
  return principal.role === 'auditor' ? { ...view, ...hiddenCaller } : undefined;
}

function allShownTo(principal: Principal, calls: FoundCall[]): CallView[] {
  return calls.map((call) => shownTo(principal, call)).filter((view) => view !== undefined);
}

/** The call, for somebody who may see at least that it was; that he saw a confidential one is noted. */
async function readable(deps: CallRouteDeps, callId: string, context: AuthenticatedContext) {
  const { principal, logger } = context;
  const found = await find(deps, callId);
  if (shownTo(principal, found) === undefined) throw confidential();
  const live = deps.runner.get(callId) !== undefined;
  const { kind } = found.circle;
  await noteReading(deps.postgres, recordAudit, { principal, logger, subject: `call/${callId}`, kind, live });
  return found;
}

async function detail(deps: CallRouteDeps, callId: string, context: AuthenticatedContext): Promise<CallDetailView> {
  const { principal } = context;
  const found = await readable(deps, callId, context);
  const { live } = found;
  const view = live === undefined ? await storedDetail(deps, found, context) : await liveDetail(deps, live, context);
  return mayKnow(principal, found.circle) ? view : withoutCaller(view);
}

async function liveDetail(deps: CallRouteDeps, live: Call, context: AuthenticatedContext): Promise<CallDetailView> {
  const history = await historyNow(deps, live, context);
  if (history !== null) await noteHistory(deps, history, context, true);
  return detailOfCall(live, history, context.principal);
}

/** Read anew, for an earlier incident may have proved confidential since; what the call knows where that takes long. */
async function historyNow(
  { postgres, clock, identityLimit }: CallRouteDeps,
  { id, arrivedAt, identity, history }: Call,
  { logger }: AuthenticatedContext,
): Promise<CallerHistory | null> {
  const number = linkingNumber(identity);
  const keys = { callId: id, before: arrivedAt, number, imei: identity.imei, identityLimit: identityLimit() };
  try {
    return (await Promise.race([readHistory(postgres, keys), pause(clock, patience)])) ?? history;
  } catch (error) {
    if (!isUnavailable(error)) logger.error({ err: error, callId: id }, 'the history of a live call could not be read');
    return history;
  }
}

async function storedDetail(
  deps: CallRouteDeps,
  { view }: FoundCall,
  context: AuthenticatedContext,
): Promise<CallDetailView> {
  const { identity, callerNumber } = view;
  const number = identity === null ? e164(callerNumber ?? '') : linkingNumber(identity);
  const imei = identity?.imei ?? null;
  const before = Date.parse(view.arrivedAt);
  const keys = { callId: view.id, before, number, imei, identityLimit: deps.identityLimit() };
  const [location, history] = await Promise.all([
    readCallLocation(deps.postgres, view.id),
    readHistory(deps.postgres, keys),
  ]);
  await noteHistory(deps, history, context, false);
  return { ...view, location, history: viewOfHistory(history, knownTo(history.calls, context.principal)) };
}

/** Of each confidential incident in a history that is shown, it is noted that it was read. */
async function noteHistory(
  { postgres }: CallRouteDeps,
  history: CallerHistory,
  { principal, logger }: AuthenticatedContext,
  live: boolean,
): Promise<void> {
  const kinds = new Map(knownTo(history.calls, principal).map(({ incidentId, kind }) => [incidentId, kind]));
  for (const [incidentId, kind] of kinds) {
    await noteReading(postgres, recordAudit, { principal, logger, subject: `incident/${incidentId}`, kind, live });
  }
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
    response: {
      200: pageOf(callView).extend({
        controllersSilent: z.number().int().optional().meta({
          description: 'With live=true: so many controllers of the node do not answer, and their calls are missing',
        }),
      }),
    },
    handler: async ({ query, principal }) => {
      if (query.live) {
        const live = deps.runner.all().filter((call) => call.endedAt === null);
        return { status: 200, body: { items: allShownTo(principal, live.map(foundLive)), next: null } };
      }
      const after = query.cursor === undefined ? null : decodeCursor(timePosition, query.cursor);
      const rows = await listCalls(deps.postgres, { ...query, after });
      const last = rows.length === query.limit ? rows.at(-1)?.view : undefined;
      // The state of a call that is here is newer than its row.
      const newest = rows.map((row) => {
        const call = deps.runner.get(row.view.id);
        return call === undefined || call.outcome === 'returned' ? givenBack(call, row) : foundLive(call);
      });
      const items = allShownTo(principal, newest);
      return { status: 200, body: { items, next: last ? encodeCursor([last.arrivedAt, last.id]) : null } };
    },
  });
}

function getRoute(deps: CallRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/calls/:callId',
    summary: 'One call: who called, from where (every location that came, and the one to act on), and earlier calls',
    roles,
    input: { params },
    response: { 200: callDetailView },
    handler: async ({ params: { callId }, ...context }) => ({
      status: 200,
      body: await detail(deps, callId, context),
    }),
  });
}

function timelineRoute(deps: CallRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/calls/:callId/timeline',
    summary: 'What happened in a call, in order, as far as PostgreSQL has it',
    roles: writers,
    input: { params },
    response: { 200: pageOf(timelineView) },
    handler: async ({ params: { callId }, ...context }) => {
      await readable(deps, callId, context);
      return { status: 200, body: { items: await deps.readTimeline(callId), next: null } };
    },
  });
}

function endRoute(deps: CallRouteDeps): Route {
  const { runner, clock, auditLater } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/end',
    audited: ['calls.end'],
    summary: 'End a live call for everybody in it: its operator, or a supervisor',
    roles: writers,
    input: { params },
    response: { 202: callView },
    handler: async ({ params: { callId }, principal }) => {
      const call = commanded(deps, callId, principal);
      if (principal.role === 'operator' && call.operator?.state === 'ringing') {
        throw conflict('calls.not-now', 'It cannot be done now: the caller has not been answered yet.');
      }
      const input = { type: 'call-ended-by', at: clock.now(), by: byOf(principal) } as const;
      await tellCall(runner, callId, input, () =>
        auditLater({ principal, action: 'calls.end', subject: `call/${callId}` }),
      );
      return { status: 202, body: viewOfCall(runner.get(callId) ?? call) };
    },
  });
}
