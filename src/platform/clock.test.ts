import { fakeClock } from '../../test/support/fake-clock.ts';
import { systemClock, watchClock } from './clock.ts';

describe('the clock of a process', () => {
  it('starts with the time of the system', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
  });

  it('says once that the system was set to another time, and by how much', () => {
    const clock = fakeClock(0);
    let offset = 500;
    const told: number[] = [];
    watchClock(
      clock,
      () => clock.now() + offset,
      (milliseconds) => told.push(milliseconds),
    );
    clock.advance(30_000);
    expect(told).toEqual([]);
    offset = -3_600_000;
    clock.advance(30_000);
    expect(told).toEqual([-3_600_000]);
    offset = 0;
    clock.advance(30_000);
    expect(told).toHaveLength(1);
  });
});
