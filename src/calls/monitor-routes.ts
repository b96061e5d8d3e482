import { z } from 'zod';
import { recordAudit } from '../audit/record.ts';
import { circleOfCall, isConfidential } from '../incidents/need-to-know.ts';
import { noteReading } from '../incidents/read-audit.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Postgres } from '../platform/postgres.ts';
import { conflict, notFound, unprocessable, forbidden } from '../platform/problem.ts';
import { writers } from '../platform/auth.ts';
import { defineRoute, noContent, type AuthenticatedContext, type Route } from '../platform/route.ts';
import { operatorLegs, type Call } from './call.ts';
import { tellCall } from './command.ts';
import type { Monitor } from './monitor.ts';
import type { CallRunner } from './runner.ts';
import { monitorView, viewOfMonitor } from './view.ts';

export interface MonitorRouteDeps {
  postgres: Postgres;
  clock: Clock;
  runner: CallRunner;
}

const callParams = z.object({ callId: z.uuid() });
const params = z.object({ callId: z.uuid(), monitorId: z.string().regex(/^[A-Za-z0-9.-]{1,100}$/) });
const mode = z.enum(['listen', 'whisper', 'barge']);
const supervisors = ['supervisor', 'admin'] as const;

/** Supervisors on a live call: listen, whisper, barge in, take over; and an operator's cry for one. */
export function monitorRoutes(deps: MonitorRouteDeps): Route[] {
  return [monitorRoute(deps), changeRoute(deps), endRoute(deps), assistRoute(deps)];
}

function monitorRoute(deps: MonitorRouteDeps): Route {
  const { runner, clock } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/monitors',
    summary: "Ring a supervisor's phone and let him listen, whisper to the operator, or barge in",
    roles: supervisors,
    input: { params: callParams, body: z.strictObject({ mode, operatorId: z.uuid().optional() }) },
    response: { 202: monitorView },
    idempotency: 'postgres',
    handler: async ({ params: { callId }, body, ...context }) => {
      const operatorId = body.operatorId ?? context.principal.operatorId;
      if (operatorId === undefined) {
        throw unprocessable('monitors.no-operator', 'This token belongs to no operator: say whose phone is to ring.');
      }
      const call = liveCall(runner, callId);
      if ([...operatorLegs(call), ...call.parties, ...call.monitors].some((one) => one.operatorId === operatorId)) {
        throw conflict('monitors.engaged', 'He is on this call already.');
      }
      const at = clock.now();
      const monitorId = newId(at);
      note(deps, context, call, { action: 'monitors.start', mode: body.mode, monitorId, operatorId });
      const by = whose(context);
      const input = { type: 'monitor-requested', at, monitorId, operatorId, mode: body.mode, by } as const;
      const telling = tellCall(runner, callId, input);
      // The line has answered by now; only the journal is waited for.
      const made = monitorIn(runner, callId, monitorId);
      await telling;
      if (made === undefined) {
        throw conflict(
          'monitors.refused',
          'His phone cannot be rung: it is not registered, he is in a call, or the call has no room for him.',
        );
      }
      return { status: 202, body: viewOfMonitor(made) };
    },
  });
}

function changeRoute(deps: MonitorRouteDeps): Route {
  const { runner, clock } = deps;
  return defineRoute({
    method: 'PATCH',
    path: '/v1/calls/:callId/monitors/:monitorId',
    summary: "Change what a supervisor on a call does; with take-over he becomes the call's operator",
    roles: supervisors,
    input: { params, body: z.strictObject({ mode: z.enum([...mode.options, 'take-over']) }) },
    response: { 202: monitorView },
    handler: async ({ params: { callId, monitorId }, body, ...context }) => {
      const { call, monitor } = found(runner, callId, monitorId);
      note(deps, context, call, {
        action: 'monitors.change',
        mode: body.mode,
        monitorId,
        operatorId: monitor.operatorId,
      });
      const by = whose(context);
      const at = clock.now();
      const telling = tellCall(
        runner,
        callId,
        body.mode === 'take-over'
          ? { type: 'taken-over', at, monitorId, by }
          : { type: 'monitor-changed', at, monitorId, mode: body.mode, by },
      );
      const changed = monitorIn(runner, callId, monitorId);
      await telling;
      // Whoever has taken over at once is no monitor any more.
      return { status: 202, body: viewOfMonitor(changed ?? { ...monitor, mode: 'barge' }) };
    },
  });
}

