import type { Clock } from '../platform/clock.ts';

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
}

export function createFeed(clock: Clock, keep = 5_000): Feed {
  const start = clock.now().toString(36);
  const kept: FeedEvent[] = [];
  const readers = new Set<(event: FeedEvent) => void>();
  let count = 0;

  return {
    publish(event, at) {
      count += 1;
      const full: FeedEvent = { id: `${start}-${count}`, at: new Date(at).toISOString(), ...event };
      kept.push(full);
      if (kept.length > keep) kept.shift();
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
  };
}
