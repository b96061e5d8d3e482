import { dueCallbacks, rankOf, type Callback } from './callback.ts';

const settings = { callbackMinimumWaitSeconds: 10, callbackMinimumRank: 20, callbackTries: 3 };
const entry = (over: Partial<Callback> = {}): Callback => ({
  id: 'one',
  callId: 'call',
  incidentId: 'incident',
  reason: 'gave-up',
  number: '+62811',
  imei: null,
  abandonedAt: 1_000,
  rangSeconds: 30,
  repeats: 0,
  nearby: false,
  district: null,
  bestFix: null,
  rank: 20,
  notCallable: null,
  state: 'listed',
  tries: 0,
  nextTryAt: null,
  askedBy: null,
  ...over,
});
const due = (...list: Callback[]): string[] => dueCallbacks(list, settings, 5_000).map(({ id }) => id);

describe('the rank', () => {
  it.each([
    ['nothing', { rangSeconds: 0, repeats: 0, located: false, nearby: false, cutOff: false }, 0],
    ['half a minute', { rangSeconds: 30, repeats: 0, located: false, nearby: false, cutOff: false }, 20],
    ['ten minutes', { rangSeconds: 600, repeats: 0, located: false, nearby: false, cutOff: false }, 40],
    ['one repeat', { rangSeconds: 0, repeats: 1, located: false, nearby: false, cutOff: false }, 15],
    ['many repeats', { rangSeconds: 0, repeats: 9, located: false, nearby: false, cutOff: false }, 30],
    ['a place', { rangSeconds: 0, repeats: 0, located: true, nearby: false, cutOff: false }, 10],
    ['a call from there', { rangSeconds: 0, repeats: 0, located: true, nearby: true, cutOff: false }, 30],
    ['all', { rangSeconds: 60, repeats: 2, located: true, nearby: true, cutOff: false }, 100],
    ['a fault', { rangSeconds: 0, repeats: 0, located: false, nearby: false, cutOff: true }, 60],
    ['a fault, and all', { rangSeconds: 60, repeats: 2, located: true, nearby: true, cutOff: true }, 100],
  ])('of %s', (_, signs, rank) => {
    expect(rankOf(signs)).toBe(rank);
  });
});

describe('who is called back', () => {
  it.each<[string, Partial<Callback>, boolean]>([
    ['waited long enough', {}, true],
    ['waited too short, with a high rank', { rangSeconds: 2 }, true],
    ['waited too short, with a low rank', { rangSeconds: 2, rank: 19 }, false],
    ['as above, but he was cut off', { rangSeconds: 2, rank: 0, reason: 'connection-lost' }, true],
    ['was cut off, and was tried often enough', { reason: 'connection-lost', tries: 3 }, false],
    ['waited too short, but a person asked for him', { rangSeconds: 2, rank: 0, askedBy: 'token' }, true],
    ['has no number', { number: null, notCallable: 'anonymous' }, false],
    ['cannot be called', { notCallable: 'placeholder', askedBy: 'token' }, false],
    ['was tried often enough', { tries: 3 }, false],
    ['was tried often enough, and a person asks', { tries: 3, askedBy: 'token' }, true],
    ['is not to be tried yet', { nextTryAt: 5_001 }, false],
    ['is to be tried now', { nextTryAt: 5_000 }, true],
    ['is being called', { state: 'calling' }, false],
    ['was reached', { state: 'reached' }, false],
    ['got through', { state: 'redialled' }, false],
    ['was reviewed', { state: 'reviewed' }, false],
  ])('%s', (_, over, called) => {
    expect(due(entry(over))).toEqual(called ? ['one'] : []);
  });

  it('first whom a person asked for, then by rank, then who has waited longest', () => {
    const list = [
      entry({ id: 'late', number: '1', rank: 50, abandonedAt: 3_000 }),
      entry({ id: 'early', number: '2', rank: 50, abandonedAt: 2_000 }),
      entry({ id: 'high', number: '3', rank: 90 }),
      entry({ id: 'asked', number: '4', rank: 5, askedBy: 'token' }),
    ];
    expect(due(...list)).toEqual(['asked', 'high', 'early', 'late']);
  });

  it('once for all his calls, the latest, and not while he is being called', () => {
    const [first, second] = [entry({ id: 'first' }), entry({ id: 'second', abandonedAt: 2_000 })];
    expect(due(first, second)).toEqual(['second']);
    expect(due(first, { ...second, state: 'calling' })).toEqual([]);
    // The latest has to wait after a try: the earlier ones wait with it.
    expect(due(first, { ...second, nextTryAt: 9_000 })).toEqual([]);
  });
});
