import { fakeClock } from '../../test/support/fake-clock.ts';
import { createTries } from './tries.ts';

test('as many as may be lock one key until the first is old; forgotten, they begin anew; memory is bounded', () => {
  const clock = fakeClock();
  const tries = createTries({ clock, limit: 2, within: 1_000, most: 3 });
  tries.count('a');
  clock.advance(500);
  expect(tries.locked('a')).toBe(false);
  tries.count('a');
  expect([tries.locked('a'), tries.locked('b')]).toEqual([true, false]);
  clock.advance(499);
  expect(tries.locked('a')).toBe(true);
  clock.advance(1);
  expect(tries.locked('a')).toBe(false);
  tries.count('a');
  expect(tries.locked('a')).toBe(true);
  tries.forget('a');
  expect(tries.locked('a')).toBe(false);
  for (const key of ['a', 'a', 'b', 'c']) tries.count(key);
  expect(tries.locked('a')).toBe(true);
  tries.count('d');
  expect(tries.locked('a')).toBe(false);
});
