import { z } from 'zod';
import { roles } from '../platform/auth.ts';
import type { Postgres } from '../platform/postgres.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { isoTime } from '../platform/text.ts';
import { probeFailures } from './probe.ts';
import { readProbes } from './store.ts';

const carrierView = z.object({
  node: z.string(),
  carrier: z.string(),
  /** The latest made-up call through its way. */
  probe: z.object({
    at: z.string(),
    /** Null: it came through. */
    failure: z.enum(probeFailures).nullable(),
    /** Since when it does as it does. */
    since: z.string(),
    milliseconds: z.number().int(),
  }),
});

/** /v1/carriers. */
export function carrierRoutes({ postgres }: { readonly postgres: Postgres }): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/carriers',
      summary: 'The carriers by which 112 calls come, and how the latest made-up call through each went',
      roles,
      input: {},
      response: { 200: z.object({ items: z.array(carrierView), next: z.null() }) },
      handler: async () => {
        const items = (await readProbes(postgres)).map(({ node, carrier, at, since, failure, milliseconds }) => ({
          node,
          carrier,
          probe: { at: isoTime(at), failure, since: isoTime(since), milliseconds },
        }));
        return { status: 200, body: { items, next: null } };
      },
    }),
  ];
}
