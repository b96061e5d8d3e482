import type { AgencyDirectory } from '../agencies/agency.ts';
import type { Incident } from '../incidents/incident.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { CallFacts, KnownFacts } from '../routing/facts.ts';
import { kindSchema } from '../routing/kind.ts';
import type { Decision, Mode } from '../routing/rule.ts';
import type { Settings } from '../settings/setting.ts';
import type { Dispatch, DispatchReason, DispatchTiming } from './dispatch.ts';
import { agencyOfBackupCentre, pathsTo, planDispatch, type Trunks } from './plan.ts';

/** One agency and those who are asked instead, one after the other. */
const askedAtMost = 6;

/** What the rules decided, and the dispatches that come of it. */
export interface Plan {
  decision: Decision;
  dispatches: Dispatch[];
}

export interface Planner {
  /** Null for an incident that has no kind yet. */
  planByRules: (
    incident: Pick<Incident, 'kind' | 'severity' | 'district'>,
    known: CallFacts,
    at: number,
  ) => Plan | null;
  /** Undefined when there is no such agency. */
  planByPerson: (wanted: Wish, at: number) => Dispatch | undefined;
  /** The same for a drill: each agency on its trunk for drills; null for one that has none: it is left in peace. */
  forDrill: (dispatch: Dispatch) => Dispatch | null;
  /** Undefined where no backup centre is set. */
  planBackupCentre: (at: number) => Dispatch | undefined;
}

/** What a person asks for. */
export interface Wish {
  agencyId: string;
  mode: Mode;
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
  /** The first of the agencies that there are, with each of the others for the case that the one before is not reached. */
  const planFirst = (
    agencyIds: readonly string[],
    wanted: {
      mode: Mode;
      reason: DispatchReason;
      after: readonly string[];
      at: number;
      id?: string | undefined;
    },
  ): Dispatch | undefined => {
    const agencies = [...new Set(agencyIds)].flatMap((id) => deps.agencies().find(id) ?? []).slice(0, askedAtMost);
    const ids = agencies.map((_, index) => (index === 0 ? wanted.id : undefined) ?? newId(wanted.at));
    return agencies.reduceRight<Dispatch | undefined>((fallback, agency, index) => {
      const of = ids[index - 1];
      const place = of === undefined ? wanted : { ...wanted, after: [], reason: { by: 'fallback' as const, of } };
      return planDispatch({
        ...place,
        id: ids[index] ?? '',
        agency,
        timing: timing(),
        trunks,
        fallback: fallback ?? null,
      });
    }, undefined);
  };
  const withAlternates = (agencyId: string): string[] => [
    agencyId,
    ...(deps.agencies().find(agencyId)?.alternates ?? []),
  ];

  const planActions = ({ actions, ruleSetVersion, facts }: Decision, at: number): Dispatch[] => {
    const planned: { stage: number; dispatch: Dispatch }[] = [];
    for (const { agencyId, mode, ruleId, stage, fallbacks } of [...actions].sort((a, b) => a.stage - b.stage)) {
      const after = planned.filter((one) => one.stage < stage).map((one) => one.dispatch.id);
      const all = [...withAlternates(agencyId), ...fallbacks];
      // Who is closed, or serves other districts, is asked after all others, and not never: somebody may be there.
      const last = (id: string): boolean =>
        facts?.agencies[id]?.open === false || facts?.agencies[id]?.serves === false;
      const asked = [...all.filter((id) => !last(id)), ...all.filter(last)];
      const dispatch = planFirst(asked, { mode, reason: { by: 'rule', ruleSetVersion, ruleId }, after, at });
      if (dispatch !== undefined) planned.push({ stage, dispatch });
    }
    return planned.map((one) => one.dispatch);
  };

  const forDrill = (dispatch: Dispatch): Dispatch | null => {
    const agency = deps.agencies().find(dispatch.agencyId);
    const fallback = dispatch.fallback && forDrill(dispatch.fallback);
    if (dispatch.mode === 'notify') return { ...dispatch, fallback };
    if (agency?.drillTrunk == null) return null;
    return { ...dispatch, trunks: pathsTo({ ...agency, trunks: [agency.drillTrunk] }, trunks), fallback };
  };

  return {
    forDrill,
    planByRules({ kind, severity, district }, known, at) {
      const parsed = kindSchema.safeParse(kind);
      if (!parsed.success) return null;
      // What nobody has named, the caller's location tells.
      const named = { kind: parsed.data, severity, district: district ?? known.district ?? null };
      const decision = deps.decide({ ...known, ...named }, at);
      return { decision, dispatches: planActions(decision, at) };
    },
    planByPerson: ({ agencyId, mode, tokenId, id }, at) =>
      deps.agencies().find(agencyId) &&
      planFirst(withAlternates(agencyId), { mode, reason: { by: 'person', tokenId }, after: [], at, id }),
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
