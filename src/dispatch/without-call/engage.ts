import type { IncidentForDispatch } from '../../incidents/for-dispatch.ts';
import { incidentNumber } from '../../incidents/incident-number.ts';
import type { Clock } from '../../platform/clock.ts';
import { conflict, unavailable, unprocessable, type Problem } from '../../platform/problem.ts';
import type { Dispatch } from '../dispatch.ts';
import type { Planner, Wish } from '../planner.ts';
import type { WithoutCallRoom } from './start.ts';

export interface EngageDeps {
  clock: Clock;
  planByPerson: Planner['planByPerson'];
  forDrill: Planner['forDrill'];
  withoutCall: WithoutCallRoom;
}

/**
 * Rings an agency for an incident that has no live call, and then whoever asked for it.
 * @throws Problem 409 when it is engaged for this incident already, or has no trunk for drills; 422 when there is no such
 * agency; 503 when the journal does not confirm.
 */
export async function engageWithoutCall(
  deps: EngageDeps,
  incident: IncidentForDispatch & { readonly id: string },
  wish: Wish & { readonly operatorId: string | null },
): Promise<Dispatch> {
  const { withoutCall } = deps;
  const elsewhere = await withoutCall.engagedElsewhere(incident.id, wish);
  // From here on nothing is awaited: of two requests at once the second finds what the first has made.
  const repeated = wish.id === undefined ? undefined : withoutCall.find(wish.id)?.dispatch;
  if (repeated !== undefined) return repeated;
  const engagedBy = withoutCall.engagedHere(incident.id, wish) ?? elsewhere;
  if (engagedBy !== undefined) throw engaged(wish.agencyId, engagedBy);
  const planned = deps.planByPerson(wish, deps.clock.now());
  if (planned === undefined) throw unprocessable('agencies.unknown', `There is no agency ${wish.agencyId}.`);
  const dispatch = incident.drill ? deps.forDrill(planned) : planned;
  if (dispatch === null) {
    throw conflict('dispatches.no-drill-trunk', `${wish.agencyId} has no trunk for drills, and this is one.`);
  }
  const { kind, district, drill, callerNumber, callInfo, location } = incident;
  const state = withoutCall.prepare({
    id: dispatch.id,
    incidentId: incident.id,
    about: { kind, district, incidentNumber: incidentNumber(incident.id), drill },
    ...{ callerNumber, callInfo, location },
    dispatches: [dispatch],
    operatorId: wish.operatorId,
  });
  if (!withoutCall.begin(state)) throw unavailable('dispatches.too-many', 'Too many dispatches are under way.');
  if (!(await withoutCall.synced())) {
    throw unavailable('journal.unavailable', 'It rings, but the journal could not confirm it. Look before repeating.');
  }
  return withoutCall.find(dispatch.id)?.dispatch ?? dispatch;
}

export function engaged(agencyId: string, dispatchId: string | undefined): Problem {
  const extra = dispatchId === undefined ? {} : { dispatchId };
  return conflict('dispatches.engaged', `${agencyId} is engaged for this incident already.`, extra);
}
