import type { AuditEntry, RecordAudit } from '../audit/audit.ts';
import type { Circle } from '../incidents/need-to-know.ts';
import type { Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { nothing } from '../platform/nothing.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import { addDispatchLine } from './dispatch-line.ts';
import { decideResponse, type ResponseState, type ResponseStep } from './response.ts';
import { insertStep, lockSteps } from './store.ts';

/** A dispatch as a crew's steps need it, of a live call or on record. */
export interface CrewDispatch {
  readonly id: string;
  readonly incidentId: string;
  readonly agencyId: string;
  readonly agencyName: string;
  readonly state: string;
  readonly circle: Circle;
}

/** What came of a step: told now, told before, or refused. */
export type ResponseOutcome =
  | { readonly result: 'new' | 'same'; readonly steps: readonly ResponseStep[] }
  | { readonly result: 'behind'; readonly state: ResponseState; readonly steps: readonly ResponseStep[] }
  | { readonly result: 'called-off' };

export interface RespondDeps {
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly audit: RecordAudit;
  /** Clocks are looked at with the step, in its transaction; what it answers is done when that is committed. */
  readonly look: (sql: Sql, dispatchIds: readonly string[]) => Promise<() => void>;
}

/** Who tells a step: a person by token, whoever has the crew's link, or whoever called and keyed the agency's PIN. */
export type ToldBy = { readonly principal: Principal } | 'link' | 'phone';

/** Notes how far a crew is: in the record, on the timeline, on every feed, and for the clocks. */
export async function respond(
  deps: RespondDeps,
  dispatch: CrewDispatch,
  wanted: { state: ResponseState; note: string | null; by: ToldBy },
): Promise<ResponseOutcome> {
  if (dispatch.state === 'cancelled') return { result: 'called-off' };
  type Done = { outcome: ResponseOutcome; after: () => void };
  const { outcome, after } = await deps.postgres.transaction(async (sql): Promise<Done> => {
    const steps = await lockSteps(sql, dispatch.id);
    const decided = decideResponse(steps, wanted.state);
    if (decided.result !== 'new') return { outcome: { ...decided, steps }, after: nothing };
    const at = deps.clock.now();
    const by = nameOf(wanted.by);
    await insertStep(sql, dispatch.id, { state: wanted.state, at, by, note: wanted.note });
    const { id, incidentId, agencyId, circle } = dispatch;
    const detail = { dispatchId: id, agencyId, by, note: wanted.note };
    const line = { type: `responder.${wanted.state}`, place: wanted.state, at, detail };
    await addDispatchLine(sql, { id, incidentId, kind: circle.kind }, line);
    if (typeof wanted.by !== 'string') await deps.audit(sql, auditOf(wanted.by.principal, id, wanted.state));
    const looked = await deps.look(sql, [id]);
    return { outcome: { result: 'new' as const, steps: [...steps, { state: wanted.state, at }] }, after: looked };
  });
  after();
  return outcome;
}

function nameOf(by: ToldBy): string {
  return typeof by === 'string' ? by : (by.principal.operatorId ?? by.principal.tokenId);
}

function auditOf(principal: Principal, id: string, state: ResponseState): AuditEntry {
  return { principal, action: 'dispatches.responder', subject: `dispatch/${id}`, detail: { state } };
}
