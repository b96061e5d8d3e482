import { z } from 'zod';
import { leasesOf } from '../../platform/leases.ts';
import { storableJson } from '../../platform/postgres-text.ts';
import type { Sql } from '../../platform/postgres.ts';
import { isoTime, isoTimeOrNull } from '../../platform/text.ts';
import type { Dispatch } from '../dispatch.ts';
import { withoutCallSchema } from './schema.ts';
import type { WithoutCall } from './without-call.ts';

/** Seconds that an owner has who says nothing; he says something every two. Shorter than a phone rings. */
const leaseSeconds = 8;

export const withoutCallLeases = leasesOf<WithoutCall>({
  table: 'dispatches_without_call',
  since: 'began_at',
  seconds: leaseSeconds,
  schema: withoutCallSchema,
  owned: (state, application, claimedAt) => ({ ...state, application, claimedAt }),
});

const ids = z.object({ id: z.string() });

/** The dispatch without a call by which, on record, an agency is engaged already for what is wanted (`engages`). */
export async function underWay(
  sql: Sql,
  incidentId: string,
  { agencyId, mode }: Pick<Dispatch, 'agencyId' | 'mode'>,
): Promise<string | undefined> {
  const found = await sql.first(
    ids,
    `select id::text from dispatches where incident_id = $1 and agency_id = $2 and ended_at is null and call_id is null
       and (mode = 'notify') = $3`,
    [incidentId, agencyId, mode === 'notify'],
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
