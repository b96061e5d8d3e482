import type { Clock } from './clock.ts';

/** Knows whether this process stood still, and whether it keeps up. */
export interface PauseGuard {
  /**
   * True from the moment the process wakes from a pause until Asterisk has answered a ping: what happened meanwhile is
   * in the socket, and no timer may run before it was read.
   */
  readonly held: () => boolean;
  /** False while timers come late: others should take the new calls. */
  readonly keepsUp: () => boolean;
  /** Asterisk has answered a ping that was sent after everything it had told before. */
  readonly heard: () => void;
  /** The process has started and takes calls from now on: that its start kept it busy says nothing of how it keeps up. */
  readonly begin: () => void;
  readonly stop: () => void;
}

const tickEvery = 250;
/** A gap longer than this was a pause. */
const pauseAfter = 1_000;
/** A tick later than this is a process that falls behind. */
const lateAfter = 1_000;
const lateFor = 2_000;
/** Without an answer the timers go on all the same: a connection that is dead has its own limits. */
const holdAtMost = 5_000;

export function createPauseGuard(clock: Clock): PauseGuard {
  let tickedAt = clock.monotonic();
  let heldSince: number | null = null;
  let lateUntil = 0;

  const look = (): void => {
    const now = clock.monotonic();
    const gap = now - tickedAt - tickEvery;
    if (gap > pauseAfter) heldSince ??= now;
    if (gap > lateAfter) lateUntil = now + lateFor;
    if (heldSince !== null && now - heldSince > holdAtMost) heldSince = null;
  };
  const stop = clock.every(tickEvery, () => {
    look();
    tickedAt = clock.monotonic();
  });

  return {
    held: () => {
      look();
      return heldSince !== null;
    },
    keepsUp: () => {
      look();
      return clock.monotonic() >= lateUntil;
    },
    heard: () => (heldSince = null),
    begin() {
      tickedAt = clock.monotonic();
      heldSince = null;
      lateUntil = 0;
    },
    stop,
  };
}
