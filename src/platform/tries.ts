import type { Clock } from './clock.ts';

/** Tries that went wrong, by whose they were. */
export interface Tries {
  /** As many as may be, and the first of them is not old enough yet. */
  locked(key: string): boolean;
  count(key: string): void;
  /** Begins anew. */
  forget(key: string): void;
}

/**
 * Counts tries in memory: `limit` of them within so many milliseconds. Of more than `most` keys those that tried longest ago
 * are forgotten.
 */
export function createTries(deps: { clock: Clock; limit: number; within: number; most: number }): Tries {
  const tries = new Map<string, number[]>();
  const recent = (key: string): number[] => {
    const since = deps.clock.now() - deps.within;
    return (tries.get(key) ?? []).filter((at) => at > since);
  };
  return {
    locked: (key) => recent(key).length >= deps.limit,
    count(key) {
      const times = [...recent(key), deps.clock.now()].slice(-deps.limit);
      // The latest stand last.
      tries.delete(key);
      tries.set(key, times);
      const oldest = tries.size > deps.most ? tries.keys().next().value : undefined;
      if (oldest !== undefined) tries.delete(oldest);
    },
    forget: (key) => void tries.delete(key),
  };
}
