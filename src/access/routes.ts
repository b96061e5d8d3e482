import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { allRoles, hashToken, newToken, roleSchema } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery } from '../platform/paging.ts';
import type { Postgres } from '../platform/postgres.ts';
import { conflict, notFound } from '../platform/problem.ts';
import { defineRoute, noContent, type Route } from '../platform/route.ts';
import { plainText } from '../platform/text.ts';
import { insertToken, listTokens, revokeToken, tokenRow } from './store.ts';

export const tokenBody = z.strictObject({
  name: plainText(100),
  role: roleSchema,
  operatorId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .optional(),
});

const principalAnswer = z.object({
  tokenId: z.string(),
  role: roleSchema,
  name: z.string(),
  operatorId: z.string().nullable(),
});

/** /v1/tokens. */
export function tokenRoutes(deps: {
  readonly postgres: Postgres;
  readonly audit: RecordAudit;
  readonly clock: Clock;
  readonly reload: () => Promise<void>;
}): Route[] {
  const { postgres, audit, clock } = deps;
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/tokens',
      summary: 'Every token, valid or revoked; never the token itself',
      roles: ['admin'],
      input: { query: pageQuery },
      response: { 200: pageOf(tokenRow) },
      handler: async ({ query }) => {
        const after = query.cursor === undefined ? undefined : decodeCursor(z.tuple([z.uuid()]), query.cursor)[0];
        const found = await listTokens(postgres, query.limit + 1, after);
        const items = found.slice(0, query.limit);
        const last = items.at(-1);
        return {
          status: 200,
          body: { items, next: found.length > query.limit && last ? encodeCursor([last.id]) : null },
        };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/tokens/current',
      summary: 'Whom the token in use speaks for',
      roles: allRoles,
      input: {},
      response: { 200: principalAnswer },
      handler: ({ principal }) => ({ status: 200, body: { ...principal, operatorId: principal.operatorId ?? null } }),
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/tokens',
      audited: ['tokens.create'],
      summary: 'Make a token; it is shown in this answer and never again',
      roles: ['admin'],
      input: { body: tokenBody },
      response: { 201: tokenRow.extend({ token: z.string() }) },
      handler: async ({ body, principal }) => {
        const token = newToken();
        const made = { id: newId(clock.now()), hash: hashToken(token), operatorId: body.operatorId };
        const row = await postgres.transaction(async (sql) => {
          const stored = await insertToken(sql, { ...body, ...made, createdBy: principal.tokenId });
          const detail = { name: stored.name, role: stored.role, operatorId: stored.operatorId };
          await audit(sql, { principal, action: 'tokens.create', subject: `token/${stored.id}`, detail });
          return stored;
        });
        await deps.reload();
        return { status: 201, body: { ...row, token }, headers: { Location: `/v1/tokens/${row.id}` } };
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/v1/tokens/:tokenId',
      audited: ['tokens.revoke'],
      summary: 'Revoke a token at once',
      roles: ['admin'],
      input: { params: z.object({ tokenId: z.uuid() }) },
      response: { 204: noContent },
      handler: async ({ params, principal }) => {
        await postgres.transaction(async (sql) => {
          const revoked = await revokeToken(sql, params.tokenId);
          if (!revoked.done) {
            if (revoked.why === 'unknown') throw notFound('tokens.unknown', 'There is no valid token with this id.');
            throw conflict('tokens.last-admin', 'This is the last admin token: make another one first.');
          }
          const detail = { name: revoked.name };
          await audit(sql, { principal, action: 'tokens.revoke', subject: `token/${params.tokenId}`, detail });
        });
        await deps.reload();
        return { status: 204, body: undefined };
      },
    }),
  ];
}
