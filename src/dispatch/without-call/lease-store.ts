import { z } from 'zod';
import { storableJson } from '../../platform/postgres-text.ts';
import type { Sql } from '../../platform/postgres.ts';
import { isoTime, isoTimeOrNull } from '../../platform/text.ts';
import { withoutCallSchema } from './schema.ts';
import type { WithoutCall } from './without-call.ts';

/** How long an owner has who says nothing; he says something every two seconds. Shorter than a phone rings. */
export const leaseSeconds = 8;

const ids = z.object({ id: z.string() });
const row = z.object({ content: withoutCallSchema });

/** Says that this process goes on with its own, and answers which of `held` belong to somebody else by now. */
export async function renewLeases(sql: Sql, owner: string, held: readonly string[]): Promise<string[]> {
  await sql.execute(
    `update dispatches_without_call set lease_until = now() + make_interval(secs => ${leaseSeconds})
     where owner = $1 and ended_at is null`,
    [owner],
  );
  const lost = await sql.rows(ids, 'select id::text from dispatches_without_call where id = any($1) and owner <> $2', [
    held,
    owner,
  ]);
  return lost.map(({ id }) => id);
}

const taking = `update dispatches_without_call d set owner = $1, claimed_at = greatest($2, d.claimed_at + 1), sequence = 0,
   content = d.content || jsonb_build_object('application', $1::text, 'claimedAt', greatest($2, d.claimed_at + 1)),
   lease_until = now() + make_interval(secs => ${leaseSeconds})`;

/** Takes over what nobody goes on with; each is given to one process only. `at` orders its owners. */
export async function claimForsaken(sql: Sql, owner: string, at: number, limit: number): Promise<WithoutCall[]> {
  const rows = await sql.rows(
    row,
    `${taking}
     from (select id from dispatches_without_call where ended_at is null and lease_until < now() and owner <> $1
           order by began_at limit $3 for update skip locked) as forsaken
     where d.id = forsaken.id returning d.content`,
    [owner, at, limit],
  );
  return rows.map(({ content }) => content);
}

/** Takes over one of an owner who is known to be dead; undefined: it is not his any more, or over. */
export async function claimOf(
  sql: Sql,
  owner: string,
  at: number,
  one: { id: string; application: string },
): Promise<WithoutCall | undefined> {
  const found = await sql.first(
    row,
    `${taking} where d.id = $3 and d.owner = $4 and d.ended_at is null returning d.content`,
    [owner, at, one.id, one.application],
  );
  return found?.content;
}

/** Dispatches without a call that another process may have under way for this incident and agency. */
export async function underWay(sql: Sql, incidentId: string, agencyId: string): Promise<string | undefined> {
  const found = await sql.first(
    ids,
    `select id::text from dispatches where incident_id = $1 and agency_id = $2 and ended_at is null and call_id is null`,
    [incidentId, agencyId],
  );
  return found?.id;
}

/** Keeps how they stand, by whoever owns them; false where a later state is there already. */
export async function keepWithoutCall(sql: Sql, state: WithoutCall, sequence: number): Promise<boolean> {
  const kept = await sql.execute(
    `insert into dispatches_without_call (id, incident_id, began_at, ended_at, content, owner, claimed_at, sequence,
       lease_until)
     values ($1,$2,$3,$4,$5,$6,$7,$8, now() + make_interval(secs => ${leaseSeconds}))
     on conflict (id) do update set ended_at = excluded.ended_at, content = excluded.content, owner = excluded.owner,
       claimed_at = excluded.claimed_at, sequence = excluded.sequence, lease_until = excluded.lease_until
     where (dispatches_without_call.claimed_at, dispatches_without_call.sequence) < (excluded.claimed_at, excluded.sequence)
       and dispatches_without_call.ended_at is null`,
    [
      state.id,
      state.incidentId,
      isoTime(state.beganAt),
      isoTimeOrNull(state.endedAt),
      storableJson(state),
      state.application,
      state.claimedAt,
      sequence,
    ],
  );
  return kept > 0;
}
