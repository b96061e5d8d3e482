import { z } from 'zod';
import { writers } from '../platform/auth.ts';
import { conflict } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import type { Call } from './call.ts';
import { tellCall } from './command.ts';
import { byOf, commanded, type CommandRouteDeps } from './commanded.ts';
import { callView, viewOfCall } from './view.ts';

/** /v1/calls/{id}/silent-question: a person has the caller asked for a key. */
export function silentRoutes(deps: CommandRouteDeps): Route[] {
  const { runner, clock, auditLater } = deps;
  return [
    defineRoute({
      method: 'POST',
      path: '/v1/calls/:callId/silent-question',
      audited: ['calls.silent-question'],
      summary: 'Ask a caller who cannot speak for a key; the answers are events of the call',
      roles: writers,
      input: { params: z.object({ callId: z.uuid() }) },
      response: { 202: callView },
      handler: async ({ params: { callId }, principal }) => {
        const call = commanded(deps, callId, principal);
        mustHear(call);
        const input = { type: 'silent-asked', at: clock.now(), by: byOf(principal) } as const;
        await tellCall(runner, callId, input, () =>
          auditLater({ principal, action: 'calls.silent-question', subject: `call/${callId}` }),
        );
        return { status: 202, body: viewOfCall(runner.get(callId) ?? call) };
      },
    }),
  ];
}

/** @throws Problem 409 for a call whose caller hears nothing: he has gone, is not answered, or on hold. */
function mustHear(call: Call): void {
  if (!call.caller.live) throw conflict('calls.ended', 'The caller has hung up.');
  if (call.answeredAt === null) throw conflict('calls.unanswered', 'This call is not answered yet: try again.');
  if (call.hold !== null) throw conflict('calls.on-hold', 'The caller is on hold: take him back first.');
}
