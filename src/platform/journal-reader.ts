import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { codeOf, messageOf } from './errors.ts';
import { journalSuffix, projectedSuffix } from './journal-file.ts';

/** One entry as it was read back, or what is wrong with a line. */
type ReadEntry =
  | { ok: true; value: unknown }
  /** `unfinished`: the file ends in the middle of it. */
  | { ok: false; offset: number; reason: string; unfinished: boolean };

/** The journal files of a folder that other process starts wrote, with the time they were last touched (epoch ms). */
export async function journalFiles(
  directory: string,
): Promise<{ segment: string; owner: string; touchedAt: number }[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(journalSuffix)).sort();
  const found = [];
  for (const segment of names) {
    const touchedAt = await modifiedAt(join(directory, segment));
    if (touchedAt !== null) found.push({ segment, owner: segment.split('.')[0] ?? segment, touchedAt });
  }
  return found;
}

/** Null for a file that its owner has dropped meanwhile. */
async function modifiedAt(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The process starts of which a folder has a journal, also one that was put away since PostgreSQL has it. */
export async function journalOwners(directory: string): Promise<Set<string>> {
  const isJournal = (name: string): boolean =>
    name.endsWith(journalSuffix) || name.endsWith(journalSuffix + projectedSuffix);
  return new Set((await readdir(directory)).filter(isJournal).flatMap((name) => name.split('.')[0] ?? []));
}

/** When the journal of each process start was last touched (epoch ms). */
export async function journalTouches(directory: string): Promise<Map<string, number>> {
  const touches = new Map<string, number>();
  for (const { owner, touchedAt } of await journalFiles(directory)) {
    touches.set(owner, Math.max(touchedAt, touches.get(owner) ?? 0));
  }
  return touches;
}

/** A stretch of a journal file. */
interface JournalPart {
  lines: ReadEntry[];
  /** Where to read on. */
  end: number;
  /** Nothing more is there now. */
  atEnd: boolean;
}

const partBytes = 1024 * 1024;

/**
 * Reads whole lines from `from` on, `limit` at most. Of a file that is still being written an unfinished last line is left
 * for later. A file that was put away under its other name is found there.
 */
export async function readJournalPart(
  directory: string,
  segment: string,
  options: { from: number; limit: number; growing: boolean },
): Promise<JournalPart> {
  const { from, limit, growing } = options;
  const file = await openEither(join(directory, segment));
  try {
    const { size } = await file.stat();
    const bytes = await readLines(file, from, size);
    const lines: ReadEntry[] = [];
    let end = from;
    const last = from + bytes.length >= size;
    for (const line of decodeLines(bytes)) {
      if (lines.length >= limit) return { lines, end, atEnd: false };
      if (!line.finished && growing) break;
      lines.push(line.read);
      end = from + line.end;
    }
    return { lines, end, atEnd: last };
  } finally {
    await file.close();
  }
}

async function openEither(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return open(path + projectedSuffix, 'r');
  }
}

/** At least one whole line, unless the file ends before. */
async function readLines(file: FileHandle, from: number, size: number): Promise<Buffer> {
  for (let length = partBytes; ; length *= 4) {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - from)));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    if (from + bytesRead >= size || bytesRead < buffer.length) return buffer.subarray(0, bytesRead);
    const newline = buffer.lastIndexOf(0x0a);
    if (newline !== -1) return buffer.subarray(0, newline + 1);
  }
}

/**
 * Reads what encodeEntry wrote. A line that is torn, cut or damaged is reported and skipped; the lines after it are read.
 * `end` is where to read on; a last line without its line feed may not be `finished`.
 */
export function* decodeLines(bytes: Buffer): Generator<{ read: ReadEntry; end: number; finished: boolean }> {
  for (let offset = 0; offset < bytes.length;) {
    const newline = bytes.indexOf(0x0a, offset);
    const finished = newline !== -1;
    const { read, end } = decodeLine(bytes, offset, finished ? newline : bytes.length);
    const unfinished = !finished && end >= bytes.length && !(read.ok && end === bytes.length);
    yield {
      read: unfinished ? fault(offset, 'the last line was not finished', true) : read,
      end,
      finished: !unfinished,
    };
    offset = end;
  }
}

function decodeLine(bytes: Buffer, start: number, lineEnd: number): { read: ReadEntry; end: number } {
  const end = lineEnd + 1;
  const header = /^([0-9a-f]{8}) (\d{1,9}) /.exec(bytes.toString('latin1', start, Math.min(lineEnd, start + 20)));
  if (header?.[1] === undefined || header[2] === undefined) return { read: fault(start, 'no header'), end };
  const from = start + header[0].length;
  const length = Number(header[2]);
  // Only the line's end may be damaged: the body is as long as it says, and sound.
  const body = bytes.subarray(from, Math.min(from + length, lineEnd));
  if (body.length !== length) return { read: fault(start, `length ${body.length}, not ${length}`), end };
  if (crc32(body).toString(16).padStart(8, '0') !== header[1]) return { read: fault(start, 'checksum'), end };
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return { read: { ok: true, value }, end: from + length + 1 };
  } catch (error) {
    return { read: fault(start, messageOf(error)), end };
  }
}

function fault(offset: number, reason: string, unfinished = false): ReadEntry {
  return { ok: false, offset, reason, unfinished };
}
