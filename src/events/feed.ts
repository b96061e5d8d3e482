import type { Call } from '../calls/call.ts';
import type { Clock } from '../platform/clock.ts';
import { shortName } from '../platform/presence.ts';
import { isoTime } from '../platform/text.ts';
import { circleOfCall, laterCircle, type CallInCircle, type Circle } from '../incidents/need-to-know.ts';

/** One event as it is sent: an id to resume from, what happened, and the parts it concerns. */
export interface FeedEvent {
  id: string;
  at: string;
  type: string;
  callId: string | null;
  incidentId: string | null;
  detail: Record<string, unknown>;
}

/**
 * Who of a node's controllers tells of it: `one`, in which it happens, and the others pass it on; `line`: each of its own line, and
 * the leader's is the one that counts; `each`: every controller finds it out by itself.
 */
export type Told = 'one' | 'line' | 'each';

/** An event as other controllers hear of it, with whom its call concerns: they do not have the call. */
export interface PassedEvent {
  readonly event: FeedEvent;
  readonly told: 'one' | 'line';
  readonly circle: Circle;
}

/** The live feed: kept in memory, so that it goes on without Redis or PostgreSQL. */
export interface Feed {
  publish(event: Omit<FeedEvent, 'id' | 'at'>, at: number, told?: Told): void;
  /** Takes what another controller passes on; what came before is not taken twice. */
  take(passed: PassedEvent): void;
  /** Events of another controller may be missing: every reader has to load the present state anew. */
  lose(): void;
  /** What a reader sends to resume after this event. */
  markOf(event: FeedEvent): string;
  /** Events after a mark, oldest first; undefined when they are no longer kept, and the reader must load anew. */
  since(mark: string): FeedEvent[] | undefined;
  /** `lost`: events may be missing, and the reader has to load anew. */
  subscribe(reader: (event: FeedEvent) => void, lost?: () => void): () => void;
  /** What happens in this controller, from a little earlier on: for the others. */
  passOn(reader: (passed: PassedEvent) => void): () => void;
  /** Whom the call of an event concerns, by what is known now: one that proved confidential is so from its start. */
  circleOf(event: FeedEvent): Circle;
}

const nobodys: Circle = { kind: null, operatorIds: [] };

/** A call that is here; one that was given back to the human path may be another controller's by now. */
type CallHere = CallInCircle & Partial<Pick<Call, 'outcome'>>;

/** Milliseconds: so far may the order in which two controllers hear of the same differ, and so long may it take to find one that is new. */
export const overlap = 2_000;

/** What every controller finds out by itself is passed on to none. */
export function foundByEach(feed: Feed): Feed {
  return { ...feed, publish: (event, at) => feed.publish(event, at, 'each') };
}

/** `callOf` finds a call while it is here; whom it concerns is remembered for as long as an event of it is kept. */
export function createFeed(deps: {
  clock: Clock;
  callOf: (callId: string) => CallHere | undefined;
  /** Another controller leads, and its line is told of. */
  isLed?: () => boolean;
  /** The process start, which its events are known by. */
  name?: string;
  keep?: number;
  /** Characters of JSON. */
  keepCharacters?: number;
}): Feed {
  const { clock, isLed = () => false, keep = 5_000, keepCharacters = 32_000_000 } = deps;
  const start = deps.name === undefined ? clock.now().toString(36) : shortName(deps.name);
  const kept: { event: FeedEvent; told: Told | 'passed'; characters: number; heardAt: number }[] = [];
  const ids = new Set<string>();
  let characters = 0;
  const readers = new Map<(event: FeedEvent) => void, () => void>();
  const others = new Set<(passed: PassedEvent) => void>();
  const calls = new Map<string, { circle: Circle; events: number }>();
  let count = 0;

  const liveCall = (callId: string | null): CallHere | undefined => {
    const call = callId === null ? undefined : deps.callOf(callId);
    return call?.outcome === 'returned' ? undefined : call;
  };

  const circleOf = (callId: string | null): Circle => {
    if (callId === null) return nobodys;
    const known = calls.get(callId)?.circle ?? nobodys;
    const call = deps.callOf(callId);
    if (call === undefined) return known;
    // What was heard since of a call that was given back is its next owner's word.
    return call.outcome === 'returned'
      ? laterCircle(circleOfCall(call), known)
      : laterCircle(known, circleOfCall(call));
  };

  const remember = (callId: string, circle: Circle): void => {
    const { circle: known = nobodys, events = 0 } = calls.get(callId) ?? {};
    calls.set(callId, { circle: laterCircle(known, circle), events: events + 1 });
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
    ids.delete(oldest.event.id);
    if (oldest.event.callId !== null) forget(oldest.event.callId);
  };

  const show = (event: FeedEvent, told: Told | 'passed', circle: Circle): void => {
    // A screen's event has the whole call in it: a count alone would be no bound.
    const length = JSON.stringify(event).length;
    kept.push({ event, told, characters: length, heardAt: clock.monotonic() });
    ids.add(event.id);
    characters += length;
    if (event.callId !== null) remember(event.callId, circle);
    while (kept.length > keep || (characters > keepCharacters && kept.length > 1)) drop();
    for (const reader of readers.keys()) reader(event);
  };

  return {
    publish(event, at, told = 'one') {
      count += 1;
      const full: FeedEvent = { id: `${start}-${count}`, at: isoTime(at), ...event };
      const circle = circleOf(full.callId);
      if (told !== 'line' || !isLed()) show(full, told, circle);
      if (told !== 'each') for (const other of others) other({ event: full, told, circle });
    },
    take({ event, circle }) {
      if (ids.has(event.id)) return;
      show(event, 'passed', liveCall(event.callId) === undefined ? circle : circleOf(event.callId));
    },
    lose() {
      while (kept.length > 0) drop();
      for (const lost of readers.values()) lost();
    },
    markOf: ({ id }) => `${id}/${start}`,
    since(mark) {
      const [id, by = start] = mark.split('/');
      let index = kept.findIndex(({ event }) => event.id === id);
      const heardAt = kept[index]?.heardAt;
      if (heardAt === undefined) return undefined;
      // Another controller has told him so far, and may have heard in another order: a little is told again.
      if (by !== start) index = kept.findIndex((one) => one.heardAt >= heardAt - overlap) - 1;
      return kept.slice(index + 1).map(({ event }) => event);
    },
    subscribe(reader, lost = () => undefined) {
      readers.set(reader, lost);
      return () => readers.delete(reader);
    },
    passOn(reader) {
      const from = clock.monotonic() - overlap;
      for (const { event, told, heardAt } of kept) {
        if (heardAt >= from && (told === 'one' || told === 'line')) {
          reader({ event, told, circle: circleOf(event.callId) });
        }
      }
      others.add(reader);
      return () => others.delete(reader);
    },
    circleOf: ({ callId }) => circleOf(callId),
  };
}
