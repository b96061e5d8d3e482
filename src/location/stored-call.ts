import type { Sql } from '../platform/postgres.ts';
import { readLocation, saveLocation } from './fix-store.ts';
import { receive, type Merged, type Received } from './location.ts';

/**
 * Adds what was received to a call that has ended, in the transaction of `sql`, and chooses its best fix anew. Answers
 * with what was new in it, or null when there is no such call. `at` is epoch milliseconds.
 */
export async function addToStoredCall(
  sql: Sql,
  callId: string,
  received: Received,
  at: number,
): Promise<Merged | null> {
  const before = await readLocation(sql, callId, true);
  if (before === null) return null;
  const merged = receive(before, received, at);
  if (merged.fixes.length + merged.unusable.length > 0) await saveLocation(sql, callId, merged.location);
  return merged;
}
