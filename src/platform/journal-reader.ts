import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { codeOf } from './errors.ts';
import { journalSuffix } from './journal.ts';

/** One entry as it was read back, or what is wrong with a line. */
export type ReadEntry = { ok: true; value: unknown } | { ok: false; offset: number; reason: string };

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

/** When the journal of each process start was last touched (epoch ms). */
export async function journalTouches(directory: string): Promise<Map<string, number>> {
  const touches = new Map<string, number>();
  for (const { owner, touchedAt } of await journalFiles(directory)) {
    touches.set(owner, Math.max(touchedAt, touches.get(owner) ?? 0));
  }
  return touches;
}

export async function readJournalFile(directory: string, segment: string): Promise<ReadEntry[]> {
  return decodeEntries(await readFile(join(directory, segment)));
}

/**
 * Reads what encodeEntry wrote. A line that is torn, cut or damaged is reported and skipped; the lines after it are read.
 */
export function decodeEntries(bytes: Buffer): ReadEntry[] {
  const entries: ReadEntry[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const newline = bytes.indexOf(0x0a, offset);
    const end = newline === -1 ? bytes.length : newline;
    entries.push(newline === -1 ? fault(offset, 'the last line was not finished') : decodeLine(bytes, offset, end));
    offset = end + 1;
  }
  return entries;
}

function decodeLine(bytes: Buffer, start: number, end: number): ReadEntry {
  const header = /^([0-9a-f]{8}) (\d{1,9}) /.exec(bytes.toString('latin1', start, Math.min(end, start + 20)));
  if (header?.[1] === undefined || header[2] === undefined) return fault(start, 'no header');
  const body = bytes.subarray(start + header[0].length, end);
  if (body.length !== Number(header[2])) return fault(start, `length ${body.length}, not ${header[2]}`);
  if (crc32(body).toString(16).padStart(8, '0') !== header[1]) return fault(start, 'checksum');
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return { ok: true, value };
  } catch (error) {
    return fault(start, error instanceof Error ? error.message : 'not JSON');
  }
}

function fault(offset: number, reason: string): ReadEntry {
  return { ok: false, offset, reason };
}
