import type { AuditLater } from './audit/later.ts';
import { noteRefusals } from './audit/refusals.ts';
import type { Config } from './config.ts';
import type { Feed } from './events/feed.ts';
import { eventRoutes } from './events/routes.ts';
import { createHttpServer, type HttpOptions } from './platform/http.ts';
import { postgresIdempotency } from './platform/idempotency.ts';
import type { Journal } from './platform/journal.ts';
import type { Postgres } from './platform/postgres.ts';
import type { Route } from './platform/route.ts';
import type { Projector } from './records/projector.ts';

interface HealthParts {
  asterisk: { connected(): boolean; registrationsFollowed(): boolean };
  postgres: Postgres;
  dispatch: { redisUp(): boolean };
  journal: Pick<Journal, 'health'>;
  records: { projector: Pick<Projector, 'behind'> };
}

/** The HTTP server of a controller with the routes of its rooms. */
export function serverOf(
  deps: HealthParts &
    Pick<HttpOptions, 'logger' | 'clock' | 'metrics' | 'version' | 'application'> & {
      config: Pick<Config, 'SIAGA_TRUST_PROXY'>;
      rooms: readonly { readonly routes: readonly Route[] }[];
      feed: Feed;
      check: HttpOptions['authenticate'];
      auditLater: AuditLater;
    },
): ReturnType<typeof createHttpServer> {
  const { config, rooms, postgres, logger } = deps;
  return createHttpServer({
    ...deps,
    routes: [...rooms.flatMap((room) => room.routes), ...eventRoutes(deps)],
    authenticate: deps.check,
    refused: noteRefusals(deps),
    runOnce: postgresIdempotency(postgres, logger),
    ...(config.SIAGA_TRUST_PROXY === undefined ? {} : { trustProxy: config.SIAGA_TRUST_PROXY }),
    health: healthOf(deps),
  });
}

/** What /readyz tells of a controller: ready when Asterisk and the journal are there. */
function healthOf({ asterisk, postgres, dispatch, journal, records }: HealthParts): HttpOptions['health'] {
  return () => ({
    ready: asterisk.connected() && !journal.health().failing,
    parts: {
      asterisk: asterisk.connected() ? 'up' : 'away',
      ami: asterisk.registrationsFollowed() ? 'up' : 'away',
      postgres: postgres.reachable() === false ? 'away' : 'up',
      redis: dispatch.redisUp() ? 'up' : 'away',
      journal: journal.health().failing ? 'failing' : 'up',
      records: records.projector.behind() ? 'behind' : 'up',
    },
  });
}
