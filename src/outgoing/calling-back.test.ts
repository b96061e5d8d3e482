import { fakeClock } from '../../test/support/fake-clock.ts';
import { createLogger } from '../platform/logger.ts';
import { resultOf, startCallbacks, type CallbackList, type DueCallback } from './calling-back.ts';
import { newOutgoing, type OutgoingCall } from './outgoing.ts';

const due: DueCallback = { id: 'c1', callId: 'call', incidentId: 'incident', number: '0812345', askedBy: null };

function callOf(over: Partial<OutgoingCall> = {}): OutgoingCall {
  const call = newOutgoing({
    id: 'x',
    application: 'siaga-1',
    purpose: 'callback',
    at: 0,
    by: null,
    number: '0812345',
    shownNumber: '112',
    incidentId: null,
    callbackId: 'c1',
    callInfo: '',
    timing: { reserve: 1, operatorRing: 1, outsideRing: 1, duration: 1, warning: 1, closing: 1 },
    operatorId: null,
    channelId: null,
  });
  return { ...call, ...over };
}

function world(list: Partial<CallbackList> = {}) {
  const clock = fakeClock();
  const state = { waiting: false, atOnce: 1, mayStart: true, underWay: [] as OutgoingCall[] };
  const placed: string[] = [];
  const tried: string[] = [];
  const callbacks = startCallbacks({
    list: {
      nextDue: () => Promise.resolve(due),
      tried(id, result, reason) {
        tried.push(`${id} ${result} ${reason}`);
        return Promise.resolve();
      },
      onDue: () => () => undefined,
      ...list,
    },
    clock,
    logger: createLogger('silent'),
    atOnce: () => state.atOnce,
    callersWait: () => state.waiting,
    underWay: () => state.underWay,
    mayStart: () => state.mayStart,
    place(one) {
      placed.push(one.id);
      state.underWay.push(callOf({ callbackId: one.id }));
      return Promise.resolve();
    },
  });
  /** Seconds go by, one after the other. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { callbacks, state, placed, tried, pass };
}

describe('calling back', () => {
  it('takes who is due, once', async () => {
    const { placed, pass, callbacks } = world();
    await pass(3);
    expect(placed).toEqual(['c1']);
    callbacks.stop();
  });

  it('never while a caller waits, also one who came while the list was asked', async () => {
    const { placed, tried, pass, state } = world({
      nextDue: () => {
        state.waiting = true;
        return Promise.resolve(due);
      },
    });
    await pass(2);
    expect([placed, tried]).toEqual([[], ['c1 not-tried a caller waits']]);
    const other = world();
    other.state.waiting = true;
    await other.pass(5);
    expect(other.placed).toEqual([]);
    other.state.waiting = false;
    await other.pass(1);
    expect(other.placed).toEqual(['c1']);
  });

  it('with no more operators at a time than set, and only where it may', async () => {
    const ids = ['c1', 'c2', 'c3'];
    const { placed, pass, state } = world({
      nextDue: () => Promise.resolve({ ...due, id: ids[placed.length] ?? 'c4' }),
    });
    state.atOnce = 2;
    await pass(5);
    expect(placed).toEqual(['c1', 'c2']);
    const off = world();
    off.state.atOnce = 0;
    await off.pass(3);
    off.state.atOnce = 1;
    off.state.mayStart = false;
    await off.pass(3);
    expect(off.placed).toEqual([]);
  });

  it('tells the list how a try went, also that an operator who was not there is none', () => {
    const { callbacks, tried } = world();
    callbacks.ended(callOf({ outcome: 'no-operator', reason: 'busy' }));
    callbacks.ended(callOf({ outcome: 'no-answer', reason: 'cause 19' }));
    callbacks.ended(callOf({ outcome: 'answered', reason: 'over', callbackId: null }));
    expect(tried).toEqual(['c1 not-tried no-operator: busy', 'c1 not-reached no-answer: cause 19']);
  });

  it('takes one without a number off its hands', async () => {
    const { placed, tried, pass } = world({ nextDue: () => Promise.resolve({ ...due, number: null }) });
    await pass(2);
    expect([placed, tried]).toEqual([[], ['c1 not-reached no number']]);
  });

  it('goes on when the list fails', async () => {
    let asked = 0;
    const { placed, pass } = world({
      nextDue: () => ((asked += 1) === 1 ? Promise.reject(new Error('away')) : Promise.resolve(due)),
    });
    await pass(4);
    expect(placed).toEqual(['c1']);
  });

  it('begins at once when a job says that somebody is due', async () => {
    let due: () => void = () => undefined;
    const { placed, pass } = world({
      onDue(fn) {
        due = fn;
        return () => undefined;
      },
    });
    due();
    await pass(1);
    expect(placed).toEqual(['c1']);
  });

  it.each([
    ['answered', 'over', 'reached'],
    ['busy', '', 'not-reached'],
    ['no-answer', '', 'not-reached'],
    ['unreachable', '', 'not-reached'],
    ['declined', '', 'not-reached'],
    ['refused', 'not-allowed', 'not-reached'],
    ['refused', 'at-once', 'not-tried'],
    ['refused', 'no-trunk', 'not-tried'],
    ['no-operator', '', 'not-tried'],
    ['cancelled', 'the operator hung up', 'not-tried'],
  ] as const)('%s (%s) is %s to the list', (outcome, reason, result) => {
    expect(resultOf({ outcome, reason })).toBe(result);
  });
});
