import { z } from 'zod';
import { circleOfCall } from '../incidents/need-to-know.ts';
import { isConfidential } from '../routing/kind.ts';
import { newId } from '../platform/ids.ts';
import { conflict, notFound, unprocessable } from '../platform/problem.ts';
import { writers, type Principal } from '../platform/auth.ts';
import { defineRoute, noContent, type Route } from '../platform/route.ts';
import type { Call } from './call.ts';
import { operatorLegs } from './company.ts';
import { tellCall } from './command.ts';
import { byOf, commanded, type CommandRouteDeps } from './commanded.ts';
import type { Monitor } from './monitor.ts';
import type { CallRunner } from './runner.ts';
import { monitorView, viewOfMonitor } from './view.ts';

const callParams = z.object({ callId: z.uuid() });
const params = z.object({ callId: z.uuid(), monitorId: z.string().regex(/^[A-Za-z0-9.-]{1,100}$/) });
const mode = z.enum(['listen', 'whisper', 'barge']);
const supervisors = ['supervisor', 'admin'] as const;

/** Supervisors on a live call: listen, whisper, barge in, take over; and an operator's cry for one. */
export function monitorRoutes(deps: CommandRouteDeps): Route[] {
  return [monitorRoute(deps), changeRoute(deps), endRoute(deps), assistRoute(deps)];
}

function monitorRoute(deps: CommandRouteDeps): Route {
  const { runner, clock } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/monitors',
    audited: ['monitors.start'],
    summary: "Ring a supervisor's phone and let him listen, whisper to the operator, or barge in",
    roles: supervisors,
    input: { params: callParams, body: z.strictObject({ mode, operatorId: z.uuid().optional() }) },
    response: { 202: monitorView },
    idempotency: 'postgres',
    handler: async ({ params: { callId }, body, principal }) => {
      const operatorId = body.operatorId ?? principal.operatorId;
      if (operatorId === undefined) {
        throw unprocessable('monitors.no-operator', 'This token belongs to no operator: say whose phone is to ring.');
      }
      const call = commanded(deps, callId, principal);
      if ([...operatorLegs(call), ...call.parties, ...call.monitors].some((one) => one.operatorId === operatorId)) {
        throw conflict('monitors.engaged', 'He is on this call already.');
      }
      const at = clock.now();
      const monitorId = newId(at);
      const { mode: wanted } = body;
      const input = {
        type: 'monitor-requested',
        at,
        monitorId,
        operatorId,
        mode: wanted,
        by: byOf(principal),
      } as const;
      const telling = tellCall(runner, callId, input, () => {
        if (made === undefined) return;
        note(deps, principal, call, { action: 'monitors.start', mode: wanted, monitorId, operatorId });
      });
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

function changeRoute(deps: CommandRouteDeps): Route {
  const { runner, clock } = deps;
  return defineRoute({
    method: 'PATCH',
    path: '/v1/calls/:callId/monitors/:monitorId',
    audited: ['monitors.change'],
    summary: "Change what a supervisor on a call does; with take-over he becomes the call's operator",
    roles: supervisors,
    input: { params, body: z.strictObject({ mode: z.enum([...mode.options, 'take-over']) }) },
    response: { 202: monitorView },
    handler: async ({ params: { callId, monitorId }, body, principal }) => {
      const { call, monitor } = found(deps, { callId, monitorId }, principal);
      const { operatorId } = monitor;
      const by = byOf(principal);
      const at = clock.now();
      const telling = tellCall(
        runner,
        callId,
        body.mode === 'take-over'
          ? { type: 'taken-over', at, monitorId, by }
          : { type: 'monitor-changed', at, monitorId, mode: body.mode, by },
        () => note(deps, principal, call, { action: 'monitors.change', mode: body.mode, monitorId, operatorId }),
      );
      const changed = monitorIn(runner, callId, monitorId);
      await telling;
      // Whoever has taken over at once is no monitor any more.
      return { status: 202, body: viewOfMonitor(changed ?? { ...monitor, mode: 'barge' }) };
    },
  });
}

function endRoute(deps: CommandRouteDeps): Route {
  const { runner, clock } = deps;
  return defineRoute({
    method: 'DELETE',
    path: '/v1/calls/:callId/monitors/:monitorId',
    audited: ['monitors.end'],
    summary: 'Take a supervisor off a call; the call goes on',
    roles: supervisors,
    input: { params },
    response: { 204: noContent },
    handler: async ({ params: { callId, monitorId }, principal }) => {
      const { call, monitor } = found(deps, { callId, monitorId }, principal);
      const { operatorId } = monitor;
      const input = { type: 'monitor-ended', at: clock.now(), monitorId, by: byOf(principal) } as const;
      await tellCall(runner, callId, input, () =>
        note(deps, principal, call, { action: 'monitors.end', mode: monitor.mode, monitorId, operatorId }),
      );
      return { status: 204, body: undefined };
    },
  });
}

function assistRoute(deps: CommandRouteDeps): Route {
  const { runner, clock, auditLater } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/assist',
    audited: ['calls.assist'],
    summary: "Call any free supervisor to one's own call: he is rung, and speaks to the operator alone",
    roles: writers,
    input: { params: callParams },
    response: { 202: z.object({ monitors: z.array(monitorView) }) },
    handler: async ({ params: { callId }, principal }) => {
      commanded(deps, callId, principal);
      const input = { type: 'assist-requested', at: clock.now(), by: byOf(principal) } as const;
      const telling = tellCall(runner, callId, input, () =>
        auditLater({ principal, action: 'calls.assist', subject: `call/${callId}` }),
      );
      const coming = (runner.get(callId)?.monitors ?? []).filter(({ assist }) => assist);
      await telling;
      if (coming.length === 0) throw conflict('assist.refused', 'No supervisor is free.');
      return { status: 202, body: { monitors: coming.map(viewOfMonitor) } };
    },
  });
}

function monitorIn(runner: CallRunner, callId: string, monitorId: string): Monitor | undefined {
  return runner.get(callId)?.monitors.find(({ id }) => id === monitorId);
}

function found(
  deps: CommandRouteDeps,
  { callId, monitorId }: z.output<typeof params>,
  principal: Principal,
): { call: Call; monitor: Monitor } {
  const call = commanded(deps, callId, principal);
  const monitor = monitorIn(deps.runner, callId, monitorId);
  if (monitor === undefined) throw notFound('monitors.unknown', `There is no monitor ${monitorId} on this call.`);
  return { call, monitor };
}

/** Notes in the audit trail who listens to what; of a confidential incident, that he knows of it. */
function note(
  { auditLater }: CommandRouteDeps,
  principal: Principal,
  call: Call,
  what: { action: string; mode: string; monitorId: string; operatorId: string | null },
): void {
  const { action, ...detail } = what;
  const subject = `call/${call.id}`;
  auditLater({ principal, action, subject, detail });
  if (!isConfidential(circleOfCall(call).kind) || action === 'monitors.end') return;
  auditLater({ principal, action: 'incidents.read', subject });
}
