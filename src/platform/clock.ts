/** Stops a timer; harmless when it has fired already. */
export type Cancel = () => void;

/** Where time comes from. Code takes a clock instead of reading the time, so that tests can move it. */
export interface Clock {
  /** Epoch milliseconds: for records, never for measuring. */
  now(): number;
  /** Milliseconds that never go back: for measuring and for noticing a pause of the process. */
  monotonic(): number;
  /** Runs `fn` once after `ms`. */
  after(ms: number, fn: () => void): Cancel;
  /** Runs `fn` every `ms` until cancelled. */
  every(ms: number, fn: () => void): Cancel;
}

/**
 * The machine's clock as it was when the process started, and steady from then on: a step of the system's time moves no
 * timer of a call. `clockOffset` tells how far the two have come apart. Its timers never keep the process alive.
 */
export const systemClock: Clock = {
  now: () => Math.round(performance.timeOrigin + performance.now()),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(ms, fn) {
    const timer = setInterval(fn, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

const clockTolerance = 2_000;

/**
 * Tells when the system's time has come apart from the process's own, and by how many milliseconds it is ahead: records
 * carry the process's time, so that it should be started anew at a quiet moment.
 */
export function watchClock(clock: Clock, wallTime: () => number, onApart: (milliseconds: number) => void): Cancel {
  let apart = 0;
  return clock.every(10_000, () => {
    const now = Math.round(wallTime() - clock.now());
    if (Math.abs(now - apart) < clockTolerance) return;
    apart = now;
    if (Math.abs(now) >= clockTolerance) onApart(now);
  });
}

/** Resolves after `ms` on the given clock. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
