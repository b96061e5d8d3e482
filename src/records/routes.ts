import { z } from 'zod';
import { roles } from '../platform/auth.ts';
import type { Postgres } from '../platform/postgres.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { latestAlarms } from './store.ts';

const alarm = z.object({ id: z.string(), code: z.string(), at: z.string(), detail: z.record(z.string(), z.unknown()) });

/** GET /v1/alarms. */
export function alarmRoutes(postgres: Postgres): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/alarms',
      summary: 'The latest alarms, newest first',
      roles,
      input: { query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) }) },
      response: { 200: z.object({ items: z.array(alarm), next: z.null() }) },
      handler: async ({ query }) => ({
        status: 200,
        body: { items: await latestAlarms(postgres, query.limit), next: null },
      }),
    }),
  ];
}
