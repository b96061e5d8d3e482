import fc from 'fast-check';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { encodeEntry } from './journal-file.ts';
import { decodeLines, readJournalPart } from './journal-reader.ts';
import { openJournal } from './journal.ts';
import { createLogger } from './logger.ts';

const segment = 'own.000001.journal';
const logger = createLogger('silent');
let directory: string;
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'siaga-cut-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const entry = z.object({ n: z.number(), text: z.string() });
type Written = z.output<typeof entry>;
const texts = fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 4 });
const numbered = (from: number, list: readonly string[]): Written[] => list.map((text, at) => ({ n: from + at, text }));

/** Who starts anew on what is there, and goes on writing. */
async function writeOn(entries: readonly Written[]): Promise<void> {
  const journal = openJournal({ directory, name: 'own', clock: fakeClock(), logger, reserveBytes: 0 });
  for (const one of entries) journal.append(one);
  await journal.close();
}

async function readFrom(from: number, growing: boolean, limit: number): Promise<{ found: unknown[]; end: number }> {
  const found = [];
  for (let end = from; ;) {
    const part = await readJournalPart(directory, segment, { from: end, limit, growing });
    for (const line of part.lines) if (line.ok) found.push(line.value);
    const moved = part.end > end;
    end = part.end;
    if (part.atEnd || !moved) return { found, end };
  }
}

describe('a journal file that was cut at any byte', () => {
  it('has what was whole before the cut, and all that is written on it afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(texts, texts, fc.integer({ min: 1, max: 3 }), async (one, other, limit) => {
        const [before, after] = [numbered(0, one), numbered(100, other)];
        const lines = before.map(encodeEntry);
        const bytes = Buffer.concat(lines);
        const ends = lines.map((_, at) => Buffer.concat(lines.slice(0, at + 1)).length);
        for (let cut = 0; cut <= bytes.length; cut += 1) {
          await writeFile(join(directory, segment), bytes.subarray(0, cut));
          const whole = before.slice(0, ends.filter((end) => end <= cut).length);
          expect((await readFrom(0, false, limit)).found).toEqual(whole);
          const { found, end } = await readFrom(0, true, limit);
          expect(found).toEqual(whole);
          await writeOn(after);
          // Of an entry that was cut nothing but its line feed nothing is missing.
          const wholeBut = before.slice(0, ends.filter((to) => to - 1 <= cut).length);
          expect((await readFrom(0, false, limit)).found).toEqual([...wholeBut, ...after]);
          // Whoever has read up to the cut reads on from there.
          expect((await readFrom(end, true, limit)).found).toEqual([...wholeBut.slice(whole.length), ...after]);
        }
      }),
      { numRuns: 4 },
    );
  });

  it('keeps every line around a stretch of it that was replaced by anything', () => {
    const garbage = fc.uint8Array({ maxLength: 30 });
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(40), garbage, (list, at, length, bytes) => {
        const lines = numbered(0, list).map(encodeEntry);
        const file = Buffer.concat(lines);
        const from = at % (file.length + 1);
        const to = Math.min(file.length, from + length);
        const damaged = Buffer.concat([file.subarray(0, from), bytes, file.subarray(to)]);
        const read = Array.from(decodeLines(damaged), (line) => line.read);
        const found = read.flatMap((line) => (line.ok ? [entry.parse(line.value).n] : []));
        const starts = lines.map((_, index) => Buffer.concat(lines.slice(0, index)).length);
        const untouched = numbered(0, list)
          .map(({ n }) => n)
          .filter((n) => {
            const start = starts[n] ?? 0;
            return start + (lines[n]?.length ?? 0) <= from || start > to;
          });
        expect(found).toEqual([...found].sort((a, b) => a - b));
        expect(new Set(found).size).toBe(found.length);
        expect(found).toEqual(expect.arrayContaining(untouched));
        // What is lost is said, unless it was cut out so that every byte that is left belongs to a sound line.
        const lost = list.length - found.length;
        const ofSound = found.reduce((sum, n) => sum + (lines[n]?.length ?? 0), 0);
        if (lost > 0 && ofSound !== damaged.length) expect(read.some((line) => !line.ok)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is read on after garbage at its end', async () => {
    const [before, after] = [numbered(0, ['a', 'b']), numbered(100, ['c'])];
    await writeOn(before);
    await appendFile(join(directory, segment), Buffer.from([0, 0, 0, 0xff, 0x7b, 0]));
    await writeOn(after);
    expect((await readFrom(0, false, 10)).found).toEqual([...before, ...after]);
  });
});
