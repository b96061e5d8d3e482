import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { isUnavailable } from './postgres.ts';

const again = 5_000;

/**
 * Writes to PostgreSQL what cannot wait for it, one after the other, and keeps what it does not take now: tried again every
 * five seconds. `most` are kept; `lose` hears of what will never be written: the oldest of too many, what is refused, and
 * what is left at the stop. Nothing here throws.
 */
export function createKeptWrites<T>(deps: {
  write: (one: T) => Promise<void>;
  lose: (one: T, error?: unknown) => void;
  most: number;
  /** What waits, for the log. */
  what: string;
  clock: Clock;
  logger: Logger;
}): {
  readonly keep: (one: T) => void;
  /** Tries once more what is left. */
  readonly stop: () => Promise<void>;
} {
  const { lose, most, what, clock, logger } = deps;
  const waiting: { one: T }[] = [];
  let writing: Promise<void> | null = null;

  const writeOne = async (one: T): Promise<void> => {
    try {
      await deps.write(one);
    } catch (error) {
      if (isUnavailable(error)) throw error;
      // It would be refused again, and those behind it would never be written.
      lose(one, error);
    }
  };

  const writeAll = async (): Promise<void> => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const kept = next;
      await writeOne(kept.one);
      if (waiting[0] === kept) waiting.shift();
    }
  };

  const write = (): Promise<void> => {
    writing ??= writeAll()
      .catch((error: unknown) => logger.warn({ err: error, waiting: waiting.length }, `${what} wait`))
      .finally(() => (writing = null));
    return writing;
  };

  const stopRetrying = clock.every(again, () => {
    if (waiting.length > 0) void write();
  });

  return {
    keep(one) {
      waiting.push({ one });
      const dropped = waiting.length > most ? waiting.shift() : undefined;
      if (dropped !== undefined) lose(dropped.one);
      void write();
    },
    async stop() {
      stopRetrying();
      if (waiting.length > 0) await write();
      for (const { one } of waiting) lose(one);
    },
  };
}
