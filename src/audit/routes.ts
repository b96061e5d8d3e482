import { z } from 'zod';
import { decodeCursor, encodeCursor, pageOf, pageQuery } from '../platform/paging.ts';
import type { Postgres } from '../platform/postgres.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { auditRow, listAudit } from './store.ts';

const position = z.tuple([z.string().regex(/^\d{1,18}$/)]);

/** GET /v1/audit. */
export function auditRoutes(postgres: Postgres): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/audit',
      summary: 'Who changed what, newest first',
      roles: ['admin', 'auditor'],
      input: {
        query: pageQuery.extend({ subject: z.string().max(200).optional(), action: z.string().max(100).optional() }),
      },
      response: { 200: pageOf(auditRow) },
      handler: async ({ query }) => {
        const before = query.cursor === undefined ? undefined : decodeCursor(position, query.cursor)[0];
        const found = await listAudit(postgres, {
          ...query,
          limit: query.limit + 1,
          before,
          subject: query.subject,
          action: query.action,
        });
        const items = found.slice(0, query.limit);
        const last = items.at(-1);
        const next = found.length > query.limit && last ? encodeCursor([last.id]) : null;
        return { status: 200, body: { items, next } };
      },
    }),
  ];
}
