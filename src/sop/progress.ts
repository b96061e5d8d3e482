import { reachedAt, type ResponseStep } from '../responders/response.ts';
import { speaks, type Mode } from '../routing/rule.ts';
import type { Progress } from './sop-clock.ts';

/** What clocks need of a dispatch, of a live call or on record. Times are epoch milliseconds. */
export interface DispatchFacts {
  readonly mode: Mode;
  readonly state: string;
  /** The first ring; null where nobody was rung. */
  readonly firstRingAt: number | null;
  readonly requestedAt: number;
  readonly acceptedAt: number | null;
  readonly endedAt: number | null;
  /** When its incident was found closed; null while it is open. */
  readonly closedAt: number | null;
  readonly responses: readonly ResponseStep[];
}

/**
 * How far a dispatch is, in the clocks' terms. One that waits for an earlier stage has not begun. Who was only told, or
 * listens, has not undertaken to send anybody before its crew says so. A dispatch that reached nobody is not called off: that
 * is what somebody has to be told of.
 */
export function progressOf(dispatch: DispatchFacts): Progress {
  const { mode, state, requestedAt, endedAt, responses } = dispatch;
  const said = reachedAt(responses, 'acknowledged');
  const told = state === 'told' ? endedAt : null;
  const waits = speaks(mode) && state === 'requested' && dispatch.firstRingAt === null;
  return {
    begunAt: dispatch.firstRingAt ?? (waits ? said : requestedAt),
    acceptedAt: earliest([dispatch.acceptedAt, told, said]),
    undertakenAt: speaks(mode) ? earliest([dispatch.acceptedAt, said]) : said,
    departedAt: reachedAt(responses, 'en-route'),
    arrivedAt: reachedAt(responses, 'on-scene'),
    calledOffAt: dispatch.closedAt ?? (state === 'cancelled' || state === 'declined' ? (endedAt ?? requestedAt) : null),
  };
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}
