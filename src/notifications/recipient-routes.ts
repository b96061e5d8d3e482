import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { alreadyThere, etag, nextVersion, requireIfMatch } from '../platform/etag.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import { conflict, notFound, unprocessable, type Problem } from '../platform/problem.ts';
import { defineRoute, noContent, type Route } from '../platform/route.ts';
import { slug } from '../platform/text.ts';
import { recipientBody, recipientSchema, type RecipientDirectory } from './recipient.ts';
import { deleteRecipient, insertRecipient, lockRecipient, replaceSecret, updateRecipient } from './recipient-store.ts';
import { newWebhookSecret } from './signature.ts';

export interface RecipientRouteDeps {
  readonly postgres: Postgres;
  readonly audit: RecordAudit;
  readonly current: () => RecipientDirectory;
  readonly reload: () => Promise<void>;
  readonly knowsAgency: (agencyId: string) => boolean;
  readonly lock: (sql: Sql) => Promise<void>;
  /** Names what still needs the recipient, such as rules of the active set. */
  readonly neededBy: (sql: Sql, recipientId: string) => Promise<string[]>;
}

const params = z.object({ recipientId: slug });
const what = { room: 'recipients', noun: 'recipient' };
/** Whom admins see: private numbers and addresses of leaders are for nobody else. */
const readers = ['admin', 'supervisor'] as const;

/** /v1/recipients. */
export function recipientRoutes(deps: RecipientRouteDeps): Route[] {
  return [listRoute(deps), getRoute(deps), putRoute(deps), secretRoute(deps), deleteRoute(deps)];
}

function unknown(recipientId: string): Problem {
  return notFound('recipients.unknown', `There is no recipient ${recipientId}.`);
}

function listRoute({ current }: RecipientRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/recipients',
    summary: 'Everybody who can be told, with the channels in their order',
    roles: readers,
    input: {},
    response: { 200: z.object({ items: z.array(recipientSchema), next: z.null() }) },
    handler: () => ({ status: 200, body: { items: [...current().recipients], next: null } }),
  });
}

function getRoute({ current }: RecipientRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/recipients/:recipientId',
    summary: 'One recipient; its ETag is what If-Match wants',
    roles: readers,
    input: { params },
    response: { 200: recipientSchema },
    handler: ({ params: { recipientId } }) => {
      const recipient = current().find(recipientId);
      if (!recipient) throw unknown(recipientId);
      return { status: 200, body: recipient, headers: { ETag: etag(recipient.version) } };
    },
  });
}

function putRoute(deps: RecipientRouteDeps): Route {
  const { postgres, audit, reload } = deps;
  return defineRoute({
    method: 'PUT',
    audited: ['recipients.put'],
    path: '/v1/recipients/:recipientId',
    summary: 'Create a recipient (If-None-Match: *; the answer alone has the webhook secret) or replace it (If-Match)',
    roles: ['admin'],
    input: { params, body: recipientBody },
    response: { 200: recipientSchema, 201: recipientSchema.extend({ webhookSecret: z.string() }) },
    handler: async ({ params: { recipientId: id }, body, principal, ifMatch, ifNoneMatch }) => {
      if (body.agencyId !== null && !deps.knowsAgency(body.agencyId)) {
        throw unprocessable('agencies.unknown', `There is no agency ${body.agencyId}.`);
      }
      const secret = newWebhookSecret();
      const version = await postgres.transaction(async (sql) => {
        const found = await lockRecipient(sql, id);
        const next = nextVersion(found, { ifMatch, ifNoneMatch }, what);
        if (next > 1) await updateRecipient(sql, id, body, next);
        else if (!(await insertRecipient(sql, id, body, secret))) throw alreadyThere(what);
        const detail = { version: next, channels: body.channels.map(({ type }) => type), leader: body.leader };
        await audit(sql, { principal, action: 'recipients.put', subject: `recipient/${id}`, detail });
        return next;
      });
      await reload();
      const recipient = { id, ...body, version };
      const headers = { ETag: etag(version) };
      return version === 1
        ? { status: 201, body: { ...recipient, webhookSecret: secret }, headers }
        : { status: 200, body: recipient, headers };
    },
  });
}

function secretRoute({ postgres, audit, reload }: RecipientRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    audited: ['recipients.secret'],
    path: '/v1/recipients/:recipientId/secret',
    summary: 'Make a new secret for the webhooks of a recipient; it is shown this once, and holds from now on',
    roles: ['admin'],
    input: { params },
    response: { 200: z.object({ webhookSecret: z.string() }) },
    handler: async ({ params: { recipientId }, principal }) => {
      const webhookSecret = newWebhookSecret();
      await postgres.transaction(async (sql) => {
        if (!(await replaceSecret(sql, recipientId, webhookSecret))) throw unknown(recipientId);
        await audit(sql, { principal, action: 'recipients.secret', subject: `recipient/${recipientId}` });
      });
      await reload();
      return { status: 200, body: { webhookSecret } };
    },
  });
}

function deleteRoute({ postgres, audit, reload, neededBy, lock }: RecipientRouteDeps): Route {
  return defineRoute({
    method: 'DELETE',
    audited: ['recipients.delete'],
    path: '/v1/recipients/:recipientId',
    summary: 'Delete a recipient that no active rule and no agency names',
    roles: ['admin'],
    input: { params },
    response: { 204: noContent },
    handler: async ({ params: { recipientId }, principal, ifMatch }) => {
      await postgres.transaction(async (sql) => {
        await lock(sql);
        const version = await lockRecipient(sql, recipientId);
        if (version === undefined) throw unknown(recipientId);
        if (ifMatch !== undefined) requireIfMatch(ifMatch, version);
        const needs = await neededBy(sql, recipientId);
        if (needs.length > 0) {
          throw conflict('recipients.in-use', `These still name it: ${needs.join(', ')}.`, { neededBy: needs });
        }
        await deleteRecipient(sql, recipientId);
        await audit(sql, {
          principal,
          action: 'recipients.delete',
          subject: `recipient/${recipientId}`,
          detail: { version },
        });
      });
      await reload();
      return { status: 204, body: undefined };
    },
  });
}
