import type { AuditLater } from '../audit/later.ts';
import { circleOfCall, confidential, mayKnow } from '../incidents/need-to-know.ts';
import type { Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { conflict, forbidden, notFound } from '../platform/problem.ts';
import type { Call } from './call.ts';
import type { CallRunner } from './runner.ts';

/** What the routes need by which people command a live call. */
export interface CommandRouteDeps {
  readonly runner: CallRunner;
  readonly clock: Clock;
  readonly auditLater: AuditLater;
}

/**
 * The live call of a command, for somebody who may give it: an operator on the call that he is on, a supervisor or an
 * admin on any.
 * @throws Problem 404 when it is not here, 403 to others, 409 when it has ended.
 */
export function commanded({ runner }: CommandRouteDeps, callId: string, principal: Principal): Call {
  const call = runner.get(callId);
  if (call === undefined) throw notFound('calls.not-live', `There is no call ${callId} under way here.`);
  const own = principal.operatorId !== undefined && call.operator?.operatorId === principal.operatorId;
  if (principal.role === 'operator' && !own) {
    throw forbidden('calls.not-yours', "An operator's token commands the call that its operator is on.");
  }
  if (!mayKnow(principal, circleOfCall(call))) throw confidential();
  if (call.endedAt !== null) throw conflict('calls.ended', 'This call has ended.');
  return call;
}

/** As whom somebody commands a call: his operator's id, or the token's. */
export function byOf({ operatorId, tokenId }: Principal): string {
  return operatorId ?? tokenId;
}
