import {
  closeSync,
  existsSync,
  fdatasync,
  mkdirSync,
  openSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** Where an entry stands: which file, and how many bytes into it the entry ends. */
export interface JournalPosition {
  segment: string;
  end: number;
}

export interface Journal {
  readonly name: string;
  /** Writes one entry before it returns, so that it outlives this process. Never throws: a disk that refuses is told to onFault. */
  append(entry: object): JournalPosition;
  /** Resolves true when all entries so far are on the disk itself, false when the disk did not take them in time. */
  synced(): Promise<boolean>;
  /** Deletes a file of the journal whose entries nobody needs any more. The one being written is kept. */
  drop(segment: string): void;
  health(): { failing: boolean; waiting: number };
  close(): Promise<void>;
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

export const journalSuffix = '.journal';

/** One line per entry: checksum, length, JSON. A torn last line is recognised by either. */
export function encodeEntry(entry: object): Buffer {
  const body = Buffer.from(JSON.stringify(entry));
  const checksum = crc32(body).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`${checksum} ${body.length} `), body, Buffer.from('\n')]);
}

/**
 * Opens a journal of this process start. The file's time is touched every second: a journal untouched for ten seconds
 * belongs to a process that is dead.
 * @throws when the folder cannot be made or written: without it nothing that follows could be trusted.
 */
export function openJournal(options: JournalOptions): Journal {
  const { directory, name, clock, logger } = options;
  const segmentBytes = options.segmentBytes ?? 16 * 1024 * 1024;
  const waitingLimit = options.waitingLimit ?? 20_000;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const reserve = join(directory, 'reserve');
  keepReserve(reserve, options.reserveBytes ?? 8 * 1024 * 1024);

  let number = 0;
  let segment = '';
  let file = -1;
  let written = 0;
  const open = (): void => {
    number += 1;
    segment = `${name}.${String(number).padStart(6, '0')}${journalSuffix}`;
    file = openSync(join(directory, segment), 'a', 0o600);
    written = 0;
  };
  open();

  const waiting: Buffer[] = [];
  let failing = false;
  let dirty = false;
  let syncing = false;
  let callbacks: ((done: boolean) => void)[] = [];

  const write = (line: Buffer): void => {
    let offset = 0;
    while (offset < line.length) offset += writeSync(file, line, offset);
    written += line.length;
    dirty = true;
  };

  const flush = (): boolean => {
    while (waiting.length > 0) {
      const line = waiting[0];
      if (line === undefined) break;
      const before = written;
      try {
        write(line);
        waiting.shift();
      } catch (error) {
        // Half a line would make the rest of the file unreadable.
        attempt(() => truncateSync(join(directory, segment), before));
        written = before;
        if (isFull(error) && existsSync(reserve)) {
          logger.error({ err: error }, 'the disk is full: the journal goes on with its reserve');
          attempt(() => unlinkSync(reserve));
          continue;
        }
        if (!failing) logger.error({ err: error, waiting: waiting.length }, 'the journal cannot write');
        failing = true;
        return false;
      }
    }
    if (failing) logger.info('the journal writes again');
    failing = false;
    return true;
  };

  const append = (entry: object): JournalPosition => {
    if (written >= segmentBytes && waiting.length === 0) rotate();
    const line = encodeEntry(entry);
    waiting.push(line);
    if (waiting.length > waitingLimit) {
      waiting.shift();
      logger.error({ waitingLimit }, 'the journal lost its oldest waiting entry: the disk has refused for too long');
    }
    flush();
    return { segment, end: written };
  };

  const rotate = (): void => {
    const old = file;
    try {
      open();
      closeSync(old);
    } catch (error) {
      file = old;
      logger.error({ err: error }, 'no new journal file could be opened; the old one grows');
      written = 0;
    }
  };

  const sync = (): void => {
    if (waiting.length > 0) flush();
    if (syncing || (!dirty && callbacks.length === 0)) return;
    if (waiting.length > 0) return;
    const now = callbacks;
    callbacks = [];
    syncing = true;
    dirty = false;
    fdatasync(file, (error) => {
      syncing = false;
      if (error !== null) {
        dirty = true;
        if (!failing) logger.error({ err: error }, 'the journal could not be synced');
      }
      for (const done of now) done(error === null);
    });
  };
  const stopSync = clock.every(options.syncEvery ?? 25, sync);
  const stopTouch = clock.every(1_000, () => {
    const seconds = clock.now() / 1_000;
    attempt(() => utimesSync(join(directory, segment), seconds, seconds));
  });

  return {
    name,
    append,
    synced: () =>
      new Promise((resolve) => {
        const cancel = clock.after(2_000, () => resolve(false));
        callbacks.push((done) => {
          cancel();
          resolve(done);
        });
      }),
    drop(old) {
      if (old !== segment) attempt(() => unlinkSync(join(directory, old)));
    },
    health: () => ({ failing, waiting: waiting.length }),
    close: () =>
      new Promise((resolve) => {
        stopSync();
        stopTouch();
        flush();
        fdatasync(file, () => {
          closeSync(file);
          for (const done of callbacks) done(true);
          callbacks = [];
          resolve();
        });
      }),
  };

  function attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      logger.debug({ err: error }, 'journal housekeeping');
    }
  }
}

function keepReserve(path: string, bytes: number): void {
  if (bytes === 0 || (existsSync(path) && statSync(path).size >= bytes)) return;
  const file = openSync(path, 'w', 0o600);
  try {
    const zeros = Buffer.alloc(1024 * 1024);
    for (let done = 0; done < bytes; done += zeros.length) writeSync(file, zeros);
  } catch (error) {
    // A disk too full for the reserve is no reason not to answer calls.
    if (!isFull(error)) throw error;
  } finally {
    closeSync(file);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
