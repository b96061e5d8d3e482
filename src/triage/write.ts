import type { Sql } from '../platform/postgres.ts';
import type { Entry, LoggedCall } from '../records/entry.ts';
import { isUnfinished } from './callback.ts';
import { listUnfinished, takeOffRedialled } from './callback-listing.ts';
import type { StoredCallback } from './callback-store.ts';
import { scoreCall, scoreIncident, type NuisanceWeights } from './nuisance-store.ts';
import { shortCallSeconds } from './score.ts';

/** What entries of the journal mean for the list and the scores. Ids of calls and incidents; times are epoch milliseconds. */
interface TriageWork {
  /** Abandoned, or cut off. */
  readonly unfinished: ReadonlyMap<string, number>;
  readonly talked: ReadonlyMap<string, number>;
  readonly ended: ReadonlyMap<string, { at: number; short: boolean }>;
  readonly incidents: ReadonlyMap<string, number>;
}

/** What has changed on the list. */
export interface TriageChanges {
  readonly listed: readonly StoredCallback[];
  readonly changed: readonly StoredCallback[];
}

/** Sorts out what of the entries matters here; null when nothing does. `logged` are calls that the log has ended. */
export function workOf(entries: readonly Entry[], logged: readonly LoggedCall[]): TriageWork | null {
  const work = {
    unfinished: new Map<string, number>(),
    talked: new Map<string, number>(),
    ended: new Map<string, { at: number; short: boolean }>(),
    incidents: new Map<string, number>(),
  };
  for (const entry of entries) {
    if (entry.kind !== 'call') continue;
    const { callId, at, state } = entry;
    for (const { type } of entry.facts) {
      if (type === 'operator.talking') work.talked.set(callId, at);
      if (type === 'incident.changed') work.incidents.set(state.incident.id, at);
      if (type !== 'call.ended') continue;
      if (isUnfinished(state)) work.unfinished.set(callId, at);
      const talked = state.firstTalkAt === null ? null : at - state.firstTalkAt;
      const short =
        talked !== null &&
        talked < shortCallSeconds * 1_000 &&
        state.reason === 'the caller hung up' &&
        state.dispatches.length === 0;
      work.ended.set(callId, { at, short });
    }
  }
  for (const { id, outcome, endedAt } of logged) {
    if (outcome === 'abandoned') work.unfinished.set(id, endedAt);
    else work.talked.set(id, endedAt);
  }
  return Object.values(work).every((part) => part.size === 0) ? null : work;
}

/** Brings it to PostgreSQL, after the calls themselves and in their transaction. Doing it again changes nothing. */
export async function writeTriage(
  sql: Sql,
  work: TriageWork,
  deps: { newId: () => string; weights: NuisanceWeights; redialSeconds: number; identityLimit: number },
): Promise<TriageChanges> {
  const listed: StoredCallback[] = [];
  const changed: StoredCallback[] = [];
  for (const [callId, at] of work.unfinished) {
    const one = await listUnfinished(sql, callId, { ...deps, id: deps.newId(), at });
    if (one !== null) listed.push(one);
  }
  for (const [callId, at] of work.talked) changed.push(...(await takeOffRedialled(sql, callId, { ...deps, at })));
  for (const [callId, { at, short }] of work.ended) await scoreCall(sql, { callId, at, short }, deps);
  for (const [incidentId, at] of work.incidents) await scoreIncident(sql, incidentId, { ...deps, at });
  return { listed, changed };
}
