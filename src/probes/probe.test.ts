import { afterProbe, failureOf, leads, newProgress, type ProbeHealth, type ProbeProgress } from './probe.ts';

const through: ProbeProgress = {
  sent: true,
  offered: true,
  claimed: true,
  answered: true,
  heardByCitizen: 10,
  heardOfCitizen: 10,
};

it.each<[Partial<ProbeProgress>, string | null]>([
  [{}, null],
  [{ heardOfCitizen: 0 }, 'citizen-not-heard'],
  [{ heardByCitizen: 0 }, 'not-heard-by-citizen'],
  [{ answered: false }, 'not-answered'],
  [{ claimed: false }, 'not-claimed'],
  [{ offered: false, claimed: false }, 'not-offered'],
  [newProgress(), 'not-sent'],
])('a probe that came so far: %j', (missing, failure) => {
  expect(failureOf({ ...through, ...missing })).toBe(failure);
});

describe('a carrier’s way', () => {
  const result = (at: number, failure: ProbeHealth['failure']) => ({
    carrier: 'telkom',
    at,
    failure,
    milliseconds: 50,
  });

  it('is told of when it fails first, and when it comes through again, once each', () => {
    const told: (string | null)[] = [];
    let health: ProbeHealth | undefined;
    for (const [at, failure] of [
      [1, null],
      [2, 'not-claimed'],
      [3, 'not-sent'],
      [4, null],
      [5, null],
    ] as const) {
      const after = afterProbe(health, result(at, failure));
      health = after.health;
      told.push(after.alarm);
    }
    expect(told).toEqual([null, 'probe-failed', null, 'probe-well', null]);
    expect(health).toMatchObject({ at: 5, since: 4 });
  });

  it('that fails the very first time is told of', () => {
    expect(afterProbe(undefined, result(1, 'not-offered')).alarm).toBe('probe-failed');
  });
});

it.each([
  [['siaga-n1-0-77-abc', 'siaga-n1-1-78-abd'], false],
  [['siaga-n1-1-78-abd', 'siaga-n1-2-79-abe', 'other'], true],
  // Another node's leader, and one whose name only begins like ours.
  [['siaga-n10-0-77-abc', 'siaga-n1-b-0-77-abc'], true],
])('of %j the second probes: %s', (names, expected) => {
  expect(leads(names, { node: 'n1', rank: 1 })).toBe(expected);
});
