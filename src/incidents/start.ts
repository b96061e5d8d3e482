import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import { incidentRoutes, type IncidentRouteDeps } from './routes.ts';
import { readIncident, readTimeline } from './store.ts';

/** What other rooms read of incidents. */
export interface IncidentReader {
  readonly timelineOfCall: (callId: string) => ReturnType<typeof readTimeline>;
  readonly kindOf: (incidentId: string) => Promise<string | null>;
  readonly exists: (incidentId: string) => Promise<boolean>;
}

export function incidentReader(postgres: Postgres): IncidentReader {
  return {
    timelineOfCall: (callId) => readTimeline(postgres, 'call_id', callId),
    exists: async (incidentId) => (await readIncident(postgres, incidentId)) !== undefined,
    kindOf: async (incidentId) => (await readIncident(postgres, incidentId))?.kind ?? null,
  };
}

/** Incidents and dispatches over REST. */
export function startIncidents(deps: IncidentRouteDeps): { readonly routes: Route[] } {
  return { routes: incidentRoutes(deps) };
}
