import type { CivicAddress, Fix, FixSource, Place, Position, Shape, Sighting } from './fix.ts';
import { plainText } from './plain-text.ts';
import { centreOf, distance, maxMetres, radiusAt95 } from './shape.ts';

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

/**
 * Metres: with 95% probability the caller is no farther from the middle of the shape. A source that gives a position and no
 * uncertainty, or one of 0, is taken to be as good as such sources commonly are; nobody is exactly at a point.
 */
export function uncertaintyAt95(
  source: FixSource,
  shape: Shape,
  { confidence, method }: Pick<Sighting, 'confidence' | 'method'>,
): number {
  const radius = shape.type === 'point' ? 0 : radiusAt95(shape, confidence);
  // A confidence too small to reckon with says nothing.
  if (Number.isNaN(radius)) return maxMetres;
  if (radius > 0) return radius;
  return method?.toLowerCase() === 'cell' ? unsaid.cell : unsaid[source];
}

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
 * smallest; addresses of fixed lines do not age. Without any shape: an operator's words, the latest first, then a
 * subscriber's address, then what the network says in words. The district is the one that an operator said last, by name or
 * by a point, else the chosen fix's, else that of any other. The address is the one that an operator took down last, else the
 * chosen fix's own, else what comes first in words; the bare name of a district only where there is no more. Ties go to what came first. Pure; `at` is epoch
 * milliseconds.
 */
export function bestFix(fixes: readonly Fix[], at: number): BestFix | null {
  const placed = fixes.flatMap((fix) => (fix.shape === null ? [] : [{ fix, ...judged(fix, fix.shape, at) }]));
  const byOperator = placed.filter(({ fix }) => fix.source === 'operator').at(-1);
  const smallest = placed.reduce<(typeof placed)[number] | null>(
    (best, one) => (best === null || one.effective < best.effective ? one : best),
    null,
  );
  const chosen = byOperator ?? smallest;
  const worded = inOrder(fixes.filter(({ shape }) => shape === null));
  const fix = chosen?.fix ?? worded[0];
  if (fix === undefined) return null;
  const said = fixes.filter(({ source, place }) => source === 'operator' && place !== null).at(-1);
  const place = said?.place ?? fix.place ?? fixes.find((one) => one.place !== null)?.place ?? null;
  const reason = chosen === null ? inWordsOnly(fix) : because(chosen, byOperator !== undefined, placed);
  return {
    fixId: fix.id,
    source: fix.source,
    method: fix.method,
    position: chosen?.centre ?? null,
    radius: chosen === null ? null : Math.round(chosen.radius),
    address: addressOf([...worded.filter(({ source }) => source === 'operator'), fix, ...inOrder(fixes)]),
    district: place?.district ?? null,
    districtCertain: place?.certain ?? false,
    outside: place?.outside ?? false,
    neighbour: place?.neighbour ?? null,
    at: Math.min(fix.at ?? fix.receivedAt, fix.receivedAt),
    madeUp: fix.madeUp || (place?.madeUp ?? false),
    reason: [reason, ...elsewhere(place, fix.place)].join('; '),
  };
}

/** As what they say in words counts; an operator's latest first, of all others the first that came. */
function inOrder(fixes: readonly Fix[]): Fix[] {
  return fixes
    .map((fix, index) => ({ fix, index, rank: inWords.indexOf(fix.source) }))
    .sort((a, b) => a.rank - b.rank || (a.fix.source === 'operator' ? b.index - a.index : a.index - b.index))
    .map(({ fix }) => fix);
}

function addressOf(fixes: readonly Fix[]): string | null {
  const known = fixes.filter(({ civic }) => civic !== null);
  const whole = known.find(({ civic, place }) => civic?.['text'] !== place?.district || place === null) ?? known[0];
  return whole?.civic ? addressLine(whole.civic) : null;
}

function elsewhere(place: Place | null, of: Place | null): string[] {
  if (place?.district == null || of === null || place.district === of.district) return [];
  return [`an operator says ${place.district}, and this lies in ${of.district ?? 'none of the districts'}`];
}

interface Judged {
  readonly fix: Fix;
  readonly centre: Position;
  readonly radius: number;
  readonly age: number;
  readonly effective: number;
}

function judged(fix: Fix, shape: Shape, at: number): Omit<Judged, 'fix'> {
  const radius = uncertaintyAt95(fix.source, shape, fix);
  // A phone whose clock is ahead is no better for it.
  const age = Math.max(0, at - Math.min(fix.at ?? fix.receivedAt, fix.receivedAt)) / 1_000;
  return { centre: centreOf(shape), radius, age, effective: radius + (settled.has(fix.source) ? 0 : drift * age) };
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
  const parts = [
    ...known,
    ...others.map(([name, value]) => `${name} ${value}`),
    ...(civic['country'] ? [civic['country']] : []),
  ];
  return plainText(parts.join(', '), 500);
}
