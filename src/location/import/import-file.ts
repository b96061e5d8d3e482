import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { PassThrough, Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isSilent, linesOf, valuesOf, type Line } from './import-lines.ts';
import type { ImportKind } from './import-kind.ts';
import type { Rejects } from './import-rejects.ts';
import type { Reader, Values } from './import-row.ts';

/** What a file held, and its SHA-256 as it lies on the disk. */
export interface FileFigures {
  readonly sha256: string;
  readonly read: number;
  /** Rows that went to the staging table. */
  readonly usable: number;
  /** By their reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** The file as a whole is not what it should be. */
export class UnfitFile extends Error {}

interface FileReading {
  readonly path: string;
  readonly kind: ImportKind;
  readonly rejects: Rejects;
  /** Called for each handful of lines, with the bytes of the file and the rows read so far. */
  readonly onProgress: (bytes: number, rows: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Streams the usable rows of a file (.gz: compressed) into `target` in the text format of COPY. The whole is held back by
 * the slowest part, so that memory stays bounded. Throws UnfitFile, or what the file system, zlib or the target throws.
 */
export async function streamFile(reading: FileReading, target: Writable): Promise<FileFigures> {
  const hash = createHash('sha256');
  let bytes = 0;
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const tally = { read: 0, usable: 0, skipped: new Map<string, number>() };
  await pipeline(
    createReadStream(reading.path, { highWaterMark: 262_144 }),
    tap,
    reading.path.endsWith('.gz') ? createGunzip({ chunkSize: 262_144 }) : new PassThrough(),
    (chunks: AsyncIterable<Buffer>) => copyRows(chunks, reading, tally, () => bytes),
    target,
    { signal: reading.signal },
  );
  return { ...tally, skipped: Object.fromEntries(tally.skipped), sha256: hash.digest('hex') };
}

interface Tally {
  read: number;
  usable: number;
  readonly skipped: Map<string, number>;
}

async function* copyRows(
  chunks: AsyncIterable<Buffer>,
  { kind, rejects, onProgress }: FileReading,
  tally: Tally,
  bytes: () => number,
): AsyncGenerator<string> {
  let reader: Reader | undefined;
  for await (const lines of linesOf(chunks)) {
    let out = '';
    for (const line of lines) {
      if (line.text !== null && isSilent(line.text)) {
        const refusal = reader === undefined ? kind.refusal(line.text) : undefined;
        if (refusal !== undefined) throw new UnfitFile(refusal);
        continue;
      }
      if (reader === undefined) {
        reader = openReader(kind, line);
        if (reader.firstIsHeader) continue;
      }
      tally.read += 1;
      const verdict = judgeLine(reader, line);
      if (verdict.kind === 'skipped') tally.skipped.set(verdict.why, (tally.skipped.get(verdict.why) ?? 0) + 1);
      if (verdict.kind === 'row') tally.usable += 1;
      if (verdict.kind === 'rejected') await rejects.add(line, verdict.reason);
      if (verdict.kind !== 'skipped' && verdict.values !== undefined) out += copyRow(line.number, verdict.values);
    }
    onProgress(bytes(), tally.read);
    if (out !== '') yield out;
  }
}

function openReader(kind: ImportKind, first: Line): Reader {
  const values = first.text === null ? undefined : valuesOf(first.text);
  if (values === undefined) throw new UnfitFile('its first line cannot be read as CSV');
  const opening = kind.open(values);
  if ('refused' in opening) throw new UnfitFile(opening.refused);
  return opening;
}

function judgeLine(reader: Reader, { text }: Line): ReturnType<Reader['judge']> {
  if (text === null) return { kind: 'rejected', reason: 'the line is too long' };
  const values = valuesOf(text);
  if (values !== undefined) return reader.judge(values);
  return { kind: 'rejected', reason: 'a quotation mark has no partner on the line' };
}

function copyRow(line: number, values: Values): string {
  let text = String(line);
  for (const value of values) {
    text += value === null ? '\t\\N' : `\t${typeof value === 'string' ? value.replaceAll('\\', '\\\\') : value}`;
  }
  return `${text}\n`;
}
