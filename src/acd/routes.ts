import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import type { AuditLater } from '../audit/later.ts';
import { roles, writers, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import { conflict, forbidden, notFound } from '../platform/problem.ts';
import { defineRoute, noContent, type Route } from '../platform/route.ts';
import { isoTime, plainText } from '../platform/text.ts';
import type { Accounts } from './accounts.ts';
import { operatorFields, type StoredDesk, type StoredOperator, type StoredPeople } from './desk.ts';
import type { WaitingLine } from './mailbox.ts';
import { tiers } from './operator.ts';
import { newAccount } from './new-account.ts';
import { operatorState } from './picture.ts';
import { newPin, pinDigest } from '../platform/pin.ts';
import type { PhoneTransports } from './phone-transports.ts';
import { provisioningOf, realm, type SipSide } from './softphone.ts';
import { deleteDesk, deleteOperator, insertDesk, insertOperator, updateOperator } from './store.ts';

export interface OperatorRouteDeps {
  postgres: Postgres;
  audit: RecordAudit;
  auditLater: AuditLater;
  clock: Clock;
  line: WaitingLine;
  people: () => StoredPeople;
  reload: () => Promise<void>;
  accounts: Accounts;
  phones: PhoneTransports;
  sip: SipSide;
  /** In a transaction: the tokens of an operator who is deleted are worth nothing from then on; their ids. */
  revokeTokensOf: (sql: Sql, operatorId: string) => Promise<string[]>;
}

export const operatorView = z.object({
  id: z.string(),
  name: z.string(),
  extension: z.string(),
  tier: z.enum(tiers),
  skills: z.array(z.string()),
  languages: z.array(z.string()),
  /** Where he is logged in. */
  desk: z.object({ id: z.string(), name: z.string() }).nullable(),
  state: operatorState,
  reason: z.string().nullable(),
  since: z.string(),
  callId: z.string().nullable(),
});
export const operatorParams = z.object({ operatorId: z.uuid() });
const extension = z.string().regex(/^\d{2,6}$/, '2 to 6 digits');

/** What is shown once, when an account is made or gets a new password. */
export const provisioningView = z.object({ text: z.string(), uri: z.string(), qr: z.string() });
export const sipView = z.object({ username: z.string(), password: z.string(), realm: z.string() });

/** /v1/operators, but for their sessions. */
export function operatorRoutes(deps: OperatorRouteDeps): Route[] {
  return [listRoute(deps), createRoute(deps), changeRoute(deps), pinRoute(deps), deleteRoute(deps), stateRoute(deps)];
}

function views(line: WaitingLine): z.output<typeof operatorView>[] {
  return line.snapshot().operators.map(({ operator, desk, state, reason, since, callId }) => ({
    ...operator,
    desk: desk === null ? null : { id: desk.id, name: desk.name },
    state,
    reason,
    since: isoTime(since),
    callId,
  }));
}

/** An operator as he is shown; undefined if there is none. */
export function viewOf(line: WaitingLine, operatorId: string): z.output<typeof operatorView> | undefined {
  return views(line).find(({ id }) => id === operatorId);
}

export function unknownOperator(operatorId: string): Error {
  return notFound('operators.unknown', `There is no operator ${operatorId}.`);
}

/** An operator's token does things for its own operator only. */
export function mustBeOwn(principal: Principal, operatorId: string): void {
  if (principal.role === 'operator' && principal.operatorId !== operatorId) {
    throw forbidden('operators.not-yours', "An operator's token changes its own operator only.");
  }
}

/** Gives Asterisk an account at once; false when it has to wait for Asterisk to be back. */
export async function pushNow(accounts: Accounts, desk: StoredDesk, logger: Logger): Promise<boolean> {
  try {
    await accounts.push(desk);
    return true;
  } catch (error) {
    logger.warn({ err: error, deskId: desk.id }, 'an account waits for Asterisk to take it');
    return false;
  }
}

function listRoute({ line }: OperatorRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/operators',
    summary: 'Operators, where each is logged in, and what each is doing now',
    roles,
    input: {},
    response: { 200: z.object({ items: z.array(operatorView), next: z.null() }) },
    handler: () => ({ status: 200, body: { items: views(line), next: null } }),
  });
}

function createRoute(deps: OperatorRouteDeps): Route {
  const { postgres, audit, clock, accounts } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/operators',
    audited: ['operators.create'],
    summary: 'Make an operator, and a desk of his own unless told otherwise; PIN and password are shown this once',
    roles: ['admin'],
    input: {
      body: z.strictObject({
        name: operatorFields.name,
        extension,
        tier: operatorFields.tier.default('regular'),
        skills: operatorFields.skills.default([]),
        languages: operatorFields.languages.default(['id']),
        /** False: he has no phone of his own, and logs in at others. */
        desk: z.boolean().default(true),
      }),
    },
    response: {
      201: z.object({
        id: z.string(),
        name: z.string(),
        extension: z.string(),
        tier: z.enum(tiers),
        skills: z.array(z.string()),
        languages: z.array(z.string()),
        /** For logging in on a phone. */
        pin: z.string(),
        deskId: z.string().nullable(),
        /** False: Asterisk is away; it gets the account as soon as it is back. */
        pushed: z.boolean(),
        sip: sipView.nullable(),
        provisioning: provisioningView.nullable(),
      }),
    },
    handler: async ({ body, principal, logger }) => {
      const at = clock.now();
      const { desk: withDesk, ...said } = body;
      const { password, ...former } = newAccount();
      const pin = newPin();
      const operator: StoredOperator = { id: newId(at), ...said, pinDigest: await pinDigest(pin) };
      const desk: StoredDesk = {
        id: newId(at),
        name: said.name,
        ...former,
        transport: 'udp',
        media: 'rtp',
        owner: operator.id,
      };
      await postgres.transaction(async (sql) => {
        if (!(await insertOperator(sql, operator, former, at))) {
          throw conflict('operators.extension-taken', `Extension ${body.extension} belongs to another operator.`);
        }
        if (withDesk) await insertDesk(sql, desk, at);
        const detail = { tier: said.tier, skills: said.skills, languages: said.languages, desk: withDesk };
        await audit(sql, { principal, action: 'operators.create', subject: `operator/${operator.id}`, detail });
      });
      await deps.reload();
      const made = { id: operator.id, ...said, pin };
      if (!withDesk) {
        return { status: 201, body: { ...made, deskId: null, pushed: true, sip: null, provisioning: null } };
      }
      const pushed = await pushNow(accounts, desk, logger);
      const sip = { username: desk.account, password, realm };
      const provisioning = provisioningOf(desk, deps.sip, password);
      return { status: 201, body: { ...made, deskId: desk.id, pushed, sip, provisioning } };
    },
  });
}

