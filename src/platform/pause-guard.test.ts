import { fakeClock } from '../../test/support/fake-clock.ts';
import type { Clock } from './clock.ts';
import { createPauseGuard } from './pause-guard.ts';

/** A clock whose timers can be kept from running, as those of a process that stands still. */
function stoppable(): Clock & { run: (ms: number) => void; standStill: (ms: number) => void } {
  const clock = fakeClock(0);
  let stoodStill = 0;
  return {
    ...clock,
    monotonic: () => clock.monotonic() + stoodStill,
    run: (ms) => clock.advance(ms),
    standStill: (ms) => (stoodStill += ms),
  };
}

describe('the pause guard', () => {
  it('holds nothing while the process runs', () => {
    const clock = stoppable();
    const guard = createPauseGuard(clock);
    clock.run(10_000);
    expect([guard.held(), guard.keepsUp()]).toEqual([false, true]);
  });

  it('holds from the first look after a pause until Asterisk was heard', () => {
    const clock = stoppable();
    const guard = createPauseGuard(clock);
    clock.run(1_000);
    clock.standStill(4_000);
    expect(guard.held()).toBe(true);
    clock.run(250);
    expect(guard.held()).toBe(true);
    guard.heard();
    expect(guard.held()).toBe(false);
  });

  it('counts nothing of the start', () => {
    const clock = stoppable();
    const guard = createPauseGuard(clock);
    clock.standStill(4_000);
    expect([guard.held(), guard.keepsUp()]).toEqual([true, false]);
    guard.begin();
    expect([guard.held(), guard.keepsUp()]).toEqual([false, true]);
    clock.standStill(1_500);
    expect([guard.held(), guard.keepsUp()]).toEqual([true, false]);
  });

  it('lets go by itself when Asterisk says nothing', () => {
    const clock = stoppable();
    const guard = createPauseGuard(clock);
    clock.standStill(4_000);
    expect(guard.held()).toBe(true);
    clock.run(6_000);
    expect(guard.held()).toBe(false);
  });

  it('does not keep up for a while after it came late', () => {
    const clock = stoppable();
    const guard = createPauseGuard(clock);
    clock.standStill(1_500);
    expect(guard.keepsUp()).toBe(false);
    clock.run(2_500);
    expect(guard.keepsUp()).toBe(true);
  });
});
