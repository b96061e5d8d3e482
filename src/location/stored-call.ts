import type { Sql } from '../platform/postgres.ts';
import { readLocation, saveLocation } from './fix-store.ts';
import { receive, type CallLocation, type Received } from './location.ts';

/**
 * Adds what was received to a call that has ended, in the transaction of `sql`, and chooses its best fix anew. Null when
 * there is no such call. `at` is epoch milliseconds.
 */
export async function addToStoredCall(
  sql: Sql,
  callId: string,
  received: Received,
  at: number,
): Promise<CallLocation | null> {
  const before = await readLocation(sql, callId, true);
  if (before === null) return null;
  const { location } = receive(before, received, at);
  await saveLocation(sql, callId, location);
  return location;
}
