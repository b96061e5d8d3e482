import type { AgencyDirectory } from '../../agencies/agency.ts';
import type { Dispatch } from '../dispatch.ts';
import { planDispatch } from '../plan.ts';

/** The same for a drill: each agency on its trunk for drills; one that has none is left in peace. */
export function drillOf(dispatches: readonly Dispatch[], directory: AgencyDirectory): Dispatch[] {
  return dispatches.flatMap((dispatch) => {
    const agency = directory.find(dispatch.agencyId);
    if (agency?.drillTrunk == null) return [];
    const only = { ...agency, trunks: [agency.drillTrunk] };
    return [planDispatch({ ...dispatch, agency: only, at: dispatch.requestedAt })];
  });
}
