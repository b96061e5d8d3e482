import { printAsteriskLocation, type PrintedAsteriskLocation } from '../location/pidf-lo/asterisk-location.ts';
import type { Report } from './report.ts';

/** A reported position as an agency's INVITE carries it. */
export function locationOf(position: Report['position']): PrintedAsteriskLocation | null {
  if (position === null) return null;
  const { radius, ...centre } = position;
  const shape =
    radius === undefined || radius === 0
      ? { type: 'point' as const, position: centre, altitude: null }
      : { type: 'circle' as const, centre, radius };
  return printAsteriskLocation({ method: 'Device', shape, civic: null, confidence: null, at: null });
}
