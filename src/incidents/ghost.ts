import { z } from 'zod';
import type { Call } from '../calls/call.ts';
import type { CallRunner } from '../calls/runner.ts';
import type { Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import type { Postgres } from '../platform/postgres.ts';
import { Problem } from '../platform/problem.ts';
import type { IncidentChange } from './incident.ts';
import { readIncident } from './store.ts';

/** A call that ended longer ago is not what he means. */
const within = 3_600_000;

const lastCall = z.object({ incidentId: z.string(), endedAt: z.date() });

/**
 * Closes the incident of the call on which this person talked last as `ghost`. `none`: he has talked on no call within
 * the last hour, it goes on without him, or its incident is closed or was disposed of already. Rejects when PostgreSQL
 * would have to tell, and is away.
 */
export function ghostCloser(deps: {
  calls: CallRunner;
  postgres: Postgres;
  clock: Clock;
  change: (incidentId: string, edit: { wanted: IncidentChange; principal: Principal }) => Promise<unknown>;
}): (principal: Principal & { operatorId: string }) => Promise<'done' | 'none'> {
  const { calls, postgres, clock } = deps;

  const inMemory = (operatorId: string): Call | undefined =>
    calls
      .all()
      .filter((call) => call.talkedWith === operatorId)
      .sort((a, b) => (b.endedAt ?? Infinity) - (a.endedAt ?? Infinity))[0];

  const find = async (operatorId: string): Promise<string | null> => {
    const here = inMemory(operatorId);
    if (here?.endedAt === null) return null;
    const since = clock.now() - within;
    const stored = await postgres
      .first(
        lastCall,
        `select incident_id as "incidentId", ended_at as "endedAt" from calls
         where operator_id = $1 and first_talk_at is not null and ended_at >= $2 order by ended_at desc limit 1`,
        [operatorId, new Date(since)],
      )
      .catch((error: unknown) => {
        // A call of a moment ago is the latest, whatever the record says.
        if (here === undefined) throw error;
        return undefined;
      });
    if (here?.endedAt !== undefined && here.endedAt >= Math.max(since, stored?.endedAt.getTime() ?? 0)) {
      return here.incident.status === 'closed' || here.incident.disposition !== null ? null : here.incident.id;
    }
    if (stored === undefined) return null;
    const incident = (await readIncident(postgres, stored.incidentId))?.view;
    return incident === undefined || incident.status === 'closed' || incident.disposition !== null ? null : incident.id;
  };

  return async (principal) => {
    try {
      const incidentId = await find(principal.operatorId);
      if (incidentId === null) return 'none';
      await deps.change(incidentId, { wanted: { disposition: 'ghost', status: 'closed' }, principal });
      return 'done';
    } catch (error) {
      // He may not know of it, or it was changed in this moment.
      if (error instanceof Problem && error.status < 500) return 'none';
      throw error;
    }
  };
}
