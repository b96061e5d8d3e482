import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import { pause } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import type { Entry, LoggedCall } from './entry.ts';
import { writeEntries } from './write.ts';

export interface Projector {
  /** Takes an entry that the journal has written. Never waits. */
  take(entry: Entry, segment: string): void;
  /** Entries that PostgreSQL has not got yet. */
  waiting(): number;
  /** True while more than the memory limit is behind; the rest is read from the journal again when PostgreSQL is back. */
  behind(): boolean;
  /** Resolves when nothing waits, or false after `ms`. */
  drained(ms: number): Promise<boolean>;
  stop(): Promise<void>;
}

export interface ProjectorDeps {
  postgres: Postgres;
  clock: Clock;
  logger: Logger;
  /** Where entries that PostgreSQL refuses are set aside. */
  directory: string;
  /** Reads every entry of this process's journal again, oldest first. */
  replay: () => Promise<{ entry: Entry; segment: string }[]>;
  projected: (entries: { entry: Entry; segment: string }[]) => void;
  refused: (entry: Entry, reason: string) => void;
  /** Calls whose end was taken from Asterisk's log. */
  logged: (calls: LoggedCall[]) => void;
  memoryLimit?: number;
}

const batchSize = 200;
const waitWhenAway = 500;

/**
 * Turns journal entries into rows, in their order, each once. With PostgreSQL away they wait; an entry that PostgreSQL
 * refuses is set aside and blocks nothing.
 */
export function startProjector(deps: ProjectorDeps): Projector {
  const { postgres, clock, logger } = deps;
  const memoryLimit = deps.memoryLimit ?? 10_000;
  let queue: { entry: Entry; segment: string }[] = [];
  let overflowed = false;
  let stopped = false;
  let wake: (() => void) | null = null;

  const take = (entry: Entry, segment: string): void => {
    if (queue.length >= memoryLimit) {
      if (!overflowed) logger.error({ memoryLimit }, 'records wait in the journal only: PostgreSQL is far behind');
      overflowed = true;
    } else {
      queue.push({ entry, segment });
    }
    wake?.();
  };

  const loop = async (): Promise<void> => {
    while (!stopped) {
      if (queue.length === 0 && overflowed) await readAgain();
      if (queue.length === 0) {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = null;
        // A moment's patience makes one transaction of what belongs together.
        await pause(clock, 20);
        continue;
      }
      const batch = queue.slice(0, batchSize);
      if (await project(batch)) {
        queue = queue.slice(batch.length);
        deps.projected(batch);
      } else {
        await pause(clock, waitWhenAway);
      }
    }
  };

  const readAgain = async (): Promise<void> => {
    overflowed = false;
    try {
      queue = await deps.replay();
    } catch (error) {
      overflowed = true;
      logger.error({ err: error }, 'the journal could not be read again');
      await pause(clock, waitWhenAway);
    }
  };

  const project = async (batch: { entry: Entry; segment: string }[]): Promise<boolean> => {
    try {
      const entries = batch.map((one) => one.entry);
      deps.logged(await postgres.transaction((sql) => writeEntries(sql, entries)));
      return true;
    } catch (error) {
      if (isUnavailable(error)) return false;
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        return (await project(batch.slice(0, middle))) && (await project(batch.slice(middle)));
      }
      await setAside(batch[0]?.entry, error);
      return true;
    }
  };

  const setAside = async (entry: Entry | undefined, error: unknown): Promise<void> => {
    if (entry === undefined) return;
    const reason = error instanceof Error ? error.message : String(error);
    logger.error({ err: error, kind: entry.kind }, 'PostgreSQL refused a record; it is set aside');
    try {
      await appendFile(join(deps.directory, 'set-aside.jsonl'), JSON.stringify({ reason, entry }) + '\n', {
        mode: 0o600,
      });
    } catch (failed) {
      logger.error({ err: failed }, 'a refused record could not be set aside either; it stays in the journal');
    }
    deps.refused(entry, reason);
  };

  const running = loop().catch((error: unknown) => {
    // Records without a projector would pile up unseen: better a restart, which reads the journal again.
    logger.fatal({ err: error }, 'the projector failed');
    process.exitCode = 1;
    process.kill(process.pid, 'SIGTERM');
  });

  return {
    take,
    waiting: () => queue.length,
    behind: () => overflowed,
    async drained(ms) {
      const until = clock.monotonic() + ms;
      while (queue.length > 0 || overflowed) {
        if (clock.monotonic() > until) return false;
        await pause(clock, 20);
      }
      return true;
    },
    async stop() {
      stopped = true;
      wake?.();
      await running;
    },
  };
}
