import type { CivicAddress } from '../fix.ts';
import { plainText } from '../plain-text.ts';

/** The elements of RFC 5139 (section 3.4), with those that RFC 4119 has too. */
export const civicElements = [
  'country',
  'A1',
  'A2',
  'A3',
  'A4',
  'A5',
  'A6',
  'PRM',
  'PRD',
  'RD',
  'STS',
  'POD',
  'POM',
  'RDSEC',
  'RDBR',
  'RDSUBBR',
  'HNO',
  'HNS',
  'LMK',
  'LOC',
  'FLR',
  'NAM',
  'PC',
  'BLD',
  'UNIT',
  'ROOM',
  'SEAT',
  'PLC',
  'PCN',
  'POBOX',
  'ADDCODE',
] as const;
type CivicElement = (typeof civicElements)[number];

/** Nothing else becomes a key of an address. */
const known: ReadonlySet<string> = new Set(civicElements);
/** Characters of one element's text; the rest is cut off. */
const maxCivicText = 200;

/**
 * An address from names and texts in the order they came: unknown names and empty texts are left out, texts are cleaned and
 * cut, and of two of one name the first counts. Null when nothing is left.
 */
export function civicAddress(pairs: Iterable<readonly [name: string, text: string]>): CivicAddress | null {
  const address = new Map<string, string>();
  for (const [name, raw] of pairs) {
    if (!known.has(name) || address.has(name)) continue;
    const text = plainText(raw, maxCivicText);
    if (text !== '') address.set(name, text);
  }
  return address.size > 0 ? Object.fromEntries(address) : null;
}

/**
 * An address as the pairs that RFC 5139 can carry, in its order. Our own `text` (an address that is one sentence) becomes LOC,
 * "additional location information", where there is none.
 */
export function civicPairs(address: CivicAddress): [name: CivicElement, text: string][] {
  return civicElements.flatMap((name) => {
    const text = plainText(address[name] ?? (name === 'LOC' ? (address['text'] ?? '') : ''), maxCivicText);
    return text === '' ? [] : [[name, text]];
  });
}
