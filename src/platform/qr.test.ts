import { formatBits, qrMatrix, qrSvg, versionBits } from './qr.ts';
import { correctionOf } from './reed-solomon.ts';

/**
 * Reads a code as a scanner does after it has found the modules: by the tables and formulas of the standard, none of the
 * encoder's own. Every block has to be sound: the corrections are worked out as syndromes, which are all zero.
 */
function read(matrix: boolean[][]): { text: string; version: number } {
  const size = matrix.length;
  const version = (size - 17) / 4;
  const at = (row: number, column: number): number => (matrix[row]?.[column] === true ? 1 : 0);
  let format = 0;
  for (const [row, column] of [
    [8, 0],
    [8, 1],
    [8, 2],
    [8, 3],
    [8, 4],
    [8, 5],
    [8, 7],
    [8, 8],
    [7, 8],
    [5, 8],
    [4, 8],
    [3, 8],
    [2, 8],
    [1, 8],
    [0, 8],
  ] as const) {
    format = format * 2 + at(row, column);
  }
  const known = [
    0b101010000010010, 0b101000100100101, 0b101111001111100, 0b101101101001011, 0b100010111111001, 0b100000011001110,
    0b100111110010111, 0b100101010100000,
  ];
  const mask = known.indexOf(format);
  if (mask === -1) throw new Error(`no format of level M: ${format.toString(2)}`);
  const masked = [
    (i: number, j: number) => (i + j) % 2,
    (i: number) => i % 2,
    (_i: number, j: number) => j % 3,
    (i: number, j: number) => (i + j) % 3,
    (i: number, j: number) => ((i >> 1) + Math.floor(j / 3)) % 2,
    (i: number, j: number) => ((i * j) % 2) + ((i * j) % 3),
    (i: number, j: number) => (((i * j) % 2) + ((i * j) % 3)) % 2,
    (i: number, j: number) => (((i + j) % 2) + ((i * j) % 3)) % 2,
  ][mask];
  const centres = version === 1 ? [] : [6, ...(version < 7 ? [] : [[22, 24, 26, 28][version - 7] ?? 0]), size - 7];
  const isFunction = (row: number, column: number): boolean =>
    (row < 9 && column < 9) ||
    (row < 9 && column >= size - 8) ||
    (row >= size - 8 && column < 9) ||
    row === 6 ||
    column === 6 ||
    (version >= 7 && ((row < 6 && column >= size - 11) || (column < 6 && row >= size - 11))) ||
    centres.some((y) =>
      centres.some(
        (x) =>
          !(x === 6 && y === 6) &&
          !(x === 6 && y === size - 7) &&
          !(y === 6 && x === size - 7) &&
          Math.abs(row - y) <= 2 &&
          Math.abs(column - x) <= 2,
      ),
    );
  const bits: number[] = [];
  for (let pair = size - 1, up = true; pair > 0; pair -= 2, up = !up) {
    if (pair === 6) pair = 5;
    for (let step = 0; step < size; step += 1) {
      const row = up ? size - 1 - step : step;
      for (const column of [pair, pair - 1]) {
        if (isFunction(row, column)) continue;
        bits.push(at(row, column) ^ (masked?.(row, column) === 0 ? 1 : 0));
      }
    }
  }
  const words = Array.from({ length: Math.floor(bits.length / 8) }, (_, index) =>
    Number.parseInt(bits.slice(index * 8, index * 8 + 8).join(''), 2),
  );
  // Blocks and data codewords of level M, from the standard's table 9.
  const counts = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5];
  const dataWords = [16, 28, 44, 64, 86, 108, 124, 154, 182, 216];
  const count = counts[version - 1] ?? 0;
  const total = dataWords[version - 1] ?? 0;
  const long = total % count;
  const lengths = Array.from(
    { length: count },
    (_, index) => Math.floor(total / count) + (index >= count - long ? 1 : 0),
  );
  const blocks: number[][] = lengths.map(() => []);
  let next = 0;
  for (let place = 0; place < Math.max(...lengths); place += 1) {
    lengths.forEach((length, index) => place < length && blocks[index]?.push(words[next++] ?? 0));
  }
  const data = blocks.flat();
  const each = (words.length - total) / count;
  for (let place = 0; place < each; place += 1) blocks.forEach((block) => block.push(words[next++] ?? 0));
  for (const block of blocks) expect(syndromes(block, each)).toEqual(Array.from({ length: each }, () => 0));
  const stream = data.map((word) => word.toString(2).padStart(8, '0')).join('');
  expect(stream.slice(0, 4)).toBe('0100');
  const from = version < 10 ? 12 : 20;
  const length = Number.parseInt(stream.slice(4, from), 2);
  const bytes = Array.from({ length }, (_, index) =>
    Number.parseInt(stream.slice(from + index * 8, from + index * 8 + 8), 2),
  );
  return { text: new TextDecoder().decode(Uint8Array.from(bytes)), version };
}

