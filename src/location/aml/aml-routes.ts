import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import type { Postgres } from '../../platform/postgres.ts';
import { badRequest, unauthorized, unavailable } from '../../platform/problem.ts';
import { definePublicRoute, defineRoute, type Route } from '../../platform/route.ts';
import { readElsForm, verifyElsHmac } from './aml-https.ts';
import type { AmlInbox } from './aml-inbox.ts';
import { receivedAml } from './aml-received.ts';
import { readAmlSms, smsTextOf } from './aml-sms.ts';
import { listAml } from './aml-store.ts';

interface AmlRouteDeps {
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly inbox: AmlInbox;
  /** What Emergency Location Service signs its messages with; undefined closes the endpoint. */
  readonly key: string | undefined;
}

const hex = /^([0-9a-f]{2})+$/i;

export function amlRoutes(deps: AmlRouteDeps): Route[] {
  return [elsRoute(deps), smsRoute(deps), listRoute(deps)];
}

/** Once authenticated, the answer is always 2xx: a phone sends once, and whoever is told of a fault would only repeat it. */
function elsRoute({ inbox, clock, key }: AmlRouteDeps): Route {
  return definePublicRoute({
    method: 'POST',
    path: '/v1/locations/aml',
    audited: { instead: 'a phone sends it, and every message is kept' },
    summary:
      "A phone's own location by HTTPS (Emergency Location Service: a form, signed with HMAC-SHA1 in its last field)",
    input: { body: z.instanceof(Buffer) },
    takes: 'application/x-www-form-urlencoded',
    busy: true,
    response: { 200: z.object({}) },
    handler: ({ body }) => {
      if (key === undefined)
        throw unavailable('aml.no-key', 'This centre has no key for such messages (SIAGA_AML_KEY).');
      if (!verifyElsHmac(body, key))
        throw unauthorized('aml.wrong-hmac', 'The field hmac is not that of this message.');
      const now = clock.now();
      inbox.take(receivedAml('https', readElsForm(body, now), body, now));
      return { status: 200, body: {} };
    },
  });
}

const sms = z
  .strictObject({
    /** The number that the message came from. */
    from: z.string().max(40).optional(),
    text: z.string().max(2_000).optional(),
    /** The payload of a data SMS, in hex or base64. */
    data: z.string().max(4_000).optional(),
  })
  .refine(({ text, data }) => (text === undefined) !== (data === undefined), 'either text or data');

function smsRoute({ inbox, clock }: AmlRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/locations/aml/sms',
    audited: { instead: 'a phone sends it, and every message is kept' },
    summary: "A phone's own location by text or data SMS (ETSI TS 103 625), from an SMS gateway",
    roles: ['gateway', 'admin'],
    input: { body: sms },
    response: { 202: z.object({ understood: z.boolean() }) },
    handler: ({ body }) => {
      const { from = null } = body;
      const text = body.text ?? smsTextOf(bytesOf(body.data ?? ''));
      const now = clock.now();
      const message = readAmlSms(text, from, now);
      if (message !== null) inbox.take(receivedAml('sms', message, `${from ?? ''}\n${text}`, now));
      return { status: 202, body: { understood: message !== null } };
    },
  });
}

function bytesOf(data: string): Uint8Array {
  const compact = data.replace(/\s+/g, '');
  if (hex.test(compact)) return Buffer.from(compact, 'hex');
  if (/^[A-Za-z0-9+/_-]*={0,2}$/.test(compact)) return Buffer.from(compact, 'base64');
  throw badRequest('aml.data', 'The field data is neither hex nor base64.');
}

function listRoute({ postgres }: AmlRouteDeps): Route {
  const item = z.object({
    digest: z.string(),
    receivedAt: z.string(),
    channel: z.enum(['sms', 'https']),
    e164: z.string().nullable(),
    imei: z.string().nullable(),
    /** The first call that it fitted. */
    callId: z.string().nullable(),
    located: z.boolean(),
    unusable: z.array(z.string()),
  });
  return defineRoute({
    method: 'GET',
    path: '/v1/locations/aml',
    summary: "The latest of phones' own location messages; `matched=false` for those that fit no call",
    roles: ['supervisor', 'admin'],
    input: {
      query: z.object({
        matched: z.stringbool().optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    },
    response: { 200: z.object({ items: z.array(item) }) },
    handler: async ({ query }) => ({
      status: 200,
      body: { items: await listAml(postgres, { matched: query.matched, limit: query.limit }) },
    }),
  });
}
