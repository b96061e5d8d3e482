import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { passwordDigest } from '../asterisk/provisioning.ts';
import type { RecordAudit } from '../audit/audit.ts';
import { roles, writers } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Postgres } from '../platform/postgres.ts';
import { conflict, forbidden, notFound } from '../platform/problem.ts';
import { defineRoute, noContent, type Route } from '../platform/route.ts';
import { isoTime, plainText } from '../platform/text.ts';
import type { WaitingLine } from './mailbox.ts';
import { deleteOperator, insertOperator, type StoredOperator } from './store.ts';

export interface OperatorRouteDeps {
  postgres: Postgres;
  audit: RecordAudit;
  clock: Clock;
  line: WaitingLine;
  reload: () => Promise<void>;
  /** Gives Asterisk the account; rejects when Asterisk does not take it. */
  push: (operator: StoredOperator) => Promise<void>;
  withdraw: (account: string) => Promise<void>;
}

const state = z.enum(['offline', 'available', 'paused', 'ringing', 'talking', 'wrap-up']);
const operatorView = z.object({
  id: z.string(),
  name: z.string(),
  extension: z.string(),
  state,
  reason: z.string().nullable(),
  since: z.string(),
  callId: z.string().nullable(),
});
const params = z.object({ operatorId: z.uuid() });
const extension = z.string().regex(/^\d{2,6}$/, '2 to 6 digits');

/** /v1/operators and /v1/queue. */
export function operatorRoutes(deps: OperatorRouteDeps): Route[] {
  return [listRoute(deps), createRoute(deps), deleteRoute(deps), stateRoute(deps), queueRoute(deps)];
}

function views(line: WaitingLine): z.output<typeof operatorView>[] {
  return line.snapshot().operators.map(({ operator, state, reason, callId, since }) => ({
    id: operator.id,
    name: operator.name,
    extension: operator.extension,
    state,
    reason,
    callId,
    since: isoTime(since),
  }));
}

function listRoute({ line }: OperatorRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/operators',
    summary: 'Operators and what each is doing now',
    roles,
    input: {},
    response: { 200: z.object({ items: z.array(operatorView), next: z.null() }) },
    handler: () => ({ status: 200, body: { items: views(line), next: null } }),
  });
}

function createRoute(deps: OperatorRouteDeps): Route {
  const { postgres, audit, clock } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/operators',
    summary: "Make an operator and his softphone's account; the password is shown this once",
    roles: ['admin'],
    input: { body: z.strictObject({ name: plainText(100), extension }) },
    response: {
      201: z.object({
        id: z.string(),
        name: z.string(),
        extension: z.string(),
        /** False: Asterisk is away; it gets the account as soon as it is back. */
        pushed: z.boolean(),
        sip: z.object({ username: z.string(), password: z.string(), realm: z.string() }),
      }),
    },
    handler: async ({ body, principal, logger }) => {
      const at = clock.now();
      const account = `op-${randomBytes(8).toString('hex')}`;
      const password = randomBytes(18).toString('base64url');
      const operator = { id: newId(at), ...body, account, passwordDigest: passwordDigest(account, password) };
      await postgres.transaction(async (sql) => {
        if (!(await insertOperator(sql, operator, at))) {
          throw conflict('operators.extension-taken', `Extension ${body.extension} belongs to another operator.`);
        }
        await audit(sql, { principal, action: 'operators.create', subject: `operator/${operator.id}` });
      });
      await deps.reload();
      const pushed = await deps.push(operator).then(
        () => true,
        (error: unknown) => {
          logger.warn({ err: error, operatorId: operator.id }, 'a new operator waits for Asterisk to take his account');
          return false;
        },
      );
      const sip = { username: account, password, realm: 'asterisk' };
      return { status: 201, body: { id: operator.id, ...body, pushed, sip } };
    },
  });
}

function deleteRoute(deps: OperatorRouteDeps): Route {
  const { postgres, audit } = deps;
  return defineRoute({
    method: 'DELETE',
    path: '/v1/operators/:operatorId',
    summary: 'Delete an operator; a call he is in goes on',
    roles: ['admin'],
    input: { params },
    response: { 204: noContent },
    handler: async ({ params: { operatorId }, principal }) => {
      const account = await postgres.transaction(async (sql) => {
        const deleted = await deleteOperator(sql, operatorId);
        if (deleted === undefined) throw notFound('operators.unknown', `There is no operator ${operatorId}.`);
        await audit(sql, { principal, action: 'operators.delete', subject: `operator/${operatorId}` });
        return deleted;
      });
      await deps.reload();
      await deps.withdraw(account);
      return { status: 204, body: undefined };
    },
  });
}

function stateRoute({ line }: OperatorRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/operators/:operatorId/state',
    summary: 'Pause an operator, or make him available again',
    roles: writers,
    input: {
      params,
      body: z.discriminatedUnion('state', [
        z.strictObject({ state: z.literal('available') }),
        z.strictObject({ state: z.literal('paused'), reason: plainText(100) }),
      ]),
    },
    response: { 200: operatorView },
    handler: ({ params: { operatorId }, body, principal }) => {
      if (principal.role === 'operator' && principal.operatorId !== operatorId) {
        throw forbidden('operators.not-yours', "An operator's token changes its own operator only.");
      }
      const known = body.state === 'paused' ? line.pause(operatorId, body.reason) : line.resume(operatorId);
      const view = views(line).find((one) => one.id === operatorId);
      if (!known || view === undefined) throw notFound('operators.unknown', `There is no operator ${operatorId}.`);
      return { status: 200, body: view };
    },
  });
}

function queueRoute({ line, clock }: OperatorRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/queue',
    summary: 'Who waits, how long, and how many operators are in each state',
    roles,
    input: {},
    response: {
      200: z.object({
        waiting: z.array(z.object({ callId: z.string(), position: z.number(), waitingSeconds: z.number() })),
        longestWaitSeconds: z.number(),
        operators: z.record(state, z.number()),
      }),
    },
    handler: () => {
      const { waiting, operators } = line.snapshot();
      const now = clock.now();
      const calls = waiting.map(({ callId, since }, index) => ({
        callId,
        position: index + 1,
        waitingSeconds: Math.max(0, Math.floor((now - since) / 1_000)),
      }));
      const counts = { offline: 0, available: 0, paused: 0, ringing: 0, talking: 0, 'wrap-up': 0 };
      for (const one of operators) counts[one.state] += 1;
      return {
        status: 200,
        body: { waiting: calls, longestWaitSeconds: calls[0]?.waitingSeconds ?? 0, operators: counts },
      };
    },
  });
}
