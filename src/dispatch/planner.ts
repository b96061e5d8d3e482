import type { AgencyDirectory } from '../agencies/agency.ts';
import type { Incident } from '../incidents/incident.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import { kindSchema, type Decision, type Facts } from '../routing/rule.ts';
import type { Settings } from '../settings/setting.ts';
import type { Dispatch, DispatchMode, DispatchReason, DispatchTiming } from './dispatch.ts';
import { planDispatch } from './plan.ts';

export interface Planner {
  planByRules: (incident: Incident, at: number) => Dispatch[];
  planByPerson: (agencyId: string, mode: DispatchMode, tokenId: string, at: number) => Dispatch | undefined;
}

/** Makes the dispatches that rules or persons ask for, from the agencies and settings as they are at the moment. */
export function createPlanner(deps: {
  clock: Clock;
  agencies: () => AgencyDirectory;
  settings: () => Settings;
  decide: (incident: Pick<Facts, 'kind' | 'severity' | 'district'>, at: number) => Decision;
}): Planner {
  const timing = (): DispatchTiming => ({
    jobExpires: 2_000,
    ring: deps.settings().agencyRingSeconds * 1_000,
    accept: deps.settings().acceptanceSeconds * 1_000,
  });
  const plan = (agencyId: string, mode: DispatchMode, reason: DispatchReason, at: number): Dispatch | undefined => {
    const agency = deps.agencies().find(agencyId);
    return agency && planDispatch({ id: newId(at), agency, mode, reason, timing: timing(), at });
  };
  return {
    planByRules(incident, at) {
      const kind = kindSchema.safeParse(incident.kind);
      if (!kind.success) return [];
      const decision = deps.decide({ kind: kind.data, severity: incident.severity, district: incident.district }, at);
      return decision.actions.flatMap(({ agencyId, mode, ruleId }) => {
        const reason: DispatchReason = { by: 'rule', ruleSetVersion: decision.ruleSetVersion, ruleId };
        return plan(agencyId, mode, reason, at) ?? [];
      });
    },
    planByPerson: (agencyId, mode, tokenId, at) => plan(agencyId, mode, { by: 'person', tokenId }, at),
  };
}
