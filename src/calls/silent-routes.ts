import { z } from 'zod';
import { recordAudit } from '../audit/record.ts';
import { circleOfCall, confidential, mayKnow } from '../incidents/need-to-know.ts';
import { writers, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import { conflict, forbidden, notFound } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import type { Call } from './call.ts';
import { tellCall } from './command.ts';
import type { CallRunner } from './runner.ts';
import { readCall } from './store.ts';
import { callView, viewOfCall } from './view.ts';

export interface SilentRouteDeps {
  postgres: Postgres;
  clock: Clock;
  runner: CallRunner;
}

/** /v1/calls/{id}/silent-question: a person has the caller asked for a key. */
export function silentRoutes(deps: SilentRouteDeps): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/v1/calls/:callId/silent-question',
      summary: 'Ask a caller who cannot speak for a key; the answers are events of the call',
      roles: writers,
      input: { params: z.object({ callId: z.uuid() }) },
      response: { 202: callView },
      handler: async ({ params: { callId }, principal, logger }) => {
        const call = await audible(deps, callId);
        allow(principal, call);
        const by = principal.operatorId ?? principal.tokenId;
        await tellCall(deps.runner, callId, { type: 'silent-asked', at: deps.clock.now(), by });
        noteAsking(deps.postgres, principal, callId, logger);
        return { status: 202, body: viewOfCall(deps.runner.get(callId) ?? call) };
      },
    }),
  ];
}

/** @throws Problem 404 for a call that never was, 409 for one whose caller hears nothing: he has gone, or is not answered. */
async function audible({ runner, postgres }: SilentRouteDeps, callId: string): Promise<Call> {
  const call = runner.get(callId);
  if (call === undefined && (await readCall(postgres, callId)) === undefined) {
    throw notFound('calls.unknown', `There is no call ${callId}.`);
  }
  if (call === undefined || call.endedAt !== null || !call.caller.live) {
    throw conflict('calls.ended', 'This call has ended, or its caller has hung up.');
  }
  if (call.answeredAt === null) throw conflict('calls.unanswered', 'This call is not answered yet: try again.');
  if (call.hold !== null) throw conflict('calls.on-hold', 'The caller is on hold: take him back first.');
  return call;
}

function allow(principal: Principal, call: Call): void {
  if (!mayKnow(principal, circleOfCall(call))) throw confidential();
  const own = principal.operatorId !== undefined && principal.operatorId === call.operator?.operatorId;
  if (principal.role === 'operator' && !own) {
    throw forbidden('calls.not-yours', "An operator's token asks the caller of its own call only.");
  }
}

/** A caller does not wait for PostgreSQL: what the trail could not take stands in the log, and the call's journal has it. */
function noteAsking(postgres: Postgres, principal: Principal, callId: string, logger: Logger): void {
  recordAudit(postgres, { principal, action: 'calls.silent-question', subject: `call/${callId}` }).catch(
    (error: unknown) => logger.error({ err: error, callId }, 'the audit trail could not note a silent question'),
  );
}
