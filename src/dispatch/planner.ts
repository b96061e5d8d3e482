import type { AgencyDirectory } from '../agencies/agency.ts';
import type { Incident } from '../incidents/incident.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { CallFacts, KnownFacts } from '../routing/facts.ts';
import { kindSchema } from '../routing/kind.ts';
import type { Decision } from '../routing/rule.ts';
import type { Settings } from '../settings/setting.ts';
import {
  dispatchModes,
  type Dispatch,
  type DispatchMode,
  type DispatchReason,
  type DispatchTiming,
} from './dispatch.ts';
import { agencyOfBackupCentre, planDispatch, type Trunks } from './plan.ts';

/** What the rules decided, and the dispatches that come of it. */
interface Plan {
  decision: Decision;
  dispatches: Dispatch[];
}

export interface Planner {
  /** Null for an incident that has no kind yet. */
  planByRules: (incident: Incident, known: CallFacts, at: number) => Plan | null;
  /** Undefined when there is no such agency. */
  planByPerson: (wanted: Wish, at: number) => Dispatch | undefined;
  /** Undefined where no backup centre is set. */
  planBackupCentre: (at: number) => Dispatch | undefined;
}

/** What a person asks for. */
export interface Wish {
  agencyId: string;
  mode: DispatchMode;
  tokenId: string;
  /** Derived from the Idempotency-Key; a new one without it. */
  id?: string | undefined;
}

/** Makes the dispatches that rules or persons ask for, from the agencies and settings as they are at the moment. */
export function createPlanner(deps: {
  clock: Clock;
  agencies: () => AgencyDirectory;
  settings: () => Settings;
  wayTo: Trunks['wayTo'];
  decide: (known: KnownFacts, at: number) => Decision;
}): Planner {
  const timing = (): DispatchTiming => ({
    jobExpires: 2_000,
    ring: deps.settings().agencyRingSeconds * 1_000,
    accept: deps.settings().acceptanceSeconds * 1_000,
  });
  const trunks: Trunks = { wayTo: deps.wayTo, health: (trunkId) => deps.agencies().health(trunkId) };
  const plan = (wanted: {
    agencyId: string;
    mode: DispatchMode;
    reason: DispatchReason;
    after: readonly string[];
    at: number;
    id?: string | undefined;
  }): Dispatch | undefined => {
    const agency = deps.agencies().find(wanted.agencyId);
    return agency && planDispatch({ ...wanted, id: wanted.id ?? newId(wanted.at), agency, timing: timing(), trunks });
  };

  const planActions = ({ actions, ruleSetVersion }: Decision, at: number): Dispatch[] => {
    const planned: { stage: number; dispatch: Dispatch }[] = [];
    for (const { agencyId, mode: wanted, ruleId, stage } of [...actions].sort((a, b) => a.stage - b.stage)) {
      const mode = dispatchModes.find((one) => one === wanted);
      if (mode === undefined) continue;
      const after = planned.filter((one) => one.stage < stage).map((one) => one.dispatch.id);
      const dispatch = plan({ agencyId, mode, reason: { by: 'rule', ruleSetVersion, ruleId }, after, at });
      if (dispatch !== undefined) planned.push({ stage, dispatch });
    }
    return planned.map((one) => one.dispatch);
  };

  return {
    planByRules({ kind, severity, district }, known, at) {
      const parsed = kindSchema.safeParse(kind);
      if (!parsed.success) return null;
      // What nobody has named, the caller's location tells.
      const named = { kind: parsed.data, severity, district: district ?? known.district ?? null };
      const decision = deps.decide({ ...known, ...named }, at);
      return { decision, dispatches: planActions(decision, at) };
    },
    planByPerson: ({ agencyId, mode, tokenId, id }, at) =>
      plan({ agencyId, mode, reason: { by: 'person', tokenId }, after: [], at, id }),
    planBackupCentre(at) {
      const { backupCentre } = deps.settings();
      return backupCentre === null
        ? undefined
        : planDispatch({
            id: newId(at),
            agency: agencyOfBackupCentre(backupCentre),
            mode: 'transfer',
            reason: { by: 'line' },
            timing: timing(),
            trunks,
            after: [],
            at,
          });
    },
  };
}
