import { districtKey } from '../platform/text.ts';
import { minutesOf, sources, weekdays, type Condition } from './condition.ts';
import { severities } from '../incidents/incident.ts';
import { incidentKinds, kindIds } from './kind.ts';

/** A condition in the form in which conditions are compared: made once, compared with thousands. */
export interface Comparable {
  readonly when: Condition;
  /** Bits, `signatureWords` numbers: a condition can only cover another one if it has every bit of the other. */
  readonly signature: readonly number[];
  readonly texts: Readonly<Record<ListOfTexts, readonly string[] | undefined>>;
}

type ListOfTexts = 'kinds' | 'severities' | 'districts' | 'weekdays' | 'languages' | 'carriers' | 'sources' | 'areas';

export const signatureWords = 10;
const all = -1;

/** Prepares a condition for `covers`. */
export function comparable(when: Condition): Comparable {
  const texts = {
    kinds: when.kinds ?? incidentKinds,
    severities: when.severities,
    districts: when.districts?.map(districtKey),
    weekdays: when.weekdays,
    languages: when.languages,
    carriers: when.carriers,
    sources: when.sources,
    areas: when.areas?.map((area) => JSON.stringify(area)),
  };
  const signature = [
    bitsOf(kindIds, texts.kinds) | (when.severities ? bitsOf(severities, when.severities) << 22 : 0b11111 << 22),
    bitsOf(weekdays, when.weekdays ?? weekdays) | (hourBits(when.hours) << 7),
    flagBits(when) | (bitsOf(sources, when.sources ?? sources) << 6) | (callBits(when.minimumCalls) << 9),
    monthBits(when.dates),
    yearBits(when.dates),
    hashBits(texts.districts),
    hashBits(texts.areas),
    hashBits(texts.languages),
    hashBits(texts.carriers),
    // Of these all must hold: the more there are, the less it matches.
    ~hashBits(statesOf(when)),
  ];
  return { when, signature, texts };
}

/** Whether `wide` matches whenever `narrow` does. Errs to no: a rule is never called useless that is not. */
export function covers(wide: Comparable, narrow: Comparable): boolean {
  const [one, other] = [wide.when, narrow.when];
  return (
    contains(wide.texts.kinds ?? [], narrow.texts.kinds ?? []) &&
    (['severities', 'districts', 'weekdays', 'languages', 'carriers', 'sources', 'areas'] as const).every((part) =>
      coversList(wide.texts[part], narrow.texts[part]),
    ) &&
    coversHours(one.hours, other.hours) &&
    coversDates(one.dates, other.dates) &&
    (['holidays', 'confidential', 'drill'] as const).every(
      (part) => one[part] === undefined || one[part] === other[part],
    ) &&
    (one.minimumCalls ?? 0) <= (other.minimumCalls ?? 0) &&
    contains(statesOf(other), statesOf(one))
  );
}

/** What a condition asks of agencies and trunks, each as one text. */
function statesOf({ agencyStates = [], trunkStates = [] }: Condition): string[] {
  return [
    ...agencyStates.map(({ agencyId, state }) => `agency ${agencyId} ${state}`),
    ...trunkStates.map(({ trunkId, state }) => `trunk ${trunkId} ${state}`),
  ];
}

function contains(wide: readonly string[], narrow: readonly string[]): boolean {
  return narrow.every((item) => wide.includes(item));
}

function coversList(wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean {
  return wide === undefined || (narrow !== undefined && contains(wide, narrow));
}

function coversHours(wide: Condition['hours'], narrow: Condition['hours']): boolean {
  if (!wide) return true;
  if (!narrow) return false;
  const day = 24 * 60;
  const start = minutesOf(wide.from);
  const length = (minutesOf(wide.to) - start + day) % day;
  const offset = (minutesOf(narrow.from) - start + day) % day;
  const inner = (minutesOf(narrow.to) - minutesOf(narrow.from) + day) % day;
  return offset + inner <= length;
}

function coversDates(wide: Condition['dates'], narrow: Condition['dates']): boolean {
  if (!wide) return true;
  return narrow?.every((span) => wide.some(({ from, to }) => from <= span.from && span.to <= to)) ?? false;
}

function bitsOf(known: readonly string[], named: readonly string[]): number {
  return named.reduce((bits, name) => bits | (1 << known.indexOf(name)), 0);
}

/** One bit for each hour of the day that is touched. */
function hourBits(hours: Condition['hours']): number {
  if (!hours) return 0xffffff;
  const [from, to] = [minutesOf(hours.from), minutesOf(hours.to)];
  if (from === to) return 0;
  let bits = 0;
  for (let hour = 0; hour < 24; hour += 1) {
    const [start, end] = [hour * 60, hour * 60 + 60];
    const touched = from < to ? start < to && end > from : start < to || end > from;
    if (touched) bits |= 1 << hour;
  }
  return bits;
}

/** Two bits for each yes or no: what is not asked may be both. */
function flagBits({ holidays, confidential, drill }: Condition): number {
  const bits = [holidays, confidential, drill].map((flag) => (flag === undefined ? 0b11 : flag ? 0b10 : 0b01));
  return bits.reduce((sum, two, index) => sum | (two << (index * 2)), 0);
}

/** A bit for each number of calls up to 15 that is enough, and one for all above. */
function callBits(minimum = 1): number {
  return (0xffff << Math.min(15, minimum - 1)) & 0xffff;
}

/** A bit for each year that is touched, some years sharing one; the last for any date at all. */
function yearBits(dates: Condition['dates']): number {
  if (!dates) return all;
  let bits = 0;
  for (const { from, to } of dates) {
    const [first, last] = [Number(from.slice(0, 4)), Number(to.slice(0, 4))];
    for (let year = first; year <= Math.min(last, first + 30); year += 1) bits |= 1 << (year % 31);
  }
  return bits;
}

/** The same of the months of any year. */
function monthBits(dates: Condition['dates']): number {
  if (!dates) return 0x1fff;
  let bits = 0;
  for (const { from, to } of dates) {
    const [first, last] = [monthOf(from), monthOf(to)];
    for (let month = first; month <= Math.min(last, first + 11); month += 1) bits |= 1 << (month % 12);
  }
  return bits;
}

function monthOf(date: string): number {
  return Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1;
}

/** A few texts as 32 bits, each text one of them; any texts at all are every bit. */
export function hashBits(texts: readonly string[] | undefined): number {
  return texts?.reduce((bits, text) => bits | (1 << (hash(text) & 31)), 0) ?? all;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value ^ (value >>> 15);
}
