// When SIPp's phones were called, by their own log.
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The first INVITE of each caller's number, that came to phones or went out from a crowd started with `logs`, in epoch milliseconds. */
export function invitesAt({ folder }) {
  const found = new Map();
  for (const line of readFileSync(path.join(folder, 'invites.log'), 'utf8').split('\n')) {
    const [, at, number] = /^(\S+) invite (\S+)$/.exec(line) ?? [];
    if (at !== undefined && !found.has(number)) found.set(number, Date.parse(at));
  }
  return found;
}
