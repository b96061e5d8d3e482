import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { AuditLater } from '../audit/later.ts';
import { roles } from '../platform/auth.ts';
import { pause, type Clock } from '../platform/clock.ts';
import { unavailable, unprocessable } from '../platform/problem.ts';
import { defineRoute, noContent, type Route } from '../platform/route.ts';
import { isoTimeOrNull, plainText } from '../platform/text.ts';
import type { AsteriskDatabase } from '../asterisk/asterisk-database.ts';
import { keptCode } from './evacuation.ts';
import type { EvacuationWatch } from './watch.ts';

export interface EvacuationRouteDeps {
  database: AsteriskDatabase;
  watch: EvacuationWatch;
  auditLater: AuditLater;
  clock: Clock;
  /** What the dialplan would ring: `number@host:port`; null when there is none. */
  backupCentre: () => string | null;
  /** Why this process has changed it last: told with the event. */
  reasoned: (reason: string | null) => void;
}

const evacuationView = z.object({
  evacuated: z.boolean(),
  /** Since when it is so; null when it never was otherwise. */
  since: z.string().nullable(),
  by: z.string().nullable(),
  backupCentre: z.string().nullable(),
});

/** Asterisk notes its database for us twice a second; longer than this it never takes. */
const confirmedWithin = 4_000;
const lookEvery = 200;

/** /v1/evacuation. */
export function evacuationRoutes(deps: EvacuationRouteDeps): Route[] {
  return [getRoute(deps), putRoute(deps), codeRoute(deps)];
}

function viewOf({ watch, backupCentre }: EvacuationRouteDeps): z.output<typeof evacuationView> {
  const current = watch.current();
  if (current === null) {
    throw unavailable('asterisk.unavailable', 'Asterisk has not said yet whether the centre is evacuated.');
  }
  const { evacuated, since, by } = current;
  return { evacuated, since: isoTimeOrNull(since), by, backupCentre: backupCentre() };
}

function getRoute(deps: EvacuationRouteDeps): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/evacuation',
    summary: 'Whether new calls go to the backup centre, since when and by whom',
    roles,
    input: {},
    response: { 200: evacuationView },
    handler: () => ({ status: 200, body: viewOf(deps) }),
  });
}

function putRoute(deps: EvacuationRouteDeps): Route {
  const { watch, database, auditLater } = deps;
  return defineRoute({
    method: 'PUT',
    path: '/v1/evacuation',
    audited: ['evacuation.begin', 'evacuation.end'],
    summary: 'Send all new calls to the backup centre, or have them come here again; calls under way stay',
    roles: ['supervisor', 'admin'],
    input: { body: z.strictObject({ evacuated: z.boolean(), reason: plainText(200) }) },
    response: { 200: evacuationView },
    handler: async ({ body: { evacuated, reason }, principal }) => {
      if (evacuated && deps.backupCentre() === null) {
        throw unprocessable(
          'evacuation.no-backup-centre',
          'No backup centre is set: callers would have nowhere better to go. Set backupCentre first.',
        );
      }
      if (viewOf(deps).evacuated !== evacuated) {
        const by = principal.operatorId ?? principal.tokenId;
        deps.reasoned(reason);
        if (!(await database.evacuate(evacuated, by))) {
          deps.reasoned(null);
          throw notTaken();
        }
        await confirmed(deps, () => watch.current()?.evacuated === evacuated);
        // Done, and so it is noted, whether or not PostgreSQL is there: this may be the reason for it.
        const action = evacuated ? 'evacuation.begin' : 'evacuation.end';
        auditLater({ principal, action, subject: 'evacuation', detail: { reason } });
      }
      return { status: 200, body: viewOf(deps) };
    },
  });
}

function codeRoute({ database, auditLater }: EvacuationRouteDeps): Route {
  return defineRoute({
    method: 'PUT',
    path: '/v1/evacuation/code',
    audited: ['evacuation.code'],
    summary: 'Set the code that begins (*80CODE) and ends (*81CODE) an evacuation on any phone; it is shown nowhere',
    roles: ['admin'],
    input: { body: z.strictObject({ code: z.string().regex(/^\d{6,12}$/, '6 to 12 digits') }) },
    response: { 204: noContent },
    handler: async ({ body, principal }) => {
      if (!(await database.keep('evacuation-code', keptCode(randomBytes(8).toString('hex'), body.code)))) {
        throw notTaken();
      }
      auditLater({ principal, action: 'evacuation.code', subject: 'evacuation' });
      return { status: 204, body: undefined };
    },
  });
}

async function confirmed({ watch, clock }: EvacuationRouteDeps, done: () => boolean): Promise<void> {
  const end = clock.monotonic() + confirmedWithin;
  for (;;) {
    await watch.look();
    if (done()) return;
    if (clock.monotonic() >= end) throw notTaken();
    await pause(clock, lookEvery);
  }
}

function notTaken() {
  return unavailable('asterisk.unavailable', 'Asterisk did not confirm it. Dial the code on a phone, or try again.');
}
