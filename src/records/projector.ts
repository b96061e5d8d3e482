import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import { pause } from '../platform/clock.ts';
import { codeOf, messageOf } from '../platform/errors.ts';
import type { JournalPosition } from '../platform/journal.ts';
import type { Logger } from '../platform/logger.ts';
import { isUnavailable, type Postgres, type Sql } from '../platform/postgres.ts';
import type { Entry, LoggedCall } from './entry.ts';
import { readEntries } from './read-entries.ts';
import type { Segments, Unread } from './segments.ts';
import { notWritten, writeEntries } from './write.ts';

export interface Projector {
  /** Takes an entry that the journal has written. Never waits. */
  take(entry: Entry, position: JournalPosition): void;
  /** Starts to project a file that another process start left. */
  adopt(segment: string): void;
  /** Entries in memory that PostgreSQL has not got yet. */
  waiting(): number;
  /** True while there are entries in the journal's files that were not read yet, for PostgreSQL is too far behind. */
  behind(): boolean;
  /** Resolves when nothing waits, or false after `ms`. */
  drained(ms: number): Promise<boolean>;
  stop(): Promise<void>;
}

export interface ProjectorDeps {
  postgres: Postgres;
  clock: Clock;
  logger: Logger;
  /** Where the journal's files are, and where entries that PostgreSQL refuses are set aside. */
  directory: string;
  segments: Segments;
  /** An entry of our own is in PostgreSQL, or set aside. */
  projected: (entry: Entry) => void;
  refused: (entry: Entry, reason: string) => void;
  /** So many lines of a journal file cannot be read: what stood there is lost. */
  damaged: (segment: string, lines: number) => void;
  /** Calls that the log ended, in PostgreSQL by now. */
  logged: (calls: LoggedCall[]) => void;
  /** What else the entries mean, written in their transaction; what it answers is done when that is committed. */
  alsoWrite?: (sql: Sql, entries: readonly Entry[], logged: readonly LoggedCall[]) => Promise<() => void>;
  memoryLimit?: number;
}

interface Queued {
  entry: Entry;
  segment: string;
  own: boolean;
}

const batchSize = 1_000;
/** Milliseconds from one batch to the next, for each entry of the one before. */
const gatherForEach = 5;
const gatherAtLeast = 20;
const gatherAtMost = 1_000;
const waitWhenAway = 500;
const readAtOnce = 2_000;
/** Not the entry's fault: rights, migrations to come, resources, another's lock, the server itself. */
const notOfTheEntry = /^(28...|3D000|3F000|40...|42501|42P01|42703|53...|55...|57...|58...|XX...)$/;

/**
 * The more comes, the longer it is gathered: of a call's twenty entries only the latest of a batch becomes a row, so that a busy
 * hour costs less a call, and a quiet one has its records at once.
 */
function gatherFor(entries: number): number {
  return Math.min(gatherAtMost, Math.max(gatherAtLeast, entries * gatherForEach));
}

/**
 * Turns journal entries into rows, in their order. With PostgreSQL away they wait, in memory up to a limit, beyond it in
 * the journal's files, from where they are read on later; an entry that PostgreSQL refuses is set aside and blocks nothing.
 */
