import { printAsteriskLocation, type PrintedAsteriskLocation } from './pidf-lo/asterisk-location.ts';
import type { CallLocation } from './location.ts';

/**
 * The best fix of a call, as an agency's INVITE carries it; null without one. Asterisk sends no confidence, and whoever reads
 * none takes 95% (RFC 5491, 5.2.1): a shape in which the caller is less probably goes as the circle in which he is.
 */
export function sentLocation({ best, fixes }: CallLocation): PrintedAsteriskLocation | null {
  const fix = fixes.find(({ id }) => id === best?.fixId);
  if (fix === undefined || best === null) return null;
  const { text, ...elements } = fix.civic ?? {};
  // A sentence has no element of its own in a civic address: LOC is for what the others cannot say (RFC 5139).
  const civic = text === undefined ? elements : { country: 'ID', ...elements, LOC: best.address ?? text };
  const { position, radius } = best;
  const tooSmall = fix.shape?.type !== 'point' && fix.confidence !== null && fix.confidence < 95;
  const shape =
    tooSmall && position !== null && radius !== null
      ? { type: 'circle' as const, centre: position, radius }
      : fix.shape;
  return printAsteriskLocation({ ...fix, shape, civic });
}
