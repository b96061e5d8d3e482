import { isDeepStrictEqual } from 'node:util';
import type { Cancel, Clock } from './clock.ts';
import type { DiskCopy } from './disk-copy.ts';
import type { Logger } from './logger.ts';
import { isUnavailable, type Postgres } from './postgres.ts';

/** A value whose home is PostgreSQL, held in memory so that calls can read it at once, whatever is away. */
export interface LiveCopy<T> {
  readonly current: () => T;
  /** Where the value in memory came from. */
  readonly source: () => Source;
  /** Reads anew; for the process that has just written, so that it sees its own write. Never throws. */
  readonly reload: () => Promise<void>;
  /** Called after each change of the value. */
  readonly onChange: (fn: (value: T) => void) => Cancel;
  readonly stop: () => void;
}

interface LiveCopyOptions<T> {
  /** For logs. */
  readonly name: string;
  /** NOTIFY on it makes every process read anew. */
  readonly channel: string;
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly read: () => Promise<T>;
  readonly disk: DiskCopy<T>;
  /** What holds when neither PostgreSQL nor the disk has a value. */
  readonly builtIn: T;
}

export type Source = 'database' | 'disk' | 'built-in';
const builtIn = (): Source => 'built-in';

const firstReadLimitMs = 1_500;
const retryMs = 1_000;
/** Should a notification ever be lost, the copy is this old at most. */
const refreshMs = 30_000;

/** Loads the value (PostgreSQL, else disk, else built in) and keeps it fresh from then on. */
export async function startLiveCopy<T>(options: LiveCopyOptions<T>): Promise<LiveCopy<T>> {
  const { name, disk, logger, clock } = options;
  const watchers = new Set<(value: T) => void>();
  let value = options.builtIn;
  let source = builtIn();
  let stopped = false;
  let running: Promise<boolean> | undefined;
  let again = false;
  let cancelRetry: Cancel | undefined;

  const set = (next: T, from: Source): boolean => {
    source = from;
    if (isDeepStrictEqual(next, value)) return false;
    value = next;
    for (const watcher of watchers) {
      try {
        watcher(next);
      } catch (error) {
        logger.error({ err: error, copy: name }, 'a watcher of the copy threw');
      }
    }
    return true;
  };

  const copies = options.postgres.copies;
  const readOnce = async (): Promise<boolean> => {
    try {
      const before = source;
      const next = await options.read();
      const changed = set(next, 'database');
      if (!stopped) copies.note(name, true);
      if (changed || before !== 'database') {
        await disk
          .write(next)
          .catch((error: unknown) => logger.error({ err: error, copy: name }, 'disk copy not written'));
      }
      return true;
    } catch (error) {
      if (!stopped) copies.note(name, false);
      if (!isUnavailable(error)) logger.error({ err: error, copy: name }, 'the copy cannot be read anew');
      return false;
    }
  };

  /** One read at a time; whoever asks during one gets another after it, so that no later state is missed. */
  const reload = (): Promise<boolean> => {
    again = true;
    running ??= (async () => {
      let good = false;
      while (again && !stopped) {
        again = false;
        good = await readOnce();
      }
      running = undefined;
      cancelRetry?.();
      if (!good && !stopped) cancelRetry = clock.after(retryMs, () => void reload());
      return good;
    })();
    return running;
  };

  const first = await Promise.race([
    reload(),
    new Promise<boolean>((resolve) => {
      clock.after(firstReadLimitMs, () => resolve(false));
    }),
  ]);
  if (!first) {
    copies.note(name, false);
    const saved = await disk.read();
    // The slow first read may have come through meanwhile: then it is newer.
    if (saved !== undefined && source === 'built-in') set(saved, 'disk');
    logger.warn({ copy: name, from: source }, 'started without PostgreSQL, from the last copy');
  }
  const cancelListen = options.postgres.listen(options.channel, () => void reload());
  const cancelRefresh = clock.every(refreshMs, () => void reload());

  return {
    current: () => value,
    source: () => source,
    reload: async () => {
      await reload();
    },
    onChange(fn) {
      watchers.add(fn);
      return () => watchers.delete(fn);
    },
    stop() {
      stopped = true;
      copies.forget(name);
      cancelListen();
      cancelRefresh();
      cancelRetry?.();
    },
  };
}
