import { callInfoOf } from '../calls/emergency-id.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import { readDone } from './done-store.ts';
import type { Circle } from './need-to-know.ts';
import { readForDispatch } from './for-dispatch.ts';
import { ghostCloser } from './ghost.ts';
import { reviewCloser } from './reviewed.ts';
import { change, type Edit } from './change.ts';
import { incidentRoutes, type IncidentRouteDeps } from './routes.ts';
import { readCallInCircle, readEmergency, readIncident, readTimeline } from './store.ts';

/** What other rooms read of incidents. */
export interface IncidentReader {
  readonly timelineOfCall: (callId: string) => ReturnType<typeof readTimeline>;
  readonly kindOf: (incidentId: string) => Promise<string | null>;
  /** Whom a stored incident concerns; undefined when there is none of this id. */
  readonly circleOf: (incidentId: string) => Promise<Circle | undefined>;
  /** Call-Info that names a stored call and its incident; empty where it has no identifiers. */
  readonly callInfoOf: (callId: string) => Promise<string>;
  /** When a stored call came, and whom it concerns; undefined when there is none of this id. */
  readonly callOf: (callId: string) => ReturnType<typeof readCallInCircle>;
  /** What an agency is told of a stored incident; undefined when there is none of this id. */
  readonly forDispatch: (incidentId: string) => ReturnType<typeof readForDispatch>;
  /** What is on record of what rules and people had done for an incident. Rejects while PostgreSQL is away. */
  readonly doneBefore: (incidentId: string) => ReturnType<typeof readDone>;
}

export function incidentReader(postgres: Postgres): IncidentReader {
  return {
    timelineOfCall: (callId) => readTimeline(postgres, 'call_id', callId),
    callInfoOf: async (callId) => {
      const emergency = await readEmergency(postgres, callId);
      return emergency === undefined ? '' : callInfoOf(emergency);
    },
    callOf: (callId) => readCallInCircle(postgres, callId),
    doneBefore: (incidentId) => readDone(postgres, incidentId),
    forDispatch: (incidentId) => readForDispatch(postgres, incidentId),
    circleOf: async (incidentId) => (await readIncident(postgres, incidentId))?.circle,
    kindOf: async (incidentId) => (await readIncident(postgres, incidentId))?.view.kind ?? null,
  };
}

/** Incidents over REST, the key by which an operator closes one as a ghost, and the review of an abandoned call. */
export function startIncidents(deps: IncidentRouteDeps): {
  readonly routes: Route[];
  readonly closeAsGhost: ReturnType<typeof ghostCloser>;
  readonly closeReviewed: ReturnType<typeof reviewCloser>;
} {
  const changing = { ...deps, change: (incidentId: string, edit: Edit) => change(deps, incidentId, edit) };
  return { routes: incidentRoutes(deps), closeAsGhost: ghostCloser(changing), closeReviewed: reviewCloser(changing) };
}
