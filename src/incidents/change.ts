import { liveCallOf, tellCall } from '../calls/command.ts';
import type { Call } from '../calls/call.ts';
import { callsOf, factsOfCall } from '../calls/call-facts.ts';
import type { CallRunner } from '../calls/runner.ts';
import { askedBy, notYetAsked, notYetTold, type Done } from '../dispatch/again.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Plan } from '../dispatch/planner.ts';
import type { Principal } from '../platform/auth.ts';
import { isUnavailable, type Postgres, type Sql } from '../platform/postgres.ts';
import { notFound, unavailable, type Problem } from '../platform/problem.ts';
import { isoTime } from '../platform/text.ts';
import { severitySchema } from '../routing/kind.ts';
import { begin, keepAfterwards, wishFor, type AfterwardsDeps } from './afterwards.ts';
import { readDone, readFacts } from './done-store.ts';
import { forDispatchOf } from './for-dispatch.ts';
import { changeIncident, type Incident, type IncidentChange } from './incident.ts';
import { circleOfCall, confidential, mayKnow } from './need-to-know.ts';
import * as store from './store.ts';
import type { IncidentView } from './view.ts';

export interface ChangeDeps extends AfterwardsDeps {
  postgres: Postgres;
  calls: CallRunner;
  /** Hears, in the same transaction, of a change to an incident whose calls are over. */
  changedLater?: (sql: Sql, incidentId: string) => Promise<void>;
}

/** What a person wants changed. */
export interface Edit {
  readonly wanted: IncidentChange;
  readonly principal: Principal;
  /** Throws unless the edit is based on this version; called where nobody can change the incident any more. */
  readonly ifVersion?: (version: number) => void;
}

interface Changed {
  view: IncidentView;
  dispatchIds: string[];
}

export function unknown(incidentId: string): Problem {
  return notFound('incidents.unknown', `There is no incident ${incidentId}.`);
}

/** Changes an incident, with its call under way or in PostgreSQL. @throws Problem when it may not, or cannot. */
export async function change(deps: ChangeDeps, incidentId: string, edit: Edit): Promise<Changed> {
  const { wanted, principal, ifVersion } = edit;
  const by = principal.operatorId ?? principal.tokenId;
  const hasEarlier = knowsLess(liveCallOf(deps.calls, incidentId), wanted);
  const before = hasEarlier ? await onRecord(deps.postgres, incidentId) : nothingDone;
  const at = deps.clock.now();
  const call = liveCallOf(deps.calls, incidentId);
  if (call === undefined) return changeStored(deps, incidentId, edit, by, at);
  // From here to the telling nothing is awaited: what was checked is what is changed.
  if (!mayKnow(principal, circleOfCall(call))) throw confidential();
  ifVersion?.(call.incident.version);
  const after = changeIncident(call.incident, wanted, by, at);
  const asks = asksFor(after.changed);
  const settled = call.endedAt !== null && isSettled(after.incident, at);
  const plan = asks === null || settled ? null : deps.planByRules(after.incident, factsOfCall(call), at);
  const done = {
    asked: [...before.asked, ...call.dispatches.map(askedBy)],
    told: [...before.told, ...(call.told ?? [])],
  };
  const fresh = plan && (call.endedAt === null && asks === 'classified' ? all(plan) : newOf(plan, done, asks));
  const dispatches = fresh?.dispatches ?? [];
  const telling = tellCall(deps.calls, call.id, {
    type: 'incident-changed',
    at,
    change: wanted,
    by,
    dispatches: call.endedAt === null ? dispatches : [],
    ...(fresh === null ? {} : { decision: fresh.decision, tell: fresh.tell }),
  });
  const ringing = call.endedAt === null ? [] : ringAfterwards(deps, call, dispatches, at);
  const [made] = await Promise.all([ringing, telling]);
  const now = deps.calls.get(call.id) ?? call;
  const live = dispatches.map((one) => one.id).filter((id) => now.dispatches.some((one) => one.id === id));
  return { view: store.viewOf(now.incident, callsOf(call)), dispatchIds: [...made, ...live] };
}

/** What was done for the incident stands in the record as well: after this call, or for calls before it. */
function knowsLess(call: Call | undefined, { district }: IncidentChange): boolean {
  if (call === undefined) return false;
  // Who classifies a live call has all rung whom the rules want: that waits for no record.
  return call.endedAt !== null || (call.earlier?.relation === 'joined' && district !== undefined);
}

