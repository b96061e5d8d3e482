import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { newPin, pinDigest } from '../platform/pin.ts';
import type { Postgres } from '../platform/postgres.ts';
import { notFound } from '../platform/problem.ts';
import { defineRoute, noContent, type Route } from '../platform/route.ts';
import { slug } from '../platform/text.ts';
import { deleteCrewPin, saveCrewPin } from './store.ts';

const params = z.object({ agencyId: slug });
const path = '/v1/agencies/:agencyId/crew-pin';

/** The PIN by which an agency's crews report on the telephone. */
export function crewPinRoutes({ postgres, audit }: { postgres: Postgres; audit: RecordAudit }): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path,
      audited: ['agencies.crew-pin'],
      summary:
        "Give an agency's crews a new PIN for the telephone; it is shown this once, and the old one is worth nothing",
      roles: ['admin'],
      input: { params },
      response: { 200: z.object({ agencyId: z.string(), pin: z.string() }) },
      handler: async ({ params: { agencyId }, principal }) => {
        const pin = newPin();
        const digest = await pinDigest(pin);
        await postgres.transaction(async (sql) => {
          const saved = await saveCrewPin(sql, agencyId, digest);
          if (!saved) throw notFound('agencies.unknown', `There is no agency ${agencyId}.`);
          await audit(sql, { principal, action: 'agencies.crew-pin', subject: `agency/${agencyId}` });
        });
        return { status: 200, body: { agencyId, pin } };
      },
    }),
    defineRoute({
      method: 'DELETE',
      path,
      audited: ['agencies.crew-pin-deleted'],
      summary: "Take the PIN of an agency's crews away: they do not report by telephone any more",
      roles: ['admin'],
      input: { params },
      response: { 204: noContent },
      handler: async ({ params: { agencyId }, principal }) => {
        await postgres.transaction(async (sql) => {
          const deleted = await deleteCrewPin(sql, agencyId);
          if (!deleted) throw notFound('agencies.no-crew-pin', `The crews of ${agencyId} have no PIN.`);
          await audit(sql, { principal, action: 'agencies.crew-pin-deleted', subject: `agency/${agencyId}` });
        });
        return { status: 204, body: undefined };
      },
    }),
  ];
}
