import { fakeClock } from '../../test/support/fake-clock.ts';
import type { CallInCircle } from '../incidents/need-to-know.ts';
import { createFeed, type Feed, type FeedEvent } from './feed.ts';

const tell = (feed: Feed, callId: string | null, type = 'x'): void =>
  feed.publish({ type, callId, incidentId: null, detail: {} }, 0);

function recorded(feed: Feed): FeedEvent[] {
  const events: FeedEvent[] = [];
  feed.subscribe((event) => events.push(event));
  return events;
}

test('what was missed follows, and what is no longer kept is said to be gone', () => {
  const feed = createFeed({ clock: fakeClock(), callOf: () => undefined, keep: 3 });
  const events = recorded(feed);
  for (const type of ['a', 'b', 'c', 'd']) tell(feed, null, type);
  expect(feed.since(events[1]?.id ?? '')?.map(({ type }) => type)).toEqual(['c', 'd']);
  expect(feed.since(events[0]?.id ?? '')).toBeUndefined();
});

test('the feed is bounded by what it holds as well as by how many', () => {
  const feed = createFeed({ clock: fakeClock(), callOf: () => undefined, keepCharacters: 1_000 });
  const events = recorded(feed);
  const large = (length: number): void =>
    feed.publish({ type: 'x', callId: null, incidentId: null, detail: { text: 'x'.repeat(length) } }, 0);
  for (let one = 0; one < 4; one += 1) large(200);
  expect(feed.since(events[0]?.id ?? '')).toBeUndefined();
  expect(feed.since(events[1]?.id ?? '')).toHaveLength(2);
  // The latest is kept, however large: who reads on from it has missed nothing.
  large(5_000);
  expect(feed.since(events[3]?.id ?? '')).toBeUndefined();
  expect(feed.since(events[4]?.id ?? '')).toEqual([]);
});

test('a call that proves confidential is so from its first event on, and stays so when it is gone', () => {
  const calls = new Map<string, CallInCircle>();
  const feed = createFeed({ clock: fakeClock(), callOf: (callId) => calls.get(callId), keep: 3 });
  const events = recorded(feed);
  calls.set('c', {
    talked: [],
    operator: { operatorId: 'op-1' },
    others: [],
    parties: [],
    incident: { kind: null },
  });
  tell(feed, 'c');
  calls.set('c', {
    talked: ['op-1'],
    operator: null,
    others: [],
    parties: [],
    incident: { kind: 'domestic-violence' },
  });
  tell(feed, 'c');
  calls.delete('c');
  const [first] = events;
  if (first === undefined) throw new Error('nothing was told');
  expect(feed.circleOf(first)).toEqual({ kind: 'domestic-violence', operatorIds: ['op-1'] });
  // Forgotten with its last event, not before.
  for (let more = 0; more < 2; more += 1) tell(feed, null);
  expect(feed.circleOf(first).kind).toBe('domestic-violence');
  tell(feed, null);
  expect(feed.circleOf(first).kind).toBeNull();
});

const circleOf = (feed: Feed, callId: string) =>
  feed.circleOf({ id: '', at: '', type: 'x', callId, incidentId: null, detail: {} });
const called = (kind: string | null, operatorId: string, outcome: 'returned' | null = null) => ({
  ...{ talked: [operatorId], operator: null, others: [], parties: [], incident: { kind }, outcome },
});

/** A feed that has the calls, and one that hears what happens in it. */
function two(calls: Map<string, ReturnType<typeof called>>, elsewhere = new Map<string, ReturnType<typeof called>>()) {
  const clock = fakeClock();
  const here = createFeed({ clock, name: 'here', callOf: (callId) => calls.get(callId) });
  const other = createFeed({ clock, name: 'other', callOf: (callId) => elsewhere.get(callId) });
  other.passOn((passed) => here.take(passed));
  return { here, other, elsewhere };
}

test('a call that was given back concerns whom its next owner says', () => {
  const calls = new Map([['c', called(null, 'op-here')]]);
  const { here, other, elsewhere } = two(calls);
  tell(here, 'c');
  calls.set('c', called(null, 'op-here', 'returned'));
  elsewhere.set('c', called('domestic-violence', 'op-other'));
  const events = recorded(here);
  tell(other, 'c');
  expect(events).toHaveLength(1);
  expect(circleOf(here, 'c')).toEqual({ kind: 'domestic-violence', operatorIds: ['op-other'] });
});

test('a call that was given back concerns whom it did while nobody else tells of it', () => {
  const calls = new Map([['c', called('domestic-violence', 'op-here')]]);
  const { here } = two(calls);
  calls.set('c', called('domestic-violence', 'op-here', 'returned'));
  tell(here, 'c');
  expect(circleOf(here, 'c')).toEqual({ kind: 'domestic-violence', operatorIds: ['op-here'] });
});

test('a call that is under way here is believed, whoever else tells of it', () => {
  const calls = new Map([['c', called('domestic-violence', 'op-here')]]);
  const { here, other } = two(calls, new Map([['c', called('fire', 'op-other')]]));
  tell(other, 'c');
  expect(circleOf(here, 'c')).toEqual({ kind: 'domestic-violence', operatorIds: ['op-here'] });
});

test('who tells of a confidential call and knows nothing of it makes it known to nobody', () => {
  const { here, other, elsewhere } = two(new Map(), new Map([['c', called('domestic-violence', 'op-1')]]));
  tell(other, 'c');
  elsewhere.delete('c');
  other.lose();
  tell(other, 'c', 'callback.listed');
  expect(circleOf(here, 'c')).toEqual({ kind: 'domestic-violence', operatorIds: ['op-1'] });
  elsewhere.set('c', called(null, 'op-2'));
  tell(other, 'c');
  expect(circleOf(here, 'c')).toEqual({ kind: 'domestic-violence', operatorIds: ['op-1', 'op-2'] });
  // Whoever says what it is instead is believed.
  elsewhere.set('c', called('fire', 'op-2'));
  tell(other, 'c');
  expect(circleOf(here, 'c')).toEqual({ kind: 'fire', operatorIds: ['op-2'] });
});
