import { testCall, testDispatch } from '../test/support/calls.ts';
import { fakeClock } from '../test/support/fake-clock.ts';
import { quietWithoutCall } from '../test/support/quiet-without-call.ts';
import type { Call } from './calls/call.ts';
import { howHere } from './elsewhere.ts';
import { createCopies, type Postgres } from './platform/postgres.ts';

const away = (): Promise<never> => Promise.reject(new Error('not used'));
const postgres: Postgres = {
  ...{ rows: away, first: away, execute: away, transaction: away, close: () => Promise.resolve() },
  reachable: () => true,
  copies: createCopies(),
  listen: () => () => undefined,
};
const clock = fakeClock(2_000_000);
const withoutCall = quietWithoutCall({ application: 'siaga-1', postgres, clock });
afterAll(() => withoutCall.stop());

const live: Call = { ...testCall(), dispatches: [testDispatch()] };
const ended: Call = { ...live, endedAt: 1_000_100, outcome: 'answered' };
const returned: Call = { ...ended, outcome: 'returned' };
const how = (kind: 'call' | 'incident' | 'dispatch', id: string, ...calls: Call[]) =>
  howHere({ runner: { all: () => calls }, withoutCall, outgoing: { has: () => false } }, { kind, id });

test('a call and its dispatches are here until they are forgotten; one that was given back is another’s', () => {
  expect(['call', 'd1'].map((id) => how(id === 'd1' ? 'dispatch' : 'call', id, ended))).toEqual(['live', 'live']);
  expect(how('call', 'call', returned)).toBe('no');
  expect(how('dispatch', 'd1', returned)).toBe('no');
});

test('an incident is here with a live call; after an ended one another may have the redial', () => {
  expect(how('incident', 'incident', live)).toBe('live');
  expect(how('incident', 'incident', ended)).toBe('afterwards');
  expect(how('incident', 'incident', ended, { ...live, id: 'redial' })).toBe('live');
  expect(how('incident', 'incident', returned)).toBe('no');
});

test('an incident without a call is asked of whoever has its dispatches under way', () => {
  expect(how('incident', 'after-its-call')).toBe('no');
  const about = { kind: 'fire', district: null, incidentNumber: '123456', drill: false };
  const state = withoutCall.prepare({
    ...{ id: 'd2', incidentId: 'after-its-call', about, callerNumber: null, callInfo: '', location: null },
    ...{ dispatches: [testDispatch({ id: 'd2' })], operatorId: null },
  });
  expect(withoutCall.begin(state)).toBe(true);
  expect(how('incident', 'after-its-call')).toBe('afterwards');
  expect(how('dispatch', 'd2')).toBe('live');
});
