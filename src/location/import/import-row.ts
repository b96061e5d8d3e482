import type { Position } from '../fix.ts';

/** What is stored of a line, in the order of the staging table's columns. */
export type Values = readonly (string | number | null)[];

/** What one line of an import file comes to. Reasons are plain words and hold no personal data. */
export type Verdict =
  | { readonly kind: 'row'; readonly values: Values }
  /** `values`: what the file says of a row that is there already and must not count as missing from the file. */
  | { readonly kind: 'rejected'; readonly reason: string; readonly values?: Values }
  | { readonly kind: 'skipped'; readonly why: string };

/** A file whose first line fits: how to judge each line, and whether the first is one of them. */
export interface Reader {
  readonly firstIsHeader: boolean;
  judge(values: readonly string[]): Verdict;
}

/** A reader, or why the file is none of its kind. */
export type Opening = Reader | { readonly refused: string };

export const rejected = (reason: string): Verdict => ({ kind: 'rejected', reason });

/** A whole number of at most 15 digits from `least` to `most`, or undefined. */
export function wholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^-?\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

// The equator runs through Indonesia: what is close to it may be written with an exponent.
const decimal = /^[+-]?\d{1,3}(\.\d{1,20})?([eE]-?\d{1,2})?$/;

/** A position in decimal degrees, or why the two are none. 0,0 is what programs write that know no position. */
export function positionOf(latitude: string, longitude: string): Position | { readonly refused: string } {
  const [north, east] = [latitude, longitude].map((text) => (decimal.test(text) ? Number(text) : Number.NaN));
  if (north === undefined || !(Math.abs(north) <= 90)) {
    return { refused: 'the latitude is not a number of degrees from -90 to 90' };
  }
  if (east === undefined || !(Math.abs(east) <= 180)) {
    return { refused: 'the longitude is not a number of degrees from -180 to 180' };
  }
  if (north === 0 && east === 0) return { refused: 'the position 0,0 means that none is known' };
  return { latitude: north, longitude: east };
}
