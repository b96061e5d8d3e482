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
  /** Characters of JSON. */
  keepCharacters?: number;
}): Feed {
  const { clock, keep = 5_000, keepCharacters = 32_000_000 } = deps;
  const start = clock.now().toString(36);
  const kept: { event: FeedEvent; characters: number }[] = [];
  let characters = 0;
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

  const drop = (): void => {
    const oldest = kept.shift();
    if (oldest === undefined) return;
    characters -= oldest.characters;
    if (oldest.event.callId !== null) forget(oldest.event.callId);
  };

  return {
    publish(event, at) {
      count += 1;
      const full: FeedEvent = { id: `${start}-${count}`, at: isoTime(at), ...event };
      // A screen's event has the whole call in it: a count alone would be no bound.
      const length = JSON.stringify(full).length;
      kept.push({ event: full, characters: length });
      characters += length;
      if (full.callId !== null) remember(full.callId);
      while (kept.length > keep || (characters > keepCharacters && kept.length > 1)) drop();
      for (const reader of readers) reader(full);
    },
    since(lastId) {
      const index = kept.findIndex(({ event }) => event.id === lastId);
      if (index === -1) return undefined;
      return kept.slice(index + 1).map(({ event }) => event);
    },
    subscribe(reader) {
      readers.add(reader);
      return () => readers.delete(reader);
    },
    circleOf: ({ callId }) => (callId === null ? nobodys : circleOf(callId)),
  };
}
