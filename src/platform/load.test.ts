import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import { createMetrics } from './metrics.ts';
import { decideLoad, lateFrom, unloaded, waitingFrom, watchLoad, type Load } from './load.ts';

const fine = { late: 10, waiting: 3 };

/** One sample after the other, half a second apart. */
function after(...samples: { late: number; waiting: number }[]): boolean {
  return samples.reduce<Load>((load, sample, index) => decideLoad(load, sample, index * 500), unloaded).overloaded;
}

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

describe.each([
  ['comes late', { late: lateFrom, waiting: 0 }],
  ['has commands that wait', { late: 0, waiting: waitingFrom }],
])('a process that %s', (_how, behind) => {
  test('for two seconds is overloaded', () => {
    expect(after(...times(4, behind))).toBe(false);
    expect(after(...times(5, behind))).toBe(true);
  });

  test('once, or now and then, is not', () => {
    expect(after(...times(4, behind), fine, ...times(4, behind))).toBe(false);
  });

  test('keeps up again after two seconds without it', () => {
    expect(after(...times(5, behind), ...times(4, fine))).toBe(true);
    expect(after(...times(5, behind), ...times(4, fine), behind, ...times(4, fine))).toBe(true);
    expect(after(...times(5, behind), ...times(5, fine))).toBe(false);
  });
});

test('a process at its limit, and not beyond it, keeps up', () => {
  expect(after(...times(20, { late: lateFrom - 1, waiting: waitingFrom - 1 }))).toBe(false);
});

/** A clock whose every turn takes long, as in a process that has too much to do. */
function slow(): FakeClock & { run: (ms: number, turn: number) => void } {
  const clock = fakeClock(0);
  let behind = 0;
  return {
    ...clock,
    monotonic: () => clock.monotonic() + behind,
    run(ms, turn) {
      for (const end = behind + ms; behind < end; behind += turn) clock.advance(50);
      clock.advance(50);
    },
  };
}

test('a busy start is no overload; turns of 600 ms later on are', () => {
  const clock = slow();
  const load = watchLoad({ clock, metrics: createMetrics(), waiting: () => 0 });
  clock.run(10_000, 600);
  expect(load.overloaded()).toBe(true);
  load.begin();
  clock.advance(1_500);
  expect(load.overloaded()).toBe(false);
  clock.run(3_000, 600);
  expect(load.overloaded()).toBe(true);
  clock.advance(5_000);
  expect(load.overloaded()).toBe(false);
  load.stop();
});

test('commands that wait are asked for at each sample', () => {
  const clock = fakeClock(0);
  let waiting = 0;
  const load = watchLoad({ clock, metrics: createMetrics(), waiting: () => waiting });
  clock.advance(5_000);
  expect(load.overloaded()).toBe(false);
  waiting = 200;
  clock.advance(3_000);
  expect(load.overloaded()).toBe(true);
});
