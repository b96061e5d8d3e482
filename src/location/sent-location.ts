import { printAsteriskLocation, type PrintedAsteriskLocation } from './pidf-lo/asterisk-location.ts';
import type { CallLocation } from './location.ts';

/** The best fix of a call, as an agency's INVITE carries it; null without one. */
export function sentLocation({ best, fixes }: CallLocation): PrintedAsteriskLocation | null {
  const fix = fixes.find(({ id }) => id === best?.fixId);
  if (fix === undefined || best === null) return null;
  const { text, ...elements } = fix.civic ?? {};
  // A sentence has no element of its own in a civic address: LOC is for what the others cannot say (RFC 5139).
  const civic = text === undefined ? elements : { country: 'ID', ...elements, LOC: best.address ?? text };
  return printAsteriskLocation({ ...fix, civic });
}
