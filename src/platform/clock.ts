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

/** Milliseconds by which the system's time is ahead of the process's own: not 0 after it was set. */
export function clockOffset(clock: Clock): number {
  return Date.now() - clock.now();
}

/** Resolves after `ms` on the given clock. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
