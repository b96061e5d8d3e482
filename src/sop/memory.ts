import type { CallEntry } from '../calls/runner.ts';
import { aboutCall } from '../notifications/about-incident.ts';
import type { NotificationMessage } from '../notifications/message.ts';
import type { DispatchLine } from '../responders/dispatch-line.ts';
import { responseState, type ResponseStep } from '../responders/response.ts';
import { decideClock } from './decide-clock.ts';
import type { LookDeps } from './look.ts';
import { progressOf, type DispatchFacts } from './progress.ts';
import { newClocks, type SopClock } from './sop-clock.ts';

/** A clock that moved while PostgreSQL was away: what the record would have told. */
export interface Moved {
  readonly clock: SopClock;
  readonly incidentId: string;
  readonly callId: string;
  readonly agencyId: string;
  readonly agencyName: string;
  readonly message: NotificationMessage;
  readonly events: readonly ('sop.warning' | 'sop.overdue')[];
  readonly tell: readonly string[];
}

interface Kept {
  facts: DispatchFacts;
  responses: ResponseStep[];
  clocks: SopClock[];
  readonly requestedAt: number;
  readonly agencyId: string;
  readonly agencyName: string;
  readonly callId: string;
  readonly incidentId: string;
  message: NotificationMessage;
}

const most = 1_000;
const keptFor = 2 * 60 * 60_000;
/** Nobody may know sooner that PostgreSQL is away: what moved meanwhile the record has not told. */
const unnoticed = 12_000;

/**
 * The clocks of this process's own calls, from what their entries say: best effort for as long as PostgreSQL is away. They
 * are moved at all times, so that nobody is told again of what the record has told already.
 */
export function createClockMemory(deps: LookDeps): {
  heardOf(entry: Pick<CallEntry, 'state' | 'callId' | 'at'>): void;
  /** A crew has told something, to whichever controller. */
  heard(line: DispatchLine): void;
  /** Moves all clocks; while the record is away, answers which moved of late, each once. */
  move(at: number, recordIsAway: boolean): Moved[];
  /** The dispatches that it goes on with. */
  open(): string[];
  /** On record nothing is left to do for these: their crew or their incident has ended them. */
  ended(dispatchIds: readonly string[], at: number): void;
} {
  const kept = new Map<string, Kept>();
  let untold: { readonly at: number; readonly moved: Moved }[] = [];

  const isOver = ({ clocks }: Kept): boolean => clocks.every(({ endedAt }) => endedAt !== null);

  const forgetOld = (at: number): void => {
    for (const [id, one] of kept) {
      // While its call tells of it, it would be taken for a new one.
      const over = isOver(one) && one.facts.endedAt !== null;
      const { requestedAt } = one;
      if (over || requestedAt < at - keptFor || kept.size > most) kept.delete(id);
    }
  };

  return {
    heardOf({ state, callId, at }) {
      const { incident } = state;
      for (const dispatch of state.dispatches) {
        const { id, agencyId, agencyName, requestedAt } = dispatch;
        const sop = deps.sopOf(agencyId);
        let one = kept.get(id);
        if (one === undefined && (dispatch.endedAt !== null || sop === undefined)) continue;
        const responses = one?.responses ?? [];
        const firstRingAt = dispatch.attempts[0]?.requestedAt ?? null;
        const closedAt = incident.status === 'closed' ? at : null;
        const facts: DispatchFacts = { ...dispatch, firstRingAt, closedAt, responses };
        const message = aboutCall(state);
        if (one === undefined) {
          const clocks = sop === undefined ? [] : newClocks(id, sop);
          if (clocks.length === 0) continue;
          one = {
            facts,
            responses,
            clocks,
            requestedAt,
            agencyId,
            agencyName,
            callId,
            incidentId: incident.id,
            message,
          };
          kept.set(id, one);
        } else Object.assign(one, { facts, message });
      }
    },
    heard({ type, at, detail }) {
      const state = responseState.safeParse(type.replace('responder.', ''));
      const one = kept.get(String(detail['dispatchId']));
      if (state.success && one !== undefined) one.responses.push({ state: state.data, at });
    },
    move(at, recordIsAway) {
      untold = untold.filter((one) => one.at >= at - unnoticed);
      for (const one of kept.values()) {
        const { agencyId, agencyName, callId, incidentId, message } = one;
        one.clocks = one.clocks.map((before) => {
          const { clock, events, tell } = decideClock(before, progressOf(one.facts), deps.ladderOf(agencyId), at);
          if (events.length + tell.length > 0) {
            untold.push({ at, moved: { clock, events, tell, agencyId, agencyName, callId, incidentId, message } });
          }
          return clock;
        });
      }
      forgetOld(at);
      if (!recordIsAway) return [];
      const moved = untold.map((one) => one.moved);
      untold = [];
      return moved;
    },
    open: () => [...kept].filter(([, one]) => !isOver(one)).map(([id]) => id),
    ended(dispatchIds, at) {
      for (const id of dispatchIds) {
        const one = kept.get(id);
        if (one !== undefined) one.clocks = one.clocks.map((clock) => ({ ...clock, endedAt: clock.endedAt ?? at }));
      }
      untold = untold.filter(({ moved }) => !dispatchIds.includes(moved.clock.dispatchId));
    },
  };
}
