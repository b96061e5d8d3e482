import { liveCallOf } from '../calls/command.ts';
import type { CallRunner } from '../calls/runner.ts';
import type { Principal } from '../platform/auth.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Disposition, IncidentChange } from './incident.ts';
import { isOver } from '../records/is-over.ts';
import { readIncident } from './store.ts';

/**
 * Closes the incident of an abandoned call that a person has reviewed. One that was classified, disposed of or closed, or of
 * which a call is under way, stays as it is: somebody is or was at work on it. So no later call of the same caller joins an
 * incident that is settled.
 */
export function reviewCloser(deps: {
  calls: CallRunner;
  postgres: Postgres;
  change: (incidentId: string, edit: { wanted: IncidentChange; principal: Principal }) => Promise<unknown>;
}): (incidentId: string, disposition: Disposition, principal: Principal) => Promise<void> {
  return async (incidentId, disposition, principal) => {
    const call = liveCallOf(deps.calls, incidentId);
    if (call?.endedAt === null) return;
    const incident = call?.incident ?? (await readIncident(deps.postgres, incidentId))?.view;
    if (incident?.status !== 'open' || incident.kind !== null || incident.disposition !== null) return;
    // A redial may be another controller's: it goes on with the incident as it knows it.
    if (!(await isOver(deps.postgres, { kind: 'incident', id: incidentId }))) return;
    await deps.change(incidentId, { wanted: { disposition, status: 'closed' }, principal });
  };
}
