import type { Clock } from '../platform/clock.ts';
import { isoTime } from '../platform/text.ts';
import { circleOfCall, type CallInCircle, type Circle } from '../incidents/need-to-know.ts';

/** One event as it is sent: an id to resume from, what happened, and the parts it concerns. */
export interface FeedEvent {
  id: string;
  at: string;
  type: string;
  callId: string | null;
  incidentId: string | null;
  detail: Record<string, unknown>;
}

/** The live feed: kept in memory, so that it goes on without Redis or PostgreSQL. */
export interface Feed {
  publish(event: Omit<FeedEvent, 'id' | 'at'>, at: number): void;
  /** Events after `lastId`, oldest first; undefined when they are no longer kept, and the reader must load anew. */
  since(lastId: string): FeedEvent[] | undefined;
  subscribe(reader: (event: FeedEvent) => void): () => void;
  /** Whom the call of an event concerns, by what is known now: one that proved confidential is so from its start. */
  circleOf(event: FeedEvent): Circle;
}

const nobodys: Circle = { kind: null, operatorIds: [] };

/** `callOf` finds a call while it is here; whom it concerns is remembered for as long as an event of it is kept. */
export function createFeed(deps: {
  clock: Clock;
  callOf: (callId: string) => CallInCircle | undefined;
  keep?: number;
}): Feed {
  const { clock, keep = 5_000 } = deps;
  const start = clock.now().toString(36);
  const kept: FeedEvent[] = [];
  const readers = new Set<(event: FeedEvent) => void>();
  const calls = new Map<string, { circle: Circle; events: number }>();
  let count = 0;

  const circleOf = (callId: string): Circle => {
    const call = deps.callOf(callId);
    return call === undefined ? (calls.get(callId)?.circle ?? nobodys) : circleOfCall(call);
  };

  const remember = (callId: string): void => {
    calls.set(callId, { circle: circleOf(callId), events: (calls.get(callId)?.events ?? 0) + 1 });
  };

  const forget = (callId: string): void => {
    const known = calls.get(callId);
    if (known === undefined) return;
    known.events -= 1;
    if (known.events === 0) calls.delete(callId);
  };

  return {
    publish(event, at) {
      count += 1;
      const full: FeedEvent = { id: `${start}-${count}`, at: isoTime(at), ...event };
      kept.push(full);
      if (full.callId !== null) remember(full.callId);
      const oldest = kept.length > keep ? kept.shift() : undefined;
      if (oldest !== undefined && oldest.callId !== null) forget(oldest.callId);
      for (const reader of readers) reader(full);
    },
    since(lastId) {
      const index = kept.findIndex((event) => event.id === lastId);
      if (index === -1) return undefined;
      return kept.slice(index + 1);
    },
    subscribe(reader) {
      readers.add(reader);
      return () => readers.delete(reader);
    },
    circleOf: ({ callId }) => (callId === null ? nobodys : circleOf(callId)),
  };
}
