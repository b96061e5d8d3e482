import { z } from 'zod';
import { circleOfCall, confidential, mayKnow } from '../incidents/need-to-know.ts';
import { writers, type Principal } from '../platform/auth.ts';
import { newId } from '../platform/ids.ts';
import { conflict, forbidden, notFound } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import type { Call } from './call.ts';
import { tellCall } from './command.ts';
import { byOf, commanded, type CommandRouteDeps } from './commanded.ts';
import { whyNoLeave, whyNoReturn } from './decide-leave.ts';
import { callView, viewOfCall } from './view.ts';

const params = z.object({ callId: z.uuid() });

/** An operator leaves a caller to the agencies that talk with him, and comes back: /v1/calls/{id}/leave and /return. */
export function leaveRoutes(deps: CommandRouteDeps): Route[] {
  return [leaveRoute(deps), returnRoute(deps)];
}

function leaveRoute(deps: CommandRouteDeps): Route {
  const { runner, clock, auditLater } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/leave',
    audited: ['calls.leave'],
    summary: 'The operator leaves the caller to the agencies, who talk on',
    roles: writers,
    input: { params },
    response: { 202: callView },
    handler: async ({ params: { callId }, principal }) => {
      const call = commanded(deps, callId, principal);
      refuseUnless(whyNoLeave(call));
      const input = { type: 'leave' as const, at: clock.now(), by: byOf(principal) };
      await tellCall(runner, callId, input, () =>
        auditLater({ principal, action: 'calls.leave', subject: `call/${callId}`, detail: {} }),
      );
      return { status: 202, body: viewOfCall(runner.get(callId) ?? call) };
    },
  });
}

function returnRoute(deps: CommandRouteDeps): Route {
  const { runner, clock, auditLater } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/return',
    audited: ['calls.return'],
    summary: 'Ring the operator who left the caller to the agencies, or the supervisor who asks, and bring him back',
    roles: writers,
    input: { params },
    response: { 202: callView },
    handler: async ({ params: { callId }, principal }) => {
      const call = returnedTo(deps, callId, principal);
      const at = clock.now();
      refuseUnless(whyNoReturn(call, at));
      const operatorId = principal.operatorId ?? call.talkedWith;
      if (operatorId === null) throw conflict('calls.not-now', 'It cannot be done now: no operator has been on it.');
      const input = { type: 'return' as const, at, requestId: newId(at), operatorId, by: byOf(principal) };
      const telling = tellCall(runner, callId, input, () =>
        auditLater({ principal, action: 'calls.return', subject: `call/${callId}`, detail: { operatorId } }),
      );
      // The call has decided by now, and the line as well; only the journal is waited for.
      const rung = runner.get(callId)?.operator?.operatorId === operatorId;
      await telling;
      if (!rung) throw conflict('calls.operator-not-free', 'He cannot be rung now: away, or busy.');
      return { status: 202, body: viewOfCall(runner.get(callId) ?? call) };
    },
  });
}

/** The live call, for an operator who has talked on it, a supervisor or an admin. */
function returnedTo({ runner }: CommandRouteDeps, callId: string, principal: Principal): Call {
  const call = runner.get(callId);
  if (call === undefined) throw notFound('calls.not-live', `There is no call ${callId} under way here.`);
  const talked = principal.operatorId !== undefined && call.talked.includes(principal.operatorId);
  if (principal.role === 'operator' && !talked) {
    throw forbidden('calls.not-yours', 'An operator returns to a call on which he has talked.');
  }
  if (!mayKnow(principal, circleOfCall(call))) throw confidential();
  return call;
}

function refuseUnless(reason: string | null): void {
  if (reason !== null) throw conflict('calls.not-now', `It cannot be done now: ${reason}.`);
}
