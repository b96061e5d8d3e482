import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAccess, type AccessRoom } from '../../src/access/start.ts';
import { startAgencies, type AgenciesRoom } from '../../src/agencies/start.ts';
import { createAuditKeeper } from '../../src/audit/later.ts';
import { noteRefusals } from '../../src/audit/refusals.ts';
import { startAudit } from '../../src/audit/start.ts';
import { startRecipients, type RecipientsRoom } from '../../src/notifications/recipients.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createHttpServer, type HttpOptions } from '../../src/platform/http.ts';
import { postgresIdempotency } from '../../src/platform/idempotency.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import type { Route } from '../../src/platform/route.ts';
import { startRouting, type RoutingRoom } from '../../src/routing/start.ts';
import { citySettings } from '../../src/settings/city.ts';
import { cityFile, loadCity } from '../../src/settings/load-city.ts';
import { startSettings, type SettingsRoom } from '../../src/settings/start.ts';
import { countDeeds } from './deeds.ts';

/** A process of the API with the configuration rooms, over real PostgreSQL. */
export interface Rooms {
  readonly base: string;
  readonly stateDir: string;
  readonly postgres: Postgres;
  readonly access: AccessRoom;
  readonly agencies: AgenciesRoom;
  readonly recipients: RecipientsRoom;
  readonly routing: RoutingRoom;
  readonly settings: SettingsRoom;
  readonly routes: readonly Route[];
  stop(): Promise<void>;
}

/** A folder for disk copies. */
export function stateFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'siaga-state-'));
}

/** Starts the rooms on a free port. */
export async function startRooms(
  databaseUrl: string,
  options: { stateDir?: string; city?: string; extraRoutes?: readonly Route[]; http?: Partial<HttpOptions> } = {},
): Promise<Rooms> {
  const clock = systemClock;
  const logger = createLogger('silent');
  const stateDir = options.stateDir ?? (await stateFolder());
  const city = await loadCity(cityFile(options.city ?? 'pekanbaru'));
  const postgres = createPostgres(databaseUrl, { applicationName: 'siaga-test', logger, clock, max: 4 });
  const audit = await startAudit({ postgres });
  const auditKeeper = createAuditKeeper({ postgres, audit: audit.record, clock, logger });
  const common = { postgres, stateDir, clock, logger, audit: audit.record };
  const access = await startAccess(common);
  const settings = await startSettings({ ...common, seed: citySettings(city) });
  const agencies = await startAgencies({
    ...common,
    seed: city.agencies,
    outgoing: () => settings.current().outgoingTrunk !== null,
  });
  const recipients = await startRecipients({
    ...common,
    seed: city.recipients,
    knowsAgency: (agencyId) => agencies.current().find(agencyId) !== undefined,
    lock: async (sql) => {
      await agencies.lockAndRead(sql);
    },
  });
  agencies.checkAgainst({
    districts: () => settings.current().districts,
    recipients: () => recipients.current().recipients.map(({ id }) => id),
  });
  recipients.guardDeletion(agencies.naming);
  const routing = await startRouting({
    ...common,
    agencies,
    seed: city.rules,
    districts: () => settings.current().districts,
    timeZone: () => settings.current().timeZone,
    holidays: () => settings.current().holidays,
    recipients,
  });
  const rooms = [access, settings, agencies, recipients, routing, audit];
  const deeds = countDeeds([...rooms.flatMap((room) => room.routes), ...(options.extraRoutes ?? [])]);
  const { routes } = deeds;
  const server = createHttpServer({
    routes,
    authenticate: access.check,
    refused: noteRefusals({ auditLater: auditKeeper.note, clock }),
    logger,
    clock,
    metrics: createMetrics(),
    health: () => ({ ready: true, parts: { postgres: postgres.reachable() ? 'up' : 'down' }, modes: [] }),
    version: 'test',
    runOnce: postgresIdempotency(postgres, logger),
    ...options.http,
  });
  const port = await server.listen('127.0.0.1', 0);
  return {
    base: `http://127.0.0.1:${port}`,
    stateDir,
    postgres,
    access,
    agencies,
    recipients,
    routing,
    settings,
    routes,
    async stop() {
      await server.close(500);
      if (postgres.reachable()) await deeds.expectAudited(postgres);
      for (const room of rooms) await room.stop();
      await auditKeeper.stop();
      await postgres.close();
      if (options.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
    },
  };
}
