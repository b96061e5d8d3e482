import { z } from 'zod';
import { newId } from '../platform/ids.ts';
import { conflict, notFound, unprocessable } from '../platform/problem.ts';
import { defineRoute, noContent, type Route } from '../platform/route.ts';
import { deskFields, medias, transports, type StoredDesk } from './desk.ts';
import { newAccount, newPassword } from './new-account.ts';
import { provisioningView, pushNow, sipView, type OperatorRouteDeps } from './routes.ts';
import { provisioningOf, realm, softphoneOf } from './softphone.ts';
import { deleteDesk, insertDesk, updateDesk } from './store.ts';

const deskView = z.object({
  id: z.string(),
  name: z.string(),
  /** The user name of its SIP account. */
  account: z.string(),
  transport: z.enum(transports),
  media: z.enum(medias),
  /** Null: no phone is registered. `over`: UDP, TCP or TLS; null until the next registration tells. */
  phone: z.object({ over: z.enum(transports).nullable(), inClear: z.boolean() }).nullable(),
  /** Whose own desk it is. */
  owner: z.string().nullable(),
  /** Who is logged in there. */
  operator: z.object({ id: z.string(), name: z.string() }).nullable(),
});
const shownOnce = { pushed: z.boolean(), sip: sipView, provisioning: provisioningView };
const params = z.object({ deskId: z.uuid() });
const { name, transport, media } = deskFields;

/** /v1/desks. */
export function deskRoutes(deps: OperatorRouteDeps): Route[] {
  return [
    listRoute(deps),
    createRoute(deps),
    changeRoute(deps),
    passwordRoute(deps),
    settingsRoute(deps),
    deleteRoute(deps),
  ];
}

function viewOf({ line, phones }: OperatorRouteDeps, desk: StoredDesk): z.output<typeof deskView> {
  const person = line.atDesk(desk.account)?.operator ?? null;
  const phone = phones.of(desk.account);
  const over = phone?.over ?? null;
  const { id, account, owner } = desk;
  return {
    id,
    name: desk.name,
    account,
    transport: desk.transport,
    media: desk.media,
    phone: phone === null ? null : { over, inClear: desk.transport === 'tls' && over !== null && over !== 'tls' },
    owner,
    operator: person === null ? null : { id: person.id, name: person.name },
  };
}

/**
 * SDES puts the key of SRTP into the SIP message (RFC 4568, 8.3): without TLS everybody on the way has it. And a phone
 * cannot be set up for a transport that Asterisk has not got; if Asterisk is away, nobody knows.
 */
async function mustBeSafe(
  { accounts }: OperatorRouteDeps,
  { transport, media }: Pick<StoredDesk, 'transport' | 'media'>,
) {
  if (media === 'srtp' && transport !== 'tls') {
    throw unprocessable('desks.key-in-clear', 'media srtp needs transport tls: the key of SRTP goes over it.');
  }
  if (transport === 'tls' && (await accounts.takesTls()) === false) {
    throw unprocessable(
      'desks.no-tls',
      'Asterisk has no certificate for phones over TLS. Set ASTERISK_SIP_TLS_BIND, ASTERISK_TLS_CERTIFICATE and ' +
        'ASTERISK_TLS_KEY, and start it again.',
    );
  }
}

function unknownDesk(deskId: string): Error {
  return notFound('desks.unknown', `There is no desk ${deskId}.`);
}

function listRoute(deps: OperatorRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/desks',
    summary: 'Desks, and who is logged in at each',
    roles: ['admin', 'supervisor'],
    input: {},
    response: { 200: z.object({ items: z.array(deskView), next: z.null() }) },
    handler: () => {
      const items = deps.people().desks.map((desk) => viewOf(deps, desk));
      return { status: 200, body: { items, next: null } };
    },
  });
}

function createRoute(deps: OperatorRouteDeps): Route {
  const { postgres, audit, clock, accounts } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/desks',
    audited: ['desks.create'],
    summary: "Make a desk with its phone's account; the password is shown this once",
    roles: ['admin'],
    input: { body: z.strictObject({ name, transport: transport.default('udp'), media: media.default('rtp') }) },
    response: { 201: deskView.extend(shownOnce) },
    handler: async ({ body, principal, logger }) => {
      await mustBeSafe(deps, body);
      const at = clock.now();
      const { password, ...account } = newAccount();
      const desk: StoredDesk = { id: newId(at), ...body, ...account, owner: null };
      await postgres.transaction(async (sql) => {
        await insertDesk(sql, desk, at);
        await audit(sql, { principal, action: 'desks.create', subject: `desk/${desk.id}`, detail: { ...body } });
      });
      await deps.reload();
      const pushed = await pushNow(accounts, desk, logger);
      return { status: 201, body: { ...viewOf(deps, desk), pushed, ...once(deps, desk, password) } };
    },
  });
}

