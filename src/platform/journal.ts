import { closeSync, existsSync, mkdirSync, unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Cancel, Clock } from './clock.ts';
import { codeOf } from './errors.ts';
import {
  encodeEntry,
  keepReserve,
  openSegment,
  reserveBytes,
  reserveFile,
  syncToDisk,
  type OpenSegment,
} from './journal-file.ts';
import type { Logger } from './logger.ts';

/** Where an entry stands: which file, and how many bytes into it the entry ends. */
export interface JournalPosition {
  segment: string;
  end: number;
}

export interface Journal {
  readonly name: string;
  /** Writes one entry before it returns, so that it outlives this process. Never throws: a disk that refuses shows in health(). */
  append(entry: object): JournalPosition;
  /** Resolves true when all entries so far are on the disk itself, false when the disk did not take them in time. */
  synced(): Promise<boolean>;
  /** Deletes a file of the journal whose entries nobody needs any more. The one being written is kept. */
  drop(segment: string): void;
  health(): { failing: boolean; waiting: number };
  close(): Promise<void>;
}

/** The journal of this process, as its own reader sees it. */
export interface OwnJournal extends Journal {
  /** Where the latest entry ends, or will end once the disk has taken what waits. */
  position(): JournalPosition;
}

export interface JournalOptions {
  directory: string;
  /** The name of the process start that writes it; letters, digits, '-' and '_'. */
  name: string;
  clock: Clock;
  logger: Logger;
  /** Entries gathered for one fdatasync, in milliseconds. */
  syncEvery?: number;
  segmentBytes?: number;
  /** Kept free for the journal when the disk is full. */
  reserveBytes?: number;
  /** Entries kept in memory while the disk refuses them. */
  waitingLimit?: number;
}

/** Milliseconds: who asks for it waits so long for others who do, and not for the next of all. */
const askedWithin = 2;
const touchEvery = 1_000;
/** A process that stood still for so long may have been taken for dead. */
const longPause = 5_000;
const syncLimit = 2_000;

/**
 * Opens a journal of this process start. The file's time is touched every second: a journal untouched for ten seconds
 * belongs to a process that is dead, and may be renamed by who takes over; then a new file is begun.
 * @throws when the folder cannot be made or written: without it nothing that follows could be trusted.
 */
export function openJournal(options: JournalOptions): OwnJournal {
  const { directory, name, clock, logger } = options;
  const segmentBytes = options.segmentBytes ?? 16 * 1024 * 1024;
  const waitingLimit = options.waitingLimit ?? 20_000;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const reserve = join(directory, reserveFile);
  keepReserve(reserve, options.reserveBytes ?? reserveBytes);

  let file = openSegment(directory, name, 1);
  let rotateAt = segmentBytes;
  let touchedAt = clock.monotonic();
  /** Files that are full and not yet known to be on the disk. */
  let retired: OpenSegment[] = [];
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let refusing = false;
  let syncFailed = false;
  let dirty = false;
  let syncing: Promise<void> | null = null;
  let askers = new Set<(done: boolean) => void>();
  let askedSync: Cancel | null = null;
  let closing = false;

  const flush = (): boolean => {
    for (let line = waiting[0]; line !== undefined; line = waiting[0]) {
      try {
        file.write(line);
        dirty = true;
        waiting.shift();
        waitingBytes -= line.length;
      } catch (error) {
        if (isFull(error) && existsSync(reserve)) {
          logger.error({ err: error }, 'the disk is full: the journal goes on with its reserve');
          if (attempt(() => unlinkSync(reserve))) continue;
        }
        if (!refusing) logger.error({ err: error, waiting: waiting.length }, 'the journal cannot write');
        refusing = true;
        return false;
      }
    }
    if (refusing) logger.info('the journal writes again');
    refusing = false;
    return true;
  };

  const position = (): JournalPosition => ({ segment: file.segment, end: file.written() + waitingBytes });

  const append = (entry: object): JournalPosition => {
    if (clock.monotonic() - touchedAt > longPause) touch();
    if (file.written() >= rotateAt && waiting.length === 0) rotate();
    const line = encodeEntry(entry);
    waiting.push(line);
    waitingBytes += line.length;
    if (waiting.length > waitingLimit) {
      waitingBytes -= waiting.shift()?.length ?? 0;
      logger.error({ waitingLimit }, 'the journal lost its oldest waiting entry: the disk has refused for too long');
    }
    flush();
    return position();
  };

  const rotate = (): void => {
    try {
      const next = openSegment(directory, name, file.number + 1);
      retired.push(file);
      file = next;
      rotateAt = segmentBytes;
      dirty = true;
    } catch (error) {
      rotateAt = file.written() + segmentBytes / 16;
      logger.error({ err: error }, 'no new journal file could be opened; the old one grows');
    }
  };

  const touch = (): void => {
    touchedAt = clock.monotonic();
    if (!file.inPlace()) {
      logger.warn({ segment: file.segment }, 'somebody took the journal for a dead one; it goes on in a new file');
      rotate();
    }
    const seconds = clock.now() / 1_000;
    attempt(() => utimesSync(join(directory, file.segment), seconds, seconds));
  };

  const answer = (to: ReadonlySet<(done: boolean) => void>, done: boolean): void => {
    for (const tell of to) tell(done);
  };

  const sync = (): void => {
    const written = flush();
    if (!written) {
      const refused = askers;
      askers = new Set();
      answer(refused, false);
      return;
    }
    if (syncing !== null || (!dirty && askers.size === 0)) return;
    syncing = syncNow().finally(() => {
      syncing = null;
      // What was written while the disk was at it is on it with the next.
      if (askers.size > 0) syncSoon();
    });
  };

  const syncSoon = (): void => {
    if (syncing !== null || closing) return;
    askedSync ??= clock.after(askedWithin, () => {
      askedSync = null;
      sync();
    });
  };

  const syncNow = async (): Promise<void> => {
    const now = askers;
    askers = new Set();
    dirty = false;
    const full = retired;
    retired = [];
    let failure: unknown = null;
    for (const one of [...full, file]) {
      const error = await syncToDisk(one);
      failure ??= error;
      // Once it was refused, trying again would say yes for pages the kernel has given up.
      if (full.includes(one)) attempt(() => closeSync(one.descriptor));
    }
    if (failure !== null) dirty = true;
    if (failure !== null && !syncFailed) logger.error({ err: failure }, 'the journal could not be synced');
    syncFailed = failure !== null;
    answer(now, !syncFailed);
  };

  const stopSync = clock.every(options.syncEvery ?? 25, sync);
  const stopTouch = clock.every(touchEvery, touch);

  return {
    name,
    append,
    position,
    synced: () =>
      new Promise((resolve) => {
        const tell = (done: boolean): void => {
          askers.delete(tell);
          cancel();
          resolve(done);
        };
        const cancel = clock.after(syncLimit, () => tell(false));
        askers.add(tell);
        syncSoon();
      }),
    drop(old) {
      if (old !== file.segment) attempt(() => unlinkSync(join(directory, old)));
    },
    health: () => ({ failing: refusing || syncFailed, waiting: waiting.length }),
    async close() {
      stopSync();
      stopTouch();
      closing = true;
      askedSync?.();
      if (syncing !== null) await syncing;
      if (flush()) await syncNow();
      answer(askers, false);
      for (const one of [...retired, file]) attempt(() => closeSync(one.descriptor));
    },
  };

  function attempt(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      logger.debug({ err: error }, 'journal housekeeping');
      return false;
    }
  }
}

function isFull(error: unknown): boolean {
  return codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
}
