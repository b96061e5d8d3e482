import type { Cancel, Clock } from './clock.ts';

/** Does it every so many milliseconds, never twice at once. */
export function everyTurn(
  clock: Clock,
  every: number,
  look: () => Promise<void>,
  failed: (error: unknown) => void,
): Cancel {
  let busy = false;
  return clock.every(every, () => {
    if (busy) return;
    busy = true;
    look()
      .catch(failed)
      .finally(() => (busy = false));
  });
}