function endRoute(deps: MonitorRouteDeps): Route {
  const { runner, clock } = deps;
  return defineRoute({
    method: 'DELETE',
    path: '/v1/calls/:callId/monitors/:monitorId',
    summary: 'Take a supervisor off a call; the call goes on',
    roles: supervisors,
    input: { params },
    response: { 204: noContent },
    handler: async ({ params: { callId, monitorId }, ...context }) => {
      const { call, monitor } = found(runner, callId, monitorId);
      const { operatorId } = monitor;
      note(deps, context, call, { action: 'monitors.end', mode: monitor.mode, monitorId, operatorId });
      await tellCall(runner, callId, { type: 'monitor-ended', at: clock.now(), monitorId, by: whose(context) });
      return { status: 204, body: undefined };
    },
  });
}

function assistRoute({ runner, clock }: MonitorRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/assist',
    summary: "Call any free supervisor to one's own call: he is rung, and speaks to the operator alone",
    roles: writers,
    input: { params: callParams },
    response: { 202: z.object({ monitors: z.array(monitorView) }) },
    handler: async ({ params: { callId }, ...context }) => {
      const { principal } = context;
      const call = liveCall(runner, callId);
      const own = principal.operatorId !== undefined && principal.operatorId === call.operator?.operatorId;
      if (principal.role === 'operator' && !own) {
        throw forbidden('calls.not-yours', 'This is not your call: its operator asks for help himself.');
      }
      const telling = tellCall(runner, callId, { type: 'assist-requested', at: clock.now(), by: whose(context) });
      const coming = (runner.get(callId)?.monitors ?? []).filter(({ assist }) => assist);
      await telling;
      if (coming.length === 0) throw conflict('assist.refused', 'No supervisor is free.');
      return { status: 202, body: { monitors: coming.map(viewOfMonitor) } };
    },
  });
}

function whose({ principal }: AuthenticatedContext): string {
  return principal.operatorId ?? principal.tokenId;
}

function liveCall(runner: CallRunner, callId: string): Call {
  const call = runner.get(callId);
  if (call === undefined || call.endedAt !== null) throw notFound('calls.not-live', `There is no live call ${callId}.`);
  return call;
}

function monitorIn(runner: CallRunner, callId: string, monitorId: string): Monitor | undefined {
  return runner.get(callId)?.monitors.find(({ id }) => id === monitorId);
}

function found(runner: CallRunner, callId: string, monitorId: string): { call: Call; monitor: Monitor } {
  const call = liveCall(runner, callId);
  const monitor = monitorIn(runner, callId, monitorId);
  if (monitor === undefined) throw notFound('monitors.unknown', `There is no monitor ${monitorId} on this call.`);
  return { call, monitor };
}

/**
 * Notes in the audit trail who listens to what. The call waits for nothing: what the trail cannot take stands in the
 * timeline with the same name, and in the log.
 */
function note(
  { postgres }: MonitorRouteDeps,
  { principal, logger }: AuthenticatedContext,
  call: Call,
  what: { action: string; mode: string; monitorId: string; operatorId: string | null },
): void {
  const { action, ...detail } = what;
  const subject = `call/${call.id}`;
  recordAudit(postgres, { principal, action, subject, detail }).catch((error: unknown) =>
    logger.error({ err: error, tokenId: principal.tokenId, subject, ...what }, 'the audit trail could not note it'),
  );
  const { kind } = circleOfCall(call);
  if (!isConfidential(kind) || action === 'monitors.end') return;
  void noteReading(postgres, recordAudit, { principal, logger, subject, kind, live: true });
}
