import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Plan, Planner } from '../dispatch/planner.ts';
import type { WithoutCallRoom, WithoutCallWish } from '../dispatch/without-call/start.ts';
import type { ToldByRules, WithoutCall } from '../dispatch/without-call/without-call.ts';
import { aboutStored } from '../notifications/about-incident.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Sql } from '../platform/postgres.ts';
import type { Decision } from '../routing/rule.ts';
import { readForDispatch, type IncidentForDispatch } from './for-dispatch.ts';
import { incidentNumber } from './incident-number.ts';

export interface AfterwardsDeps {
  clock: Clock;
  logger: Logger;
  /** What the active rules want for the incident as it is after a change; null while it has no kind. */
  planByRules: Planner['planByRules'];
  forDrill: Planner['forDrill'];
  /** Keeps what the rules decided, in this transaction. */
  keepDecision: (
    sql: Sql,
    place: {
      callId: null;
      claimedAt: number;
      sequence: number;
      incidentId: string;
      at: number;
      decision: Decision;
    },
  ) => Promise<void>;
  withoutCall: Pick<WithoutCallRoom, 'prepare' | 'keep' | 'begin' | 'engagedHere'>;
}

/**
 * Keeps, in the transaction that changes an incident on record, what the rules decided and whom that has rung and told. What
 * it answers is begun when that is committed; null: nobody is rung or told.
 */
export async function keepAfterwards(
  deps: AfterwardsDeps,
  sql: Sql,
  { id: incidentId, version }: { readonly id: string; readonly version: number },
  wanted: Plan & { readonly tell: Decision['tell'] },
  at: number,
): Promise<WithoutCall | null> {
  const { decision, tell: recipients } = wanted;
  await deps.keepDecision(sql, { callId: null, claimedAt: at, sequence: version, incidentId, at, decision });
  const dispatches = wanted.dispatches.filter((one) => deps.withoutCall.engagedHere(incidentId, one) === undefined);
  const [incident, message] = [await readForDispatch(sql, incidentId), await aboutStored(sql, incidentId)];
  if (incident === undefined || message === undefined || dispatches.length + recipients.length === 0) return null;
  const { ruleSetVersion } = decision;
  const tell = recipients.length === 0 ? null : { ruleSetVersion, incidentVersion: version, recipients, message };
  const state = deps.withoutCall.prepare(wishFor(deps, { ...incident, id: incidentId }, { dispatches, tell, at }));
  // With the change itself: should this process die now, another goes on.
  await deps.withoutCall.keep(sql, state);
  return state;
}

/** What is asked for where nobody is in a call any more. */
export function wishFor(
  { forDrill }: Pick<AfterwardsDeps, 'forDrill'>,
  incident: IncidentForDispatch & { readonly id: string },
  wanted: { readonly dispatches: readonly Dispatch[]; readonly tell: ToldByRules | null; readonly at: number },
): WithoutCallWish {
  const { id: incidentId, kind, district, drill, callerNumber, callInfo, location } = incident;
  return {
    id: newId(wanted.at),
    incidentId,
    about: { kind, district, incidentNumber: incidentNumber(incidentId), drill },
    ...{ callerNumber, callInfo, location },
    dispatches: drill ? wanted.dispatches.flatMap((one) => forDrill(one) ?? []) : wanted.dispatches,
    tell: wanted.tell,
    operatorId: null,
  };
}

/** False: there are too many, and only what is on record is begun later. */
export function begin(
  { withoutCall, logger }: Pick<AfterwardsDeps, 'withoutCall' | 'logger'>,
  state: WithoutCall,
): boolean {
  if (withoutCall.begin(state)) return true;
  logger.error({ incidentId: state.incidentId }, 'too many dispatches at once: those of this incident wait');
  return false;
}
