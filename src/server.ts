import type { AuditLater } from './audit/later.ts';
import { noteRefusals } from './audit/refusals.ts';
import type { Config } from './config.ts';
import type { Feed } from './events/feed.ts';
import { eventRoutes } from './events/routes.ts';
import { createHttpServer, type HttpOptions } from './platform/http.ts';
import { postgresIdempotency } from './platform/idempotency.ts';
import type { Postgres } from './platform/postgres.ts';
import type { Route } from './platform/route.ts';

/** The HTTP server of a controller with the routes of its rooms. */
export function serverOf(
  deps: Pick<
    HttpOptions,
    'logger' | 'clock' | 'metrics' | 'version' | 'application' | 'health' | 'anywhere' | 'forOthers'
  > & {
    config: Pick<Config, 'SIAGA_TRUST_PROXY'>;
    rooms: readonly { readonly routes: readonly Route[] }[];
    postgres: Postgres;
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
  });
}
