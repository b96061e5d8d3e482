import { z } from 'zod';
import { roles } from '../platform/auth.ts';
import type { Postgres } from '../platform/postgres.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { isoTime, isoTimeOrNull } from '../platform/text.ts';
import { probeFailures, type ProbeHealth } from './probe.ts';
import { readCarrierStates } from './store.ts';

const probeView = z.object({
  at: z.string(),
  /** Null: it came through. */
  failure: z.enum(probeFailures).nullable(),
  /** Since when it does as it does. */
  since: z.string(),
  milliseconds: z.number().int(),
});

const carrierView = z.object({
  node: z.string(),
  carrier: z.string(),
  /** The latest made-up call through its way; null: none. */
  probe: probeView.nullable(),
  /** Of a citizen. */
  lastCallAt: z.string().nullable(),
  /** When the last call came, if that is longer ago than the settings allow. */
  silentSince: z.string().nullable(),
});

/** /v1/carriers. */
export function carrierRoutes({ postgres }: { readonly postgres: Postgres }): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/carriers',
      summary: 'The carriers by which 112 calls come, when each brought its last, and how the latest made-up one went',
      roles,
      input: {},
      response: { 200: z.object({ items: z.array(carrierView), next: z.null() }) },
      handler: async () => {
        const states = await readCarrierStates(postgres);
        const items = states.map(({ node, carrier, probe, silentSince, lastCallAt }) => ({
          node,
          carrier,
          probe: probe === null ? null : viewOf(probe),
          lastCallAt: isoTimeOrNull(lastCallAt),
          silentSince: isoTimeOrNull(silentSince),
        }));
        return { status: 200, body: { items, next: null } };
      },
    }),
  ];
}

function viewOf({ at, since, failure, milliseconds }: ProbeHealth): z.output<typeof probeView> {
  return { at: isoTime(at), failure, since: isoTime(since), milliseconds };
}
