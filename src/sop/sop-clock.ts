import { z } from 'zod';

export const clockNames = ['accept', 'depart', 'arrive'] as const;
export type ClockName = (typeof clockNames)[number];

/** A clock of an agency's operating procedure, for one dispatch: plain JSON. Times are epoch milliseconds. */
export interface SopClock {
  readonly dispatchId: string;
  readonly clock: ClockName;
  readonly seconds: number;
  /** Null before what it counts from has happened. */
  startedAt: number | null;
  dueAt: number | null;
  state: ClockState;
  /** When it is to be looked at again; null when nothing is left to do. */
  nextAt: number | null;
  /** When what it waits for happened, or nobody waits for it any more. */
  endedAt: number | null;
  /** Recipients in the order in which they were told that the agency is late; each once. */
  told: string[];
}

/** An overdue clock stays so, also when the agency comes in the end. */
export const clockState = z.enum(['waiting', 'running', 'warned', 'overdue', 'kept', 'cancelled']);
export type ClockState = z.output<typeof clockState>;

/** What has happened to a dispatch, as far as clocks go by it. Times are epoch milliseconds; null: not yet. */
export interface Progress {
  /** Somebody was rung, or told. */
  readonly begunAt: number | null;
  /** A person of the agency has it, or its crew has said anything. */
  readonly acceptedAt: number | null;
  /** A person of the agency undertook to send somebody. */
  readonly undertakenAt: number | null;
  readonly departedAt: number | null;
  readonly arrivedAt: number | null;
  /** It was cancelled or declined, or its incident is closed. */
  readonly calledOffAt: number | null;
}

/** Who is told when an agency is late: its contacts one after the other, then all leaders. */
export interface Ladder {
  readonly contacts: readonly string[];
  readonly leaders: readonly string[];
  /** Milliseconds between two steps. */
  readonly every: number;
}

/** The clocks of a dispatch at its beginning. `sop`: the agency's, in seconds; null: no such clock. */
export function newClocks(
  dispatchId: string,
  sop: { acceptSeconds: number | null; departSeconds: number | null; arriveSeconds: number | null },
): SopClock[] {
  const limits: Record<ClockName, number | null> = {
    accept: sop.acceptSeconds,
    depart: sop.departSeconds,
    arrive: sop.arriveSeconds,
  };
  return clockNames.flatMap((clock) => {
    const seconds = limits[clock];
    if (seconds === null) return [];
    const empty = { startedAt: null, dueAt: null, nextAt: null, endedAt: null };
    return [{ dispatchId, clock, seconds, ...empty, state: 'waiting' as const, told: [] }];
  });
}
