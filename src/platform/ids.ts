import { createHash } from 'node:crypto';
import { v7 } from 'uuid';

/** A new UUIDv7 whose time part is `now` (epoch ms). */
export function newId(now: number): string {
  return v7({ msecs: now });
}

/** The time part of a UUIDv7, in epoch ms. */
export function timeOf(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}

/**
 * A UUIDv7 that depends on nothing but its arguments, so that every process which sees the same channel
 * names the same call the same way: its time part is `epochMs`, its random part comes from
 * SHA-256(kind|node|uniqueid).
 */
export function derivedId(kind: string, node: string, uniqueid: string, epochMs: number): string {
  const digest = createHash('sha256').update(`${kind}|${node}|${uniqueid}`).digest();
  return v7({ msecs: epochMs, random: digest.subarray(0, 16), seq: digest.readUInt32BE(16) });
}
