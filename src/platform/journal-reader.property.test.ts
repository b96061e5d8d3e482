import fc from 'fast-check';
import { encodeEntry } from './journal-file.ts';
import { decodeLines } from './journal-reader.ts';

const entries = fc.array(
  fc.record({ n: fc.integer(), text: fc.string({ unit: 'binary', maxLength: 40 }) }, { noNullPrototype: true }),
  { minLength: 1, maxLength: 8 },
);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
const decodeEntries = (bytes: Buffer) => Array.from(decodeLines(bytes), ({ read }) => read);
const good = (bytes: Buffer): unknown[] => decodeEntries(bytes).flatMap((read) => (read.ok ? [read.value] : []));

/** Every entry that is found is one that was written, in the order in which it was written. */
function expectInOrder(found: unknown[], written: unknown[]): void {
  let next = 0;
  for (const value of found) {
    const at = written.findIndex((other, index) => index >= next && JSON.stringify(other) === JSON.stringify(value));
    expect(at).toBeGreaterThanOrEqual(next);
    next = at + 1;
  }
}

describe('a journal file', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(entries, (written) => {
        const read = decodeEntries(Buffer.concat(written.map(encodeEntry)));
        expect(read).toEqual(written.map((value) => ({ ok: true, value: plain(value) })));
      }),
    );
  });

  it('cut at any byte, gives every entry before the cut and says that the rest was torn', () => {
    fc.assert(
      fc.property(entries, (written) => {
        const lines = written.map(encodeEntry);
        const bytes = Buffer.concat(lines);
        let whole = 0;
        let start = 0;
        for (let cut = 0; cut <= bytes.length; cut += 1) {
          const line = lines[whole];
          if (line !== undefined && cut === start + line.length) {
            whole += 1;
            start = cut;
          }
          const read = decodeEntries(bytes.subarray(0, cut));
          expect(read.filter((one) => one.ok)).toEqual(
            written.slice(0, whole).map((v) => ({ ok: true, value: plain(v) })),
          );
          expect(read.filter((one) => !one.ok)).toHaveLength(cut === start ? 0 : 1);
        }
      }),
      { numRuns: 8 },
    );
  });

  it('torn and written on, loses no more than the torn entry', () => {
    fc.assert(
      fc.property(entries, entries, fc.nat(), (before, after, cut) => {
        const torn = encodeEntry({ torn: true });
        const half = torn.subarray(0, cut % torn.length);
        const bytes = Buffer.concat([...before.map(encodeEntry), half, Buffer.from('\n'), ...after.map(encodeEntry)]);
        const expected = [...before, ...after].map(plain);
        expect(good(bytes).filter((value) => JSON.stringify(value) !== '{"torn":true}')).toEqual(expected);
      }),
    );
  });

  it('with any byte flipped, never gives an entry that was not written, and loses one at most', () => {
    const flip = fc.integer({ min: 1, max: 255 });
    fc.assert(
      fc.property(entries, fc.nat(), flip, (written, where, mask) => {
        const bytes = Buffer.concat(written.map(encodeEntry));
        const at = where % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ mask;
        const found = good(bytes);
        expectInOrder(found, written.map(plain));
        expect(found.length).toBeGreaterThanOrEqual(written.length - 1);
      }),
      { numRuns: 500 },
    );
  });

  it('of any bytes at all, is read without harm', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expect(good(Buffer.from(bytes))).toEqual([])));
  });
});