/** The block as a polynomial, at each power of two: by shifting and adding, no tables. */
function syndromes(block: readonly number[], count: number): number[] {
  const times = (a: number, b: number): number => {
    let result = 0;
    for (
      let bit = 0, shifted = a;
      bit < 8;
      bit += 1, shifted = shifted & 0x80 ? (shifted << 1) ^ 0x11d : shifted << 1
    ) {
      if ((b >> bit) & 1) result ^= shifted;
    }
    return result;
  };
  let root = 1;
  return Array.from({ length: count }, () => {
    const value = block.reduce((sum, word) => times(sum, root) ^ word, 0);
    root = times(root, 2);
    return value;
  });
}

const letters = 'Siaga 112: tekan 1 bila darurat. ';

describe('QR codes', () => {
  it.each([
    ['one character', 'a', 1],
    ['as much as version 1 holds', letters.slice(0, 14), 1],
    ['a byte more', letters.slice(0, 15), 2],
    ['not ASCII', 'Kecamatan Mayangan – Rénald', 3],
    ['version 5', 'x'.repeat(80), 5],
    ['version 7, which says so itself', letters.repeat(4).slice(0, 110), 7],
    ['version 8, with blocks of two lengths', letters.repeat(5).slice(0, 150), 8],
    ['version 9', 'p'.repeat(180), 9],
    ['as much as version 10 holds', letters.repeat(7).slice(0, 213), 10],
  ])('%s', (_what, text, version) => {
    expect(read(qrMatrix(text))).toEqual({ text, version });
  });

  it('every length there is', () => {
    for (let length = 1; length <= 213; length += 1) {
      const text = letters.repeat(7).slice(0, length);
      expect(read(qrMatrix(text)).text).toBe(text);
    }
  });

  it('refuses what is too long', () => {
    expect(() => qrMatrix('x'.repeat(214))).toThrow(RangeError);
  });

  it('corrects as the standard does (HELLO WORLD, 1-M)', () => {
    const data = [32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17];
    expect(correctionOf(data, 10)).toEqual([196, 35, 39, 119, 235, 215, 231, 226, 93, 23]);
  });

  it('has the format and version information of the standard', () => {
    expect(formatBits(0).toString(2).padStart(15, '0')).toBe('101010000010010');
    expect(formatBits(5).toString(2).padStart(15, '0')).toBe('100000011001110');
    expect(versionBits(7).toString(2).padStart(18, '0')).toBe('000111110010010100');
    expect(versionBits(10).toString(2).padStart(18, '0')).toBe('001010010011010011');
  });

  it('has its three finders, its timing and its dark module', () => {
    const matrix = qrMatrix(letters);
    const finder = ['1111111', '1000001', '1011101', '1011101', '1011101', '1000001', '1111111'];
    const part = (row: number, column: number): string[] =>
      matrix.slice(row, row + 7).map((line) =>
        line
          .slice(column, column + 7)
          .map(Number)
          .join(''),
      );
    const far = matrix.length - 7;
    for (const [row, column] of [
      [0, 0],
      [0, far],
      [far, 0],
    ] as const)
      expect(part(row, column)).toEqual(finder);
    for (let at = 8; at < matrix.length - 8; at += 1) expect(matrix[6]?.[at]).toBe(at % 2 === 0);
    expect(matrix[matrix.length - 8]?.[8]).toBe(true);
  });

  it('draws it with its quiet zone', () => {
    const svg = qrSvg('a');
    expect(svg).toContain('viewBox="0 0 29 29"');
    expect(svg).toContain('M4 4h1v1h-1z');
  });
});