function changeRoute(deps: OperatorRouteDeps): Route {
  const { postgres, audit, line } = deps;
  const { name, tier, skills, languages } = operatorFields;
  return defineRoute({
    method: 'PATCH',
    path: '/v1/operators/:operatorId',
    audited: ['operators.change'],
    summary: 'Change what a person is called and can do',
    roles: ['admin'],
    input: {
      params: operatorParams,
      body: z.strictObject({ name, tier, skills, languages }).partial(),
    },
    response: { 200: operatorView },
    handler: async ({ params: { operatorId }, body, principal }) => {
      await postgres.transaction(async (sql) => {
        if ((await updateOperator(sql, operatorId, body)) === undefined) throw unknownOperator(operatorId);
        await audit(sql, {
          principal,
          action: 'operators.change',
          subject: `operator/${operatorId}`,
          detail: { changed: body },
        });
      });
      await deps.reload();
      const view = viewOf(line, operatorId);
      if (view === undefined) throw unknownOperator(operatorId);
      return { status: 200, body: view };
    },
  });
}

function pinRoute(deps: OperatorRouteDeps): Route {
  const { postgres, audit } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/operators/:operatorId/pin',
    audited: ['operators.new-pin'],
    summary: 'Give a person a new PIN; it is shown this once, and the old one opens nothing any more',
    roles: ['admin'],
    input: { params: operatorParams },
    response: { 200: z.object({ pin: z.string() }) },
    handler: async ({ params: { operatorId }, principal }) => {
      const pin = newPin();
      const digest = await pinDigest(pin);
      await postgres.transaction(async (sql) => {
        const changed = await updateOperator(sql, operatorId, { pinDigest: digest });
        if (changed === undefined) throw unknownOperator(operatorId);
        await audit(sql, { principal, action: 'operators.new-pin', subject: `operator/${operatorId}` });
      });
      await deps.reload();
      return { status: 200, body: { pin } };
    },
  });
}

function deleteRoute(deps: OperatorRouteDeps): Route {
  const { postgres, audit, people, line } = deps;
  return defineRoute({
    method: 'DELETE',
    path: '/v1/operators/:operatorId',
    audited: ['operators.delete'],
    summary:
      'Delete an operator and revoke his tokens; a call he is in goes on. His own desk goes with him, unless somebody else is there',
    roles: ['admin'],
    input: { params: operatorParams },
    response: { 204: noContent },
    handler: async ({ params: { operatorId }, principal }) => {
      const own = people().desks.find(({ owner }) => owner === operatorId);
      const sitting = line.snapshot().operators.find(({ desk }) => desk !== null && desk.id === own?.id);
      const withDesk = own !== undefined && (sitting === undefined || sitting.operator.id === operatorId);
      await postgres.transaction(async (sql) => {
        if (!(await deleteOperator(sql, operatorId))) throw unknownOperator(operatorId);
        if (withDesk) await deleteDesk(sql, own.id);
        const detail = { desk: withDesk, tokens: await deps.revokeTokensOf(sql, operatorId) };
        await audit(sql, { principal, action: 'operators.delete', subject: `operator/${operatorId}`, detail });
      });
      await deps.reload();
      if (withDesk) await deps.accounts.withdraw(own.account);
      return { status: 204, body: undefined };
    },
  });
}

function stateRoute({ line, auditLater }: OperatorRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/operators/:operatorId/state',
    audited: ['operators.pause', 'operators.available'],
    summary: 'Pause an operator, or make him available again',
    roles: writers,
    input: {
      params: operatorParams,
      body: z.discriminatedUnion('state', [
        z.strictObject({ state: z.literal('available') }),
        z.strictObject({ state: z.literal('paused'), reason: plainText(100) }),
      ]),
    },
    response: { 200: operatorView },
    handler: ({ params: { operatorId }, body, principal }) => {
      mustBeOwn(principal, operatorId);
      const known = body.state === 'paused' ? line.pause(operatorId, body.reason) : line.resume(operatorId);
      const view = viewOf(line, operatorId);
      if (!known || view === undefined) throw unknownOperator(operatorId);
      const subject = `operator/${operatorId}`;
      if (body.state === 'paused') {
        auditLater({ principal, action: 'operators.pause', subject, detail: { reason: body.reason } });
      } else auditLater({ principal, action: 'operators.available', subject });
      return { status: 200, body: view };
    },
  });
}
