import type { Cancel, Clock } from '../../src/platform/clock.ts';

interface Timer {
  due: number;
  order: number;
  every: number | undefined;
  fn: () => void;
}

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /** Moves time forward and fires, in order, every timer that comes due on the way. */
  advance(ms: number): void;
  /** Sets the wall clock without firing anything, as a correction of the system's time would. */
  setWall(epochMs: number): void;
  /** How many timers are waiting. */
  pending(): number;
}

/** Makes a clock that starts at `start` (epoch ms). */
export function fakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0;
  let wallOffset = start;
  let order = 0;
  const timers = new Set<Timer>();
  const add = (ms: number, every: number | undefined, fn: () => void): Cancel => {
    const timer = { due: elapsed + Math.max(0, ms), order: order++, every, fn };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const nextDue = (limit: number): Timer | undefined => {
    let best: Timer | undefined;
    for (const timer of timers) {
      if (timer.due > limit) continue;
      if (!best || timer.due < best.due || (timer.due === best.due && timer.order < best.order)) best = timer;
    }
    return best;
  };
  return {
    now: () => wallOffset + elapsed,
    monotonic: () => elapsed,
    after: (ms, fn) => add(ms, undefined, fn),
    every: (ms, fn) => add(ms, Math.max(1, ms), fn),
    advance(ms) {
      const limit = elapsed + ms;
      for (let timer = nextDue(limit); timer; timer = nextDue(limit)) {
        elapsed = Math.max(elapsed, timer.due);
        if (timer.every === undefined) timers.delete(timer);
        else timer.due += timer.every;
        timer.fn();
      }
      elapsed = limit;
    },
    setWall(epochMs) {
      wallOffset = epochMs - elapsed;
    },
    pending: () => timers.size,
  };
}
