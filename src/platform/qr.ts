import { correctionOf } from './reed-solomon.ts';

/**
 * QR codes (ISO/IEC 18004): byte mode, error correction level M, versions 1 to 10, which is 213 bytes at most. Pure.
 */

/** Blocks of level M by version: codewords of correction in each block, and the data codewords of each block. */
const blocksOf: readonly { correction: number; data: readonly number[] }[] = [
  { correction: 10, data: [16] },
  { correction: 16, data: [28] },
  { correction: 26, data: [44] },
  { correction: 18, data: [32, 32] },
  { correction: 24, data: [43, 43] },
  { correction: 16, data: [27, 27, 27, 27] },
  { correction: 18, data: [31, 31, 31, 31] },
  { correction: 22, data: [38, 38, 39, 39] },
  { correction: 22, data: [36, 36, 36, 37, 37] },
  { correction: 26, data: [43, 43, 43, 43, 44] },
];
const alignments = [
  [],
  [6, 18],
  [6, 22],
  [6, 26],
  [6, 30],
  [6, 34],
  [6, 22, 38],
  [6, 24, 42],
  [6, 26, 46],
  [6, 28, 50],
];

/** Bytes that a code holds at most. */
export const longestText = 213;

/** The masks of the standard, by their number. */
const masks: readonly ((row: number, column: number) => boolean)[] = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_row, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];

/** Rows of modules, true where dark, without the quiet zone. Throws RangeError when the text is over 213 bytes of UTF-8. */
export function qrMatrix(text: string): boolean[][] {
  const bytes = [...new TextEncoder().encode(text)];
  const version = blocksOf.findIndex((blocks, index) => fits(bytes.length, index + 1, blocks.data)) + 1;
  if (version === 0) throw new RangeError(`${bytes.length} bytes are too many for a QR code of version 10`);
  const codewords = codewordsOf(bytes, version);
  const drawn = masks.map((_mask, number) => draw(version, codewords, number));
  const penalties = drawn.map(penaltyOf);
  return drawn[penalties.indexOf(Math.min(...penalties))] ?? [];
}

/** The code as an SVG of its own, with the quiet zone of four modules. */
export function qrSvg(text: string): string {
  const matrix = qrMatrix(text);
  const size = matrix.length + 8;
  const path = matrix
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x + 4} ${y + 4}h1v1h-1z`] : [])))
    .join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>`
  );
}

function lengthBits(version: number): number {
  return version < 10 ? 8 : 16;
}

function fits(bytes: number, version: number, data: readonly number[]): boolean {
  return 4 + lengthBits(version) + bytes * 8 <= data.reduce((sum, one) => sum + one, 0) * 8;
}

/** Data and correction, interleaved as they are drawn. */
function codewordsOf(bytes: readonly number[], version: number): number[] {
  const { correction, data } = blocksOf[version - 1] ?? { correction: 0, data: [] };
  const capacity = data.reduce((sum, one) => sum + one, 0);
  const bits = [...bitsOf(0b0100, 4), ...bitsOf(bytes.length, lengthBits(version))];
  for (const byte of bytes) bits.push(...bitsOf(byte, 8));
  bits.push(...Array.from({ length: Math.min(4, capacity * 8 - bits.length) }, () => 0));
  while (bits.length % 8 !== 0) bits.push(0);
  const words = Array.from({ length: bits.length / 8 }, (_, index) =>
    bits.slice(index * 8, index * 8 + 8).reduce((word, bit) => word * 2 + bit, 0),
  );
  for (let pad = 0xec; words.length < capacity; pad ^= 0xec ^ 0x11) words.push(pad);
  let from = 0;
  const blocks = data.map((length) => words.slice(from, (from += length)));
  return [...interleaved(blocks), ...interleaved(blocks.map((block) => correctionOf(block, correction)))];
}

function interleaved(blocks: readonly number[][]): number[] {
  const longest = Math.max(...blocks.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => blocks.flatMap((block) => block[index] ?? [])).flat();
}

function bitsOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (value >> (count - 1 - index)) & 1);
}

/** Modules that are set; undefined where data goes. */
type Canvas = (boolean | undefined)[][];

function draw(version: number, codewords: readonly number[], mask: number): boolean[][] {
  const size = version * 4 + 17;
  const canvas: Canvas = Array.from({ length: size }, () => Array.from({ length: size }, () => undefined));
  const set = (row: number, column: number, dark: boolean): void => {
    const line = canvas[row];
    if (line !== undefined && column >= 0 && column < size) line[column] = dark;
  };
  drawPatterns(version, size, set);
  drawFormat(size, mask, set);
  if (version >= 7) drawVersion(size, version, set);
  drawData(size, codewords, mask, canvas, set);
  return canvas.map((line) => line.map((dark) => dark === true));
}

type SetModule = (row: number, column: number, dark: boolean) => void;

