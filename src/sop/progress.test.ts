import { progressOf, type DispatchFacts } from './progress.ts';

const facts: DispatchFacts = {
  mode: 'bridge',
  state: 'ringing',
  requestedAt: 10,
  firstRingAt: 20,
  acceptedAt: null,
  endedAt: null,
  closedAt: null,
  responses: [],
};
const said = (state: 'acknowledged' | 'en-route' | 'on-scene' | 'done', at: number) => ({ state, at });

test('a dispatch has begun with its first ring; one that waits for an earlier stage has not', () => {
  expect(progressOf(facts).begunAt).toBe(20);
  expect(progressOf({ ...facts, state: 'requested', firstRingAt: null }).begunAt).toBeNull();
  // No way to the agency at all: that is what somebody has to be told of.
  expect(progressOf({ ...facts, state: 'failed', firstRingAt: null, endedAt: 11 }).begunAt).toBe(10);
  expect(progressOf({ ...facts, mode: 'notify', state: 'requested', firstRingAt: null }).begunAt).toBe(10);
});

test('who talks has undertaken to send somebody; who listens or was told has not before the crew says so', () => {
  expect(progressOf({ ...facts, acceptedAt: 30 })).toMatchObject({ acceptedAt: 30, undertakenAt: 30 });
  expect(progressOf({ ...facts, mode: 'listen', acceptedAt: 30 })).toMatchObject({
    acceptedAt: 30,
    undertakenAt: null,
  });
  const told: DispatchFacts = { ...facts, mode: 'notify', state: 'told', firstRingAt: null, endedAt: 25 };
  expect(progressOf(told)).toMatchObject({ acceptedAt: 25, undertakenAt: null });
  const responses = [said('acknowledged', 40)];
  expect(progressOf({ ...told, responses })).toMatchObject({ acceptedAt: 25, undertakenAt: 40 });
});

test('a later step of the crew implies the earlier ones', () => {
  const { acceptedAt, undertakenAt, departedAt, arrivedAt } = progressOf({
    ...facts,
    responses: [said('on-scene', 70)],
  });
  expect([acceptedAt, undertakenAt, departedAt, arrivedAt]).toEqual([70, 70, 70, 70]);
  const both = progressOf({ ...facts, acceptedAt: 30, responses: [said('en-route', 50), said('done', 90)] });
  expect([both.acceptedAt, both.departedAt, both.arrivedAt]).toEqual([30, 50, 90]);
});

test('cancelled, declined and closed is called off; reaching nobody is not', () => {
  for (const state of ['cancelled', 'declined']) {
    expect(progressOf({ ...facts, state, endedAt: 60 }).calledOffAt).toBe(60);
  }
  for (const state of ['no-answer', 'failed', 'left', 'joined']) {
    expect(progressOf({ ...facts, state, endedAt: 60 }).calledOffAt).toBeNull();
  }
  expect(progressOf({ ...facts, closedAt: 80 }).calledOffAt).toBe(80);
});
