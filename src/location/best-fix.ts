import type { CivicAddress, Fix, FixSource, Position } from './fix.ts';
import { centreOf, distance, radiusAt95 } from './shape.ts';

/** The location to act on, and why it was chosen. */
export interface BestFix {
  readonly fixId: string;
  readonly source: FixSource;
  readonly method: string | null;
  /** Null when no fix has a shape: then there is an address, a district, or an area code. */
  readonly position: Position | null;
  /** Metres: with 95% probability the caller is no farther from the position; null without one. */
  readonly radius: number | null;
  readonly address: string | null;
  readonly district: string | null;
  /** The whole uncertainty lies in that district, or a person named it. */
  readonly districtCertain: boolean;
  /** The position lies outside the city. */
  readonly outside: boolean;
  /** The centre that should have a caller from outside. */
  readonly neighbour: string | null;
  /** When the caller was there, in epoch milliseconds. */
  readonly at: number;
  readonly madeUp: boolean;
  /** In plain words, for the operator and for the record. */
  readonly reason: string;
}

/** A source that gives a position without saying how good it is, in metres. */
const unsaid: Record<FixSource, number> = {
  'pidf-lo': 200,
  reference: 200,
  cell: 5_000,
  'aml-sms': 200,
  'aml-https': 200,
  'area-code': 20_000,
  subscriber: 50,
  operator: 50,
};

/** Metres a second by which a position that a network or phone has found grows uncertain: somewhat faster than a run. */
const drift = 3;
const settled: ReadonlySet<FixSource> = new Set(['operator', 'subscriber', 'area-code']);

/** Without any position, the first of these that came says where to begin. */
const inWords: readonly FixSource[] = [
  'operator',
  'subscriber',
  'pidf-lo',
  'reference',
  'aml-https',
  'aml-sms',
  'cell',
  'area-code',
];

const named: Record<FixSource, string> = {
  'pidf-lo': 'the network (PIDF-LO)',
  reference: "the network's location server",
  cell: 'the tower of the cell',
  'aml-sms': 'the phone (AML by SMS)',
  'aml-https': 'the phone (AML by HTTPS)',
  'area-code': "the line's area code",
  subscriber: "the line's subscriber",
  operator: 'the operator',
};

/**
 * Chooses among fixes. A point that an operator set comes first, the latest of several: a person has asked the caller.
 * Among all others that have a shape, the one whose uncertainty at 95% (RFC 7459) plus 3 m for each second of its age is
 * smallest; addresses of fixed lines do not age. Without any shape: an operator's words, then a subscriber's address, then
 * what the network says in words. The district is the one that an operator named last, else the chosen fix's, else that of
 * any other. Ties go to what came first. Pure; `at` is epoch milliseconds.
 */
export function bestFix(fixes: readonly Fix[], at: number): BestFix | null {
  const placed = fixes.flatMap((fix) => (fix.shape === null ? [] : [{ fix, ...judged(fix, fix.shape, at) }]));
  const byOperator = placed.filter(({ fix }) => fix.source === 'operator').at(-1);
  const smallest = placed.reduce<(typeof placed)[number] | null>(
    (best, one) => (best === null || one.effective < best.effective ? one : best),
    null,
  );
  const chosen = byOperator ?? smallest;
  const worded = [...fixes]
    .filter(({ shape }) => shape === null)
    .sort((a, b) => inWords.indexOf(a.source) - inWords.indexOf(b.source) || latestFirst(a, b))[0];
  const fix = chosen?.fix ?? worded;
  if (fix === undefined) return null;
  const named = fixes.filter((one) => one.source === 'operator' && one.shape === null && one.place !== null).at(-1);
  const place = named?.place ?? fix.place ?? fixes.find((one) => one.place !== null)?.place ?? null;
  const addressed = [fix, ...fixes.filter(({ source }) => settled.has(source)), ...fixes].find(({ civic }) => civic);
  return {
    fixId: fix.id,
    source: fix.source,
    method: fix.method,
    position: chosen?.centre ?? null,
    radius: chosen === null ? null : Math.round(chosen.radius),
    address: addressed?.civic ? addressLine(addressed.civic) : null,
    district: place?.district ?? null,
    districtCertain: place?.certain ?? false,
    outside: place?.outside ?? false,
    neighbour: place?.neighbour ?? null,
    at: Math.min(fix.at ?? fix.receivedAt, fix.receivedAt),
    madeUp: fix.madeUp || (place?.madeUp ?? false),
    reason: chosen === null ? inWordsOnly(fix) : because(chosen, byOperator !== undefined, placed),
  };
}

interface Judged {
  readonly fix: Fix;
  readonly centre: Position;
  readonly radius: number;
  readonly age: number;
  readonly effective: number;
}

function judged(fix: Fix, shape: NonNullable<Fix['shape']>, at: number): Omit<Judged, 'fix'> {
  const radius = shape.type === 'point' ? unsaid[fix.source] : radiusAt95(shape, fix.confidence);
  // A phone whose clock is ahead is no better for it.
  const age = Math.max(0, at - Math.min(fix.at ?? fix.receivedAt, fix.receivedAt)) / 1_000;
  return { centre: centreOf(shape), radius, age, effective: radius + (settled.has(fix.source) ? 0 : drift * age) };
}

function latestFirst(a: Fix, b: Fix): number {
  return a.source === 'operator' ? b.receivedAt - a.receivedAt : a.receivedAt - b.receivedAt;
}

function because(chosen: Judged, byOperator: boolean, placed: readonly Judged[]): string {
  const { fix, radius, age } = chosen;
  const how = `${named[fix.source]}${fix.method === null ? '' : `, ${fix.method}`}: within ${metres(radius)} at 95%, ${Math.round(age)} s old`;
  const why = byOperator
    ? 'a point set by an operator comes before all others'
    : placed.length === 1
      ? 'the only position'
      : `the smallest uncertainty of ${placed.length}, its age counted`;
  const apart = placed.filter((one) => one !== chosen && farFrom(chosen, one)).map((one) => disagreement(chosen, one));
  return [`${how}; ${why}`, ...apart.slice(0, 3)].join('; ');
}

/** Neither lies within the other's uncertainty, however generously it is taken. */
function farFrom(one: Judged, other: Judged): boolean {
  return distance(one.centre, other.centre) > 2 * (one.effective + other.effective);
}

function disagreement(chosen: Judged, other: Judged): string {
  return `${named[other.fix.source]} says otherwise, ${metres(distance(chosen.centre, other.centre))} away`;
}

function inWordsOnly(fix: Fix): string {
  return `${named[fix.source]}, in words; there is no position`;
}

function metres(length: number): string {
  return length < 1_000 ? `${Math.round(length)} m` : `${(length / 1_000).toFixed(1)} km`;
}

/** A civic address as one line: what a person would say, the small first. */
export function addressLine(civic: CivicAddress): string {
  if (civic['text'] !== undefined) return civic['text'];
  const order = [
    'NAM',
    'LOC',
    'BLD',
    'UNIT',
    'FLR',
    'ROOM',
    'RD',
    'HNO',
    'HNS',
    'LMK',
    'A6',
    'A5',
    'A4',
    'A3',
    'A2',
    'A1',
    'PC',
  ];
  const known = order.flatMap((name) => civic[name] ?? []);
  const others = Object.entries(civic).filter(([name]) => !order.includes(name) && name !== 'country');
  return [
    ...known,
    ...others.map(([name, value]) => `${name} ${value}`),
    ...(civic['country'] ? [civic['country']] : []),
  ]
    .join(', ')
    .slice(0, 500);
}
