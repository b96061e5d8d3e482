import type { Sql } from '../platform/postgres.ts';
import { addDispatchLine } from '../responders/dispatch-line.ts';
import { decideClock } from './decide-clock.ts';
import { progressOf } from './progress.ts';
import { newClocks, clockNames, type Ladder, type SopClock } from './sop-clock.ts';
import {
  factsOf,
  insertClock,
  lockClocks,
  noteClocked,
  readDispatchFacts,
  saveClock,
  type StoredDispatch,
  type Untold,
} from './store.ts';

/** What is left to do when a look is committed: who is told, and when to look again. */
export interface Looked {
  readonly tell: readonly Untold[];
  readonly wake: readonly { dispatchId: string; clock: string; at: number }[];
}

/** Whoever tells has so long until somebody else does it. Milliseconds. */
export const tellLimit = 10_000;
/** A dispatch this old gets no clocks any more: its record came late. */
const tooOld = 24 * 60 * 60_000;

export interface LookDeps {
  /** The agency's limits now; undefined for none of this id. */
  readonly sopOf: (agencyId: string) => Parameters<typeof newClocks>[1] | undefined;
  readonly ladderOf: (agencyId: string) => Ladder;
}

/**
 * Looks at the clocks of dispatches, in the transaction of `sql`: makes those that are missing, and stores what they come to.
 * The rows are locked, so that two processes that look at once decide once.
 */
export async function lookAt(sql: Sql, dispatchIds: readonly string[], deps: LookDeps, at: number): Promise<Looked> {
  const tell: Untold[] = [];
  const wake: { dispatchId: string; clock: string; at: number }[] = [];
  if (dispatchIds.length === 0) return { tell, wake };
  const dispatches = await readDispatchFacts(sql, dispatchIds);
  await addMissing(sql, dispatches, deps, at);
  const clocks = await lockClocks(
    sql,
    dispatches.map(({ id }) => id),
  );
  for (const clock of clocks) {
    const dispatch = dispatches.find(({ id }) => id === clock.dispatchId);
    if (dispatch === undefined) continue;
    const looked = decideClock(clock, progressOf(factsOf(dispatch, at)), deps.ladderOf(dispatch.agencyId), at);
    if (looked.clock === clock) continue;
    await saveClock(sql, looked.clock, looked.tell, at + tellLimit);
    for (const type of looked.events) {
      const index = clockNames.indexOf(clock.clock);
      await addDispatchLine(sql, dispatch, { type, place: type, index, at, detail: detailOf(looked.clock, dispatch) });
    }
    const { dispatchId, clock: name, seconds, nextAt } = looked.clock;
    const { incidentId, agencyId, agencyName } = dispatch;
    if (looked.tell.length > 0)
      tell.push({ dispatchId, clock: name, seconds, incidentId, agencyId, agencyName, toTell: [...looked.tell] });
    if (nextAt !== null && nextAt !== clock.nextAt) wake.push({ dispatchId, clock: name, at: nextAt });
  }
  return { tell, wake };
}

async function addMissing(sql: Sql, dispatches: readonly StoredDispatch[], deps: LookDeps, at: number): Promise<void> {
  // Once for each: later edits of the agency change nothing in flight.
  const news = await noteClocked(
    sql,
    dispatches.map(({ id }) => id),
  );
  for (const dispatch of dispatches) {
    const sop = deps.sopOf(dispatch.agencyId);
    // In a drill nobody is to be called out of bed for who does not drive off.
    if (dispatch.drill || !news.has(dispatch.id) || sop === undefined || dispatch.requestedAt < at - tooOld) continue;
    for (const clock of newClocks(dispatch.id, sop)) await insertClock(sql, dispatch.incidentId, clock);
  }
}

/** What the timeline and the feed are told of a clock. */
export function detailOf(
  { clock, seconds, dueAt, dispatchId }: SopClock,
  { agencyId }: { readonly agencyId: string },
): Record<string, string | number | null> {
  return { dispatchId, agencyId, clock, seconds, dueAt: dueAt === null ? null : new Date(dueAt).toISOString() };
}
