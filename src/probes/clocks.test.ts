import { afterLook, clockOff } from './clocks.ts';

it.each([
  ['nobody was asked', [], null],
  [
    'both agree',
    [
      { against: 'postgres', ahead: 1_900, doubt: 5 },
      { against: 'redis', ahead: -1_900, doubt: 5 },
    ],
    null,
  ],
  [
    'one does not',
    [
      { against: 'postgres', ahead: 10, doubt: 5 },
      { against: 'redis', ahead: -2_100, doubt: 5 },
    ],
    'redis',
  ],
  ['the answer took too long to know', [{ against: 'postgres', ahead: 2_400, doubt: 500 }], null],
  [
    'two do not',
    [
      { against: 'postgres', ahead: 3_000, doubt: 900 },
      { against: 'redis', ahead: 2_900, doubt: 5 },
    ],
    'redis',
  ],
])('a clock is off where %s: against %s', (_what, readings, against) => {
  expect(clockOff(readings, 2_000)?.against ?? null).toBe(against);
});

it('is told of at the second look in a row, once, and when it is well again', () => {
  let state = { looksOff: 0, told: false };
  const alarms = [
    { asked: true, off: true },
    { asked: true, off: false },
    { asked: true, off: true },
    { asked: false, off: false },
    { asked: true, off: true },
    { asked: true, off: true },
    { asked: false, off: false },
    { asked: true, off: false },
    { asked: true, off: false },
  ].map((found) => {
    const { alarm, ...next } = afterLook(state, found);
    state = next;
    return alarm;
  });
  expect(alarms).toEqual([null, null, null, null, 'clock-off', null, null, 'clock-well', null]);
});