function drawPatterns(version: number, size: number, set: SetModule): void {
  for (let at = 8; at < size - 8; at += 1) {
    set(6, at, at % 2 === 0);
    set(at, 6, at % 2 === 0);
  }
  for (const [row, column] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ] as const) {
    square(4, (down, right, ring) => set(row + down, column + right, ring !== 2 && ring !== 4));
  }
  const places = alignments[version - 1] ?? [];
  for (const row of places) {
    for (const column of places) {
      // Where a finder pattern is there is none.
      const corner =
        (row === 6 && column === 6) || (row !== column && row + column === size - 1 && (row === 6 || column === 6));
      if (!corner) square(2, (down, right, ring) => set(row + down, column + right, ring !== 1));
    }
  }
}

/** Every module up to `reach` from a centre, with the number of its ring. */
function square(reach: number, each: (down: number, right: number, ring: number) => void): void {
  for (let down = -reach; down <= reach; down += 1) {
    for (let right = -reach; right <= reach; right += 1) {
      each(down, right, Math.max(Math.abs(down), Math.abs(right)));
    }
  }
}

/** Level M and the mask, with their BCH code, twice. */
function drawFormat(size: number, mask: number, set: SetModule): void {
  const format = formatBits(mask);
  const bit = (index: number): boolean => ((format >> index) & 1) === 1;
  for (let index = 0; index <= 5; index += 1) set(index, 8, bit(index));
  set(7, 8, bit(6));
  set(8, 8, bit(7));
  set(8, 7, bit(8));
  for (let index = 9; index < 15; index += 1) set(8, 14 - index, bit(index));
  for (let index = 0; index < 8; index += 1) set(8, size - 1 - index, bit(index));
  for (let index = 8; index < 15; index += 1) set(size - 15 + index, 8, bit(index));
  set(size - 8, 8, true);
}

/** 15 bits: level M, the number of the mask, their BCH code; masked as the standard wants it. */
export function formatBits(mask: number): number {
  return ((mask << 10) | remainder(mask << 10, 0x537)) ^ 0x5412;
}

/** 18 bits: the version and its BCH code. */
export function versionBits(version: number): number {
  return (version << 12) | remainder(version << 12, 0x1f25);
}

function remainder(value: number, generator: number): number {
  const length = (number: number): number => 32 - Math.clz32(number);
  let rest = value;
  while (length(rest) >= length(generator)) rest ^= generator << (length(rest) - length(generator));
  return rest;
}

function drawVersion(size: number, version: number, set: SetModule): void {
  const bits = versionBits(version);
  for (let index = 0; index < 18; index += 1) {
    const dark = ((bits >> index) & 1) === 1;
    const [near, far] = [Math.floor(index / 3), size - 11 + (index % 3)];
    set(near, far, dark);
    set(far, near, dark);
  }
}

/** In pairs of columns from the right, up and down in turn; the timing column is left out. */
function drawData(size: number, codewords: readonly number[], mask: number, canvas: Canvas, set: SetModule): void {
  const masked = masks[mask] ?? (() => false);
  let bit = 0;
  let up = true;
  for (let right = size - 1; right > 0; right -= right === 8 ? 3 : 2) {
    for (let step = 0; step < size; step += 1) {
      const row = up ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (canvas[row]?.[column] !== undefined) continue;
        const value = ((codewords[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
        bit += 1;
        set(row, column, (value === 1) !== masked(row, column));
      }
    }
    up = !up;
  }
}

/** How hard a scanner would find it: the four rules of the standard. */
function penaltyOf(matrix: readonly boolean[][]): number {
  const columns = matrix.map((_, at) => matrix.map((row) => row[at] === true));
  const lines = [...matrix, ...columns];
  const dark = matrix.flat().filter(Boolean).length;
  const share = (dark * 100) / (matrix.length * matrix.length);
  return (
    lines.reduce((sum, line) => sum + penaltyOfRuns(line) + 40 * finderLike(line), 0) +
    3 * blocks(matrix) +
    10 * Math.floor(Math.abs(share - 50) / 5)
  );
}

function penaltyOfRuns(line: readonly boolean[]): number {
  let penalty = 0;
  let run = 0;
  line.forEach((dark, at) => {
    run = at > 0 && line[at - 1] === dark ? run + 1 : 1;
    if (run === 5) penalty += 3;
    else if (run > 5) penalty += 1;
  });
  return penalty;
}

function finderLike(line: readonly boolean[]): number {
  const text = line.map((dark) => (dark ? '1' : '0')).join('');
  const starts = line.map((_, at) => text.slice(at, at + 11));
  return starts.filter((part) => part === '10111010000' || part === '00001011101').length;
}

function blocks(matrix: readonly boolean[][]): number {
  let count = 0;
  for (let row = 1; row < matrix.length; row += 1) {
    for (let column = 1; column < matrix.length; column += 1) {
      const same = [matrix[row]?.[column - 1], matrix[row - 1]?.[column], matrix[row - 1]?.[column - 1]];
      if (same.every((dark) => dark === matrix[row]?.[column])) count += 1;
    }
  }
  return count;
}