/** A person has said what happened, or only where: who was asked in vain is then not asked again. */
function asksFor(changed: readonly string[]): 'classified' | 'moved' | null {
  if (changed.includes('kind') || changed.includes('severity')) return 'classified';
  return changed.includes('district') ? 'moved' : null;
}

/** Milliseconds. */
const asksWithin = 4 * 60 * 60_000;

/** What is closed, or old, is only corrected: whoever tidies up last week's incidents must send nobody. */
function isSettled({ status, openedAt }: Pick<Incident, 'status' | 'openedAt'>, at: number): boolean {
  return status === 'closed' || at - openedAt > asksWithin;
}

const nothingDone: Done = { asked: [], told: [] };

/** With PostgreSQL away nobody knows it, and who was asked by an earlier process may be asked twice. */
function onRecord(postgres: Postgres, incidentId: string): Promise<Done> {
  return readDone(postgres, incidentId).catch((error: unknown) => {
    if (isUnavailable(error)) return nothingDone;
    throw error;
  });
}

function all(plan: Plan) {
  return { ...plan, tell: plan.decision.tell };
}

/** Of what the rules want now what they have not wanted before; null: nothing, and nobody has classified it. */
function newOf(plan: Plan, done: Done, asks: 'classified' | 'moved' | null) {
  const classified = asks === 'classified';
  const dispatches = notYetAsked(plan.dispatches, done.asked, classified);
  const tell = classified ? plan.decision.tell : notYetTold(plan.decision, done.told);
  return classified || dispatches.length + tell.length > 0 ? { ...plan, dispatches, tell } : null;
}

/** Rings for a call that is over, and still here; its entry has told whom the rules want told. */
async function ringAfterwards(
  deps: ChangeDeps,
  call: Call,
  planned: readonly Dispatch[],
  at: number,
): Promise<string[]> {
  const incident = { ...forDispatchOf(call), id: call.incident.id };
  const free = planned.filter((one) => deps.withoutCall.engagedHere(incident.id, one) === undefined);
  if (free.length === 0) return [];
  const { incident: changed } = deps.calls.get(call.id) ?? call;
  const wish = wishFor(deps, { ...incident, kind: changed.kind }, { dispatches: free, tell: null, at });
  const state = deps.withoutCall.prepare(wish);
  // On record it is begun when there is room.
  if (!begin(deps, state)) await deps.withoutCall.keep(deps.postgres, state);
  return wish.dispatches.map(({ id }) => id);
}

/** Its call was given back to the human path, and what that said last is still to be written: an edit would take its place. */
function isAheadOfRecord(calls: ChangeDeps['calls'], incidentId: string, version: number): boolean {
  const given = calls.all().filter(({ outcome, incident }) => outcome === 'returned' && incident.id === incidentId);
  return given.some(({ incident }) => incident.version > version);
}

function notRecordedYet(): Problem {
  return unavailable('database.unavailable', 'Its call ended a moment ago and is not on record yet; try again.');
}

async function changeStored(
  deps: ChangeDeps,
  incidentId: string,
  { wanted, principal, ifVersion }: Edit,
  by: string,
  at: number,
): Promise<Changed> {
  const changed = await deps.postgres.transaction(async (sql) => {
    const found = await store.readIncident(sql, incidentId, true);
    if (isAheadOfRecord(deps.calls, incidentId, found?.view.version ?? 0)) throw notRecordedYet();
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
    const parts = ['kind', 'severity', 'district'] as const;
    const asks = asksFor(parts.filter((part) => before[part] !== after[part]));
    const openedAt = Date.parse(after.openedAt);
    if (asks === null || isSettled({ ...after, openedAt }, at)) return { after, state: null };
    const incident = { ...after, severity: severitySchema.nullable().catch(null).parse(after.severity) };
    const plan = deps.planByRules(incident, await readFacts(sql, incidentId), at);
    const fresh = plan && newOf(plan, await readDone(sql, incidentId), asks);
    return { after, state: fresh && (await keepAfterwards(deps, sql, after, fresh, at)) };
  });
  const { after, state } = changed;
  if (state !== null) begin(deps, state);
  return { view: after, dispatchIds: state === null ? [] : state.dispatches.map(({ id }) => id) };
}