export function startProjector(deps: ProjectorDeps): Projector {
  const { postgres, clock, logger, segments } = deps;
  const memoryLimit = deps.memoryLimit ?? 10_000;
  const queue: Queued[] = [];
  let overflowed = false;
  let troubled = false;
  let stopped = false;
  let wake: (() => void) | null = null;

  const take = (entry: Entry, position: JournalPosition): void => {
    const isCall = entry.kind === 'call';
    const inTurn = segments.written(position, isCall ? entry.callId : null, isCall && entry.state.endedAt !== null);
    if (inTurn && queue.length < memoryLimit) {
      overflowed = false;
      queue.push({ entry, segment: position.segment, own: true });
      segments.read(position.segment, { entries: 1, end: position.end, atEnd: false });
    } else if (!overflowed) {
      overflowed = true;
      logger.error({ memoryLimit }, 'records wait in the journal only: PostgreSQL is far behind');
    }
    wake?.();
  };

  const loop = async (): Promise<void> => {
    while (!stopped) {
      const unread = queue.length === 0 ? segments.unread() : null;
      if (unread !== null) {
        await readOn(unread);
      } else if (queue.length === 0) {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = null;
        // A moment's patience makes one transaction of what belongs together.
        await pause(clock, gatherAtLeast);
      } else {
        const batch = queue.slice(0, batchSize);
        if (!(await project(batch))) await pause(clock, waitWhenAway);
        // Who is behind does not wait for more: he would be as far behind again.
        else if (queue.length < batchSize && segments.unread() === null) await pause(clock, gatherFor(batch.length));
      }
    }
  };

  const readOn = async (next: Unread): Promise<void> => {
    const { segment, own } = next;
    try {
      const limit = Math.min(memoryLimit, readAtOnce);
      const part = await readEntries(deps.directory, segment, { ...next, limit }, logger);
      for (const entry of part.entries) queue.push({ entry, segment, own });
      segments.read(segment, { entries: part.entries.length, end: part.end, atEnd: part.atEnd });
      if (part.damaged > 0) deps.damaged(segment, part.damaged);
      // What the disk has not taken yet cannot be read from it.
      if (part.end === next.from && next.growing) await pause(clock, waitWhenAway);
    } catch (error) {
      logger.error({ err: error, segment }, 'a journal file could not be read');
      if (codeOf(error) === 'ENOENT') segments.forget(segment);
      else await pause(clock, waitWhenAway);
    }
  };

  /** False when PostgreSQL is away; what was projected until then has left the queue. */
  const project = async (batch: Queued[]): Promise<boolean> => {
    try {
      const { logged, after } = await postgres.transaction(async (sql) => {
        // Most of what another process start left was written by itself.
        const entries = await fresh(sql, batch);
        const counted = await writeEntries(sql, entries);
        return { logged: counted, after: await deps.alsoWrite?.(sql, entries, counted) };
      });
      if (troubled) logger.info('PostgreSQL takes records again');
      troubled = false;
      done(batch.length, true);
      deps.logged(logged);
      after?.();
      return true;
    } catch (error) {
      if (isUnavailable(error)) return false;
      if (notOfTheEntry.test(codeOf(error) ?? '')) {
        if (!troubled) logger.error({ err: error }, 'PostgreSQL takes no records; they wait');
        troubled = true;
        return false;
      }
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        return (await project(batch.slice(0, middle))) && (await project(batch.slice(middle)));
      }
      for (const { entry } of batch) await setAside(entry, error);
      return true;
    }
  };

  const fresh = async (sql: Sql, batch: readonly Queued[]): Promise<Entry[]> => {
    const left = await notWritten(
      sql,
      batch.flatMap(({ own, entry }) => (own ? [] : [entry])),
    );
    const wanted = new Set(left);
    return batch.flatMap(({ own, entry }) => (own || wanted.has(entry) ? [entry] : []));
  };

  const done = (count: number, kept: boolean): void => {
    for (const { entry, segment, own } of queue.splice(0, count)) {
      if (kept) segments.projected(segment);
      if (own) deps.projected(entry);
    }
  };

  const setAside = async (entry: Entry, error: unknown): Promise<void> => {
    const reason = messageOf(error);
    logger.error({ err: error, kind: entry.kind }, 'PostgreSQL refused a record; it is set aside');
    const line = JSON.stringify({ reason, entry }) + '\n';
    try {
      await appendFile(join(deps.directory, 'set-aside.jsonl'), line, { mode: 0o600 });
      done(1, true);
    } catch (failed) {
      logger.error({ err: failed }, 'a refused record could not be set aside either; its journal file is kept');
      done(1, false);
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
    adopt(segment) {
      segments.adopt(segment);
      wake?.();
    },
    waiting: () => queue.length,
    behind: () => segments.unread() !== null,
    async drained(ms) {
      const until = clock.monotonic() + ms;
      while (queue.length > 0 || segments.unread() !== null) {
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