function once({ sip }: OperatorRouteDeps, desk: StoredDesk, password: string) {
  return {
    sip: { username: desk.account, password, realm },
    provisioning: provisioningOf(desk, sip, password),
  };
}

function changeRoute(deps: OperatorRouteDeps): Route {
  const { postgres, audit, accounts } = deps;
  return defineRoute({
    method: 'PATCH',
    path: '/v1/desks/:deskId',
    audited: ['desks.change'],
    summary: "Change a desk's name, or how its phone speaks to Asterisk",
    roles: ['admin'],
    input: { params, body: z.strictObject({ name, transport, media }).partial() },
    response: { 200: deskView.extend({ pushed: z.boolean() }) },
    handler: async ({ params: { deskId }, body, principal, logger }) => {
      const { transport: over, media: speech } = body;
      const known = deps.people().desks.find(({ id }) => id === deskId);
      // One that was made before this was asked for can be given another name.
      if (known !== undefined && (over !== undefined || speech !== undefined)) {
        await mustBeSafe(deps, { transport: over ?? known.transport, media: speech ?? known.media });
      }
      const desk = await postgres.transaction(async (sql) => {
        const changed = await updateDesk(sql, deskId, body);
        if (changed === undefined) throw unknownDesk(deskId);
        await audit(sql, { principal, action: 'desks.change', subject: `desk/${deskId}`, detail: { changed: body } });
        return changed;
      });
      await deps.reload();
      const pushed = await pushNow(accounts, desk, logger);
      return { status: 200, body: { ...viewOf(deps, desk), pushed } };
    },
  });
}

function passwordRoute(deps: OperatorRouteDeps): Route {
  const { postgres, audit, accounts } = deps;
  return defineRoute({
    method: 'POST',
    path: '/v1/desks/:deskId/password',
    audited: ['desks.new-password'],
    summary: 'Give a desk a new password; it is shown this once, and the old one registers no phone any more',
    roles: ['admin'],
    input: { params },
    response: { 200: z.object({ id: z.string(), ...shownOnce }) },
    handler: async ({ params: { deskId }, principal, logger }) => {
      const known = deps.people().desks.find(({ id }) => id === deskId);
      if (known === undefined) throw unknownDesk(deskId);
      const { password, passwordDigest } = newPassword(known.account);
      const desk = await postgres.transaction(async (sql) => {
        const changed = await updateDesk(sql, deskId, { passwordDigest });
        if (changed === undefined) throw unknownDesk(deskId);
        await audit(sql, { principal, action: 'desks.new-password', subject: `desk/${deskId}` });
        return changed;
      });
      await deps.reload();
      const pushed = await pushNow(accounts, desk, logger);
      return { status: 200, body: { id: deskId, pushed, ...once(deps, desk, password) } };
    },
  });
}

function settingsRoute(deps: OperatorRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/desks/:deskId/provisioning',
    summary: "The settings of a desk's phone, without the password",
    roles: ['admin', 'supervisor'],
    input: { params },
    response: {
      200: z.object({
        username: z.string(),
        domain: z.string(),
        port: z.number(),
        transport: z.enum(transports),
        media: z.enum(medias),
        realm: z.string(),
        codecs: z.array(z.string()),
        text: z.string(),
      }),
    },
    handler: ({ params: { deskId } }) => {
      const desk = deps.people().desks.find(({ id }) => id === deskId);
      if (desk === undefined) throw unknownDesk(deskId);
      return { status: 200, body: softphoneOf(desk, deps.sip) };
    },
  });
}

function deleteRoute(deps: OperatorRouteDeps): Route {
  const { postgres, audit, line } = deps;
  return defineRoute({
    method: 'DELETE',
    path: '/v1/desks/:deskId',
    audited: ['desks.delete'],
    summary: 'Delete a desk where nobody is logged in',
    roles: ['admin'],
    input: { params },
    response: { 204: noContent },
    handler: async ({ params: { deskId }, principal }) => {
      const known = deps.people().desks.find(({ id }) => id === deskId);
      if (known !== undefined && (line.atDesk(known.account)?.operator ?? null) !== null) {
        throw conflict('desks.taken', 'Somebody is logged in at this desk; log him out first.');
      }
      const desk = await postgres.transaction(async (sql) => {
        const deleted = await deleteDesk(sql, deskId);
        if (deleted === undefined) throw unknownDesk(deskId);
        await audit(sql, { principal, action: 'desks.delete', subject: `desk/${deskId}` });
        return deleted;
      });
      await deps.reload();
      await deps.accounts.withdraw(desk.account);
      return { status: 204, body: undefined };
    },
  });
}
