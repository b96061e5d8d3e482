import { z } from 'zod';
import type { CallEntry } from '../../src/calls/runner.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { derivedId } from '../../src/platform/ids.ts';
import type { Postgres, Sql } from '../../src/platform/postgres.ts';
import type { Entry, LoggedCall, OperatorEntry } from '../../src/records/entry.ts';
import { testCall, testDispatch } from './calls.ts';

/** Real time, but waits pass fifty times as fast. */
export const hastyClock: Clock = { ...systemClock, after: (ms, fn) => systemClock.after(ms / 50, fn) };

export const at = 1_800_000_000_000;
export const idOf = (what: string, n: number): string => derivedId(what, 'node', String(n), at);

/** A decision about the call with that number; `claimed` counts its owners. */
export function callEntry(
  call: number,
  sequence: number,
  over: { claimed?: number; ended?: boolean; talking?: number } = {},
): CallEntry {
  const { claimed = 0, ended = false, talking } = over;
  const base = testCall();
  const time = at + claimed * 100_000 + sequence * 1_000;
  const facts = [{ type: 'step', detail: { sequence } }];
  const dispatch = testDispatch({
    id: idOf('dispatch', call),
    state: ended ? 'declined' : 'ringing',
    requestedAt: at,
    endedAt: ended ? time : null,
    acceptedAt: sequence > 2 ? at : null,
  });
  return {
    kind: 'call',
    application: 'siaga-1',
    callId: idOf('call', call),
    claimedAt: at + claimed,
    sequence,
    at: time,
    input: { type: 'timer', at: time, name: 'comfort' },
    effects: [],
    facts:
      talking === undefined
        ? facts
        : [...facts, { type: 'operator.talking', detail: { operatorId: idOf('operator', talking) } }],
    state: {
      ...base,
      id: idOf('call', call),
      channelId: `n-${call}`,
      arrivedAt: at,
      claimedAt: at + claimed,
      incident: { ...base.incident, id: idOf('incident', call), openedAt: at, version: claimed * 100 + sequence },
      // Whoever takes a call over knows what was asked of agencies before.
      dispatches: sequence > 1 || claimed > 0 ? [dispatch] : [],
      stage: ended ? 'ended' : 'waiting',
      endedAt: ended ? time : null,
      outcome: ended ? 'answered' : null,
      reason: ended ? 'hung up' : null,
    },
  };
}

export function loggedCall(call: number, over: Partial<LoggedCall> = {}): Entry {
  const logged: LoggedCall = {
    id: idOf('call', call),
    incidentId: idOf('incident', call),
    node: 'node',
    channelId: `n-${call}`,
    sipCallId: null,
    arrivedAt: at - 500,
    answeredAt: at + 100,
    firstTalkAt: at + 200,
    endedAt: at + 900_000,
    callerNumber: '0811',
    callerName: null,
    outcome: 'human-path',
    reason: 'answered without a controller',
    ...over,
  };
  return { kind: 'logged-call', call: logged };
}

export const alarmEntry = (n: number): Entry => ({
  kind: 'alarm',
  id: idOf('alarm', n),
  at,
  code: 'test',
  detail: { n },
});
export const operatorEntry = (n: number): OperatorEntry => ({
  kind: 'operator',
  operatorId: idOf('operator', n % 3),
  at: at + n,
  state: 'available',
  reason: null,
});
/** PostgreSQL takes none of these. */
export const refusedEntry = (n: number): Entry =>
  n % 2 === 0 ? { ...operatorEntry(n), operatorId: `nobody-${n}` } : loggedCall(n, { id: `none-${n}` });

const tables: Record<string, string> = {
  incidents: 'id, opened_at, version, status',
  calls: '*',
  dispatches: '*',
  timeline: '*',
  alarms: '*',
  operator_states: 'operator_id, at, state, reason, desk_id, call_id',
  operator_sessions: '*',
};

/** All rows that records make, table by table, in a fixed order. */
export async function allRows(sql: Sql): Promise<Record<string, string[]>> {
  const rows: Record<string, string[]> = {};
  for (const [table, columns] of Object.entries(tables)) {
    const found = await sql.rows(
      z.object({ row: z.string() }),
      `select row(one.*)::text as row from (select ${columns} from ${table}) as one order by 1`,
    );
    rows[table] = found.map(({ row }) => row);
  }
  return rows;
}

export async function emptyTables(sql: Sql): Promise<void> {
  await sql.execute(`truncate ${Object.keys(tables).join(', ')} restart identity cascade`);
}

export type Trouble = 'none' | 'before' | 'after';

/** PostgreSQL that is away now and then: before it has done anything, or after it has, without saying so. */
export function troubled(postgres: Postgres, troubles: Trouble[]): Postgres {
  const gone = (): Error => Object.assign(new Error('terminating connection'), { code: '57P01' });
  return {
    ...postgres,
    async transaction(work) {
      const trouble = troubles.shift() ?? 'none';
      if (trouble === 'before') throw gone();
      const result = await postgres.transaction(work);
      if (trouble === 'after') throw gone();
      return result;
    },
  };
}
