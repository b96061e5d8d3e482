import { calmFirst, calmMost, decideModes, modesOf, noModes, ofLate, type ModeState } from './decide.ts';
import { modes, type Mode } from './mode.ts';

/** Looks every half second, as a process does, and notes what is told and when. */
function watched(mode: Mode) {
  let state: ModeState = noModes;
  let at = 0;
  const told: string[] = [];
  return {
    told,
    now: () => modesOf(state).map((one) => [one.mode, one.since]),
    look(seen: boolean, milliseconds: number) {
      for (const end = at + milliseconds; at < end; at += 500) {
        const looked = decideModes(state, { [mode]: seen }, at);
        state = looked.state;
        told.push(...looked.told.map((change) => `${at} ${change.type} since ${change.since}`));
      }
    },
  };
}

const patience = modes['redis-away'].beginsAfter;

test.each(Object.entries(modes))(
  '%s begins and ends, each told once with what it means',
  (name, { beginsAfter, meaning }) => {
    const seen = { [name]: true };
    const first = decideModes(noModes, seen, 1_000);
    const begun = beginsAfter === 0 ? first : decideModes(first.state, seen, 1_000 + beginsAfter);
    expect(begun.told).toEqual([{ type: 'mode.began', mode: name, since: 1_000, meaning }]);
    expect(decideModes(begun.state, seen, 99_000).told).toEqual([]);
    expect(modesOf(begun.state)).toEqual([{ mode: name, since: 1_000, meaning }]);
    const unseen = decideModes(begun.state, { [name]: false }, 100_000);
    expect(unseen.told).toEqual([]);
    const ended = decideModes(unseen.state, { [name]: false }, 100_000 + calmFirst);
    expect(ended.told).toEqual([{ type: 'mode.ended', mode: name, since: 1_000, meaning, until: 100_000 }]);
    expect(modesOf(ended.state)).toEqual([]);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
  },
);

test('a blip is no mode', () => {
  const redis = watched('redis-away');
  redis.look(true, patience);
  redis.look(false, 500);
  redis.look(true, patience);
  redis.look(false, 60_000);
  expect(redis.told).toEqual([]);
});

test('what is away for less than five seconds has not ended', () => {
  const redis = watched('redis-away');
  redis.look(true, 2_000);
  redis.look(false, calmFirst - 500);
  redis.look(true, 2_000);
  expect(redis.told).toEqual([`${patience} mode.began since 0`]);
  expect(redis.now()).toEqual([['redis-away', 0]]);
});

test('what comes and goes needs twice the calm each time, up to a minute, and has its patience back later', () => {
  const redis = watched('redis-away');
  const calms = [calmFirst, 10_000, 20_000, 40_000, calmMost, calmMost];
  for (const [index, calm] of calms.entries()) {
    redis.look(true, 2_000);
    redis.look(false, calm);
    expect(redis.told.filter((one) => one.includes('ended'))).toHaveLength(index);
    redis.look(false, 1_000);
    expect(redis.told.filter((one) => one.includes('ended'))).toHaveLength(index + 1);
  }
  redis.look(false, ofLate);
  redis.look(true, 2_000);
  redis.look(false, calmFirst + 1_000);
  expect(redis.now()).toEqual([]);
});

test('flapping for an hour is told a few times only', () => {
  const redis = watched('redis-away');
  for (let times = 0; times < 360; times += 1) {
    redis.look(true, 2_000);
    redis.look(false, 8_000);
  }
  // Each ten minutes it is found out anew.
  expect(redis.told.length).toBeLessThan(30);
});

test('the longest mode comes first, and one that a process cannot be in is left alone', () => {
  const first = decideModes(noModes, { 'journal-failing': true }, 1);
  const both = decideModes(first.state, { 'journal-failing': true, 'journal-filling': true }, 2);
  expect(modesOf(both.state).map(({ mode }) => mode)).toEqual(['journal-failing', 'journal-filling']);
  expect(decideModes(both.state, {}, 90_000).told).toEqual([]);
});
