import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
  type PathLike,
} from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { codeOf } from './errors.ts';

/** Kept free for the journal when the disk is full: its name in the journal's folder, and its size. */
export const reserveFile = 'reserve';
export const reserveBytes = 8 * 1024 * 1024;
export const journalSuffix = '.journal';
/** What is added to the name of a dead process's file once PostgreSQL has it. */
export const projectedSuffix = '.projected';
/** With a process start's name: who has taken what it left. */
export const adoptedSuffix = '.adopted';

/** A journal file that is being written. */
export interface OpenSegment {
  readonly segment: string;
  readonly number: number;
  readonly descriptor: number;
  /** Bytes of whole lines. */
  written(): number;
  /** Writes all of the line, or throws and leaves nothing of it in the way of the next one. */
  write(line: Buffer): void;
  /** False when the file is no longer under its name: somebody deleted or renamed it. */
  inPlace(): boolean;
}

/** One line per entry: checksum, length, JSON. A torn last line is recognised by either. */
export function encodeEntry(entry: object): Buffer {
  const body = Buffer.from(JSON.stringify(entry));
  const checksum = crc32(body).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`${checksum} ${body.length} `), body, Buffer.from('\n')]);
}

export function openSegment(directory: string, name: string, number: number): OpenSegment {
  const segment = `${name}.${String(number).padStart(6, '0')}${journalSuffix}`;
  const path = join(directory, segment);
  const descriptor = openSync(path, 'a+', 0o600);
  let written = fstatSync(descriptor).size;
  // Half a line that could not be cut off again: the next one must not be joined to it.
  let torn = endsMidLine(descriptor, written);

  const put = (bytes: Buffer): void => {
    for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
    written += bytes.length;
  };

  return {
    segment,
    number,
    descriptor,
    written: () => written,
    write(line) {
      try {
        if (torn) put(Buffer.from('\n'));
        torn = false;
        put(line);
      } catch (error) {
        try {
          ftruncateSync(descriptor, written);
        } catch {
          torn = true;
          written = fstatSync(descriptor).size;
        }
        throw error;
      }
    },
    inPlace() {
      const there = inodeOf(path);
      return there === undefined || there === fstatSync(descriptor).ino;
    },
  };
}

/** A file that was there already ends in the middle of a line. */
function endsMidLine(descriptor: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

/** Null when there is nothing there; undefined when nobody can tell. */
function inodeOf(path: PathLike): number | null | undefined {
  try {
    return statSync(path).ino;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? null : undefined;
  }
}

/** What went wrong, or null. */
export function syncToDisk(file: OpenSegment): Promise<unknown> {
  return new Promise((resolve) => fdatasync(file.descriptor, resolve));
}

/** Room for the calls under way on a disk that is full. */
export function keepReserve(path: string, bytes: number): void {
  if (bytes === 0 || (existsSync(path) && statSync(path).size >= bytes)) return;
  const file = openSync(path, 'w', 0o600);
  try {
    const zeros = Buffer.alloc(1024 * 1024);
    for (let done = 0; done < bytes; done += zeros.length) writeSync(file, zeros);
  } catch (error) {
    // A disk too full for the reserve is no reason not to answer calls.
    if (codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EDQUOT') throw error;
  } finally {
    closeSync(file);
  }
}

/** Lays the reserve again, while calls go on. @throws when the disk refuses. */
export async function layReserve(path: string): Promise<void> {
  const half = `${path}.${process.pid}.half`;
  try {
    const file = await open(half, 'w', 0o600);
    try {
      const zeros = Buffer.alloc(1024 * 1024);
      for (let done = 0; done < reserveBytes; done += zeros.length) await file.writeFile(zeros);
    } finally {
      await file.close();
    }
    await rename(half, path);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
}
