import fc from 'fast-check';
import { linesOf, longestLine, valuesOf, type Line } from './import-lines.ts';

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(text: string | Buffer, size = 7): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const some of linesOf(inChunks(Buffer.from(text), size))) lines.push(...some);
  return lines;
}

const textsOf = async (text: string | Buffer, size?: number): Promise<(string | null)[]> =>
  (await read(text, size)).map((line) => line.text);

test('lines end in LF or CRLF, and the last needs no end', async () => {
  expect(await read('a\r\nb\n\nc')).toEqual([
    { number: 1, text: 'a' },
    { number: 2, text: 'b' },
    { number: 3, text: '' },
    { number: 4, text: 'c' },
  ]);
  expect(await read('')).toEqual([]);
});

test('a byte-order mark is no part of the first line', async () => {
  expect(await textsOf('\uFEFFradio,mcc\n', 1)).toEqual(['radio,mcc']);
});

test('a line that is too long costs itself alone, whether or not it ends', async () => {
  const long = 'x'.repeat(longestLine + 1);
  expect(await textsOf(`a\n${long}\nb\n${long}`, 1_000)).toEqual(['a', null, 'b', null]);
  expect(await textsOf(`a\n${long}\nb\n${long}`, 100_000)).toEqual(['a', null, 'b', null]);
  expect(await textsOf(`${'y'.repeat(longestLine)}\r\n`, 999)).toEqual(['y'.repeat(longestLine)]);
});

test('however the stream is cut, the lines are the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' })),
      fc.integer({ min: 1, max: 50 }),
      async (parts, size) => {
        const lines = parts.map((part) => part.replace(/[\r\n\uFEFF]/g, ''));
        expect(await textsOf(lines.map((line) => `${line}\n`).join(''), size)).toEqual(lines);
      },
    ),
  );
});

test('values may be quoted, and a stray quotation mark makes a line unreadable', () => {
  expect(valuesOf('a,,b ')).toEqual(['a', '', 'b ']);
  expect(valuesOf('"Jl. Sudirman, 1","say ""hi""",c')).toEqual(['Jl. Sudirman, 1', 'say "hi"', 'c']);
  expect(valuesOf('a,"b,c')).toBeUndefined();
  expect(valuesOf('a,b"c,d')).toBeUndefined();
});

test('no line makes the reader of values throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('"', ',', 'a', ' ', '\\', '\r', '\n', '#') }), (text) => {
      expect(['object', 'undefined']).toContain(typeof valuesOf(text));
    }),
  );
});
