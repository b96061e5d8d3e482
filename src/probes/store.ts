import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { probeFailures, type ProbeHealth } from './probe.ts';

const time = z.date().transform((date) => date.getTime());

const row = z.object({
  node: z.string(),
  carrier: z.string(),
  at: time.nullable(),
  since: time.nullable(),
  // One of a newer version is a failure all the same.
  failure: z.enum(probeFailures).nullable().catch('not-sent'),
  milliseconds: z.number().nullable(),
  silentSince: time.nullable(),
  lastCallAt: time.nullable(),
});

/** How a carrier's way does, as far as it is known. */
export interface CarrierState {
  readonly carrier: string;
  /** Null: not tried. */
  readonly probe: ProbeHealth | null;
  /** When its last call came, if it was told that this is too long ago. */
  readonly silentSince: number | null;
}

/** Of every node; `lastCallAt` also of calls that no controller saw. */
export async function readCarrierStates(
  sql: Sql,
): Promise<(CarrierState & { node: string; lastCallAt: number | null })[]> {
  const rows = await sql.rows(
    row,
    `select node, carrier, probed_at as at, probe_since as since, probe_failure as failure,
       probe_milliseconds as milliseconds, silent_since as "silentSince",
       (select max(arrived_at) from calls where calls.node = carriers.node and calls.carrier = carriers.carrier)
         as "lastCallAt"
     from carriers order by node, carrier`,
  );
  return rows.map(({ node, carrier, at, since, failure, milliseconds, silentSince, lastCallAt }) => ({
    node,
    carrier,
    probe:
      at === null || since === null || milliseconds === null ? null : { carrier, at, since, failure, milliseconds },
    silentSince,
    lastCallAt,
  }));
}

/** Writes what is known of a node's carriers, and forgets those that it has no more. */
export async function writeCarrierStates(sql: Sql, node: string, states: readonly CarrierState[]): Promise<void> {
  await sql.execute('delete from carriers where node = $1 and carrier <> all($2::text[])', [
    node,
    states.map(({ carrier }) => carrier),
  ]);
  for (const { carrier, probe, silentSince } of states) {
    await sql.execute(
      `insert into carriers (node, carrier, probed_at, probe_since, probe_failure, probe_milliseconds, silent_since)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (node, carrier) do update
       set probed_at = excluded.probed_at, probe_since = excluded.probe_since, probe_failure = excluded.probe_failure,
         probe_milliseconds = excluded.probe_milliseconds, silent_since = excluded.silent_since`,
      [
        node,
        carrier,
        probe === null ? null : new Date(probe.at),
        probe === null ? null : new Date(probe.since),
        probe?.failure ?? null,
        probe?.milliseconds ?? null,
        silentSince === null ? null : new Date(silentSince),
      ],
    );
  }
}

const last = z.object({ at: time.nullable() });

/** When a carrier brought its last call to a node, as far as it is on record. */
export async function lastCallAt(sql: Sql, node: string, carrier: string): Promise<number | null> {
  const found = await sql.first(last, 'select max(arrived_at) as at from calls where node = $1 and carrier = $2', [
    node,
    carrier,
  ]);
  return found?.at ?? null;
}
