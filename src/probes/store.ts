import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { probeFailures, type ProbeHealth } from './probe.ts';

const row = z.object({
  node: z.string(),
  carrier: z.string(),
  at: z.date().transform((date) => date.getTime()),
  since: z.date().transform((date) => date.getTime()),
  // One of a newer version is a failure all the same.
  failure: z.enum(probeFailures).nullable().catch('not-sent'),
  milliseconds: z.number(),
});
export type StoredProbe = z.output<typeof row>;

/** Of every node. */
export function readProbes(sql: Sql): Promise<StoredProbe[]> {
  return sql.rows(row, 'select node, carrier, at, since, failure, milliseconds from probes order by node, carrier');
}

/** Writes what is known of a node's carriers, and forgets those that it has no more. */
export async function writeProbes(sql: Sql, node: string, healths: readonly ProbeHealth[]): Promise<void> {
  await sql.execute('delete from probes where node = $1 and carrier <> all($2::text[])', [
    node,
    healths.map(({ carrier }) => carrier),
  ]);
  for (const { carrier, at, since, failure, milliseconds } of healths) {
    await sql.execute(
      `insert into probes (node, carrier, at, since, failure, milliseconds) values ($1, $2, $3, $4, $5, $6)
       on conflict (node, carrier) do update
       set at = excluded.at, since = excluded.since, failure = excluded.failure, milliseconds = excluded.milliseconds
       where probes.at <= excluded.at`,
      [node, carrier, new Date(at), new Date(since), failure, milliseconds],
    );
  }
}
