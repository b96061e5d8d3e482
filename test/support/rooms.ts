import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startAccess, type AccessRoom } from '../../src/access/start.ts';
import { createToken } from '../../src/access/token-command.ts';
import { startAgencies, type AgenciesRoom } from '../../src/agencies/start.ts';
import { startAudit } from '../../src/audit/start.ts';
import { roles, type Role } from '../../src/platform/auth.ts';
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

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
  /** The `code` of a problem. */
  readonly code: unknown;
  /** What stands at a place of the body, such as `faults.0.path`. */
  at(path: string): unknown;
  /** One member of each item of a list in the body: `pluck('items', 'id')`. */
  pluck(path: string, member: string): unknown[];
}

const indexable = z.record(z.string(), z.unknown());

function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split('.')) {
    const parsed = indexable.safeParse(Array.isArray(found) ? Object.fromEntries(found.entries()) : found);
    found = parsed.success ? parsed.data[key] : undefined;
  }
  return found;
}

/** A process of the API with the configuration rooms, over real PostgreSQL. */
export interface Rooms {
  readonly base: string;
  readonly stateDir: string;
  readonly postgres: Postgres;
  readonly access: AccessRoom;
  readonly agencies: AgenciesRoom;
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
  const common = { postgres, stateDir, clock, logger, audit: audit.record };
  const access = await startAccess(common);
  const settings = await startSettings({ ...common, seed: citySettings(city) });
  const agencies = await startAgencies({ ...common, seed: city.agencies });
  const routing = await startRouting({
    ...common,
    agencies,
    seed: city.rules,
    districts: () => settings.current().districts,
    timeZone: () => settings.current().timeZone,
  });
  const rooms = [access, settings, agencies, routing, audit];
  const routes = [...rooms.flatMap((room) => room.routes), ...(options.extraRoutes ?? [])];
  const server = createHttpServer({
    routes,
    authenticate: access.check,
    logger,
    clock,
    metrics: createMetrics(),
    health: () => ({ ready: true, parts: { postgres: postgres.reachable() ? 'up' : 'down' } }),
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
    routing,
    settings,
    routes,
    async stop() {
      await server.close(500);
      for (const room of rooms) await room.stop();
      await postgres.close();
      if (options.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** One token of each role, made before anything starts. */
export async function makeTokens(databaseUrl: string): Promise<Record<Role, string>> {
  const made: Partial<Record<Role, string>> = {};
  for (const role of roles) made[role] = (await createToken(databaseUrl, { role, name: `test ${role}` })).token;
  const { admin = '', supervisor = '', operator = '', auditor = '' } = made;
  return { admin, supervisor, operator, auditor };
}

/** Sends a request with a token and JSON. */
export async function ask(
  rooms: Pick<Rooms, 'base'>,
  token: string | undefined,
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(rooms.base + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined
      ? {}
      : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const body: unknown = isJson ? JSON.parse(text) : undefined;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body,
    code: at(body, 'code'),
    at: (path) => at(body, path),
    pluck: (path, member) =>
      z
        .array(z.unknown())
        .parse(at(body, path))
        .map((item) => at(item, member)),
  };
}

/** Waits until `check` holds; fails with what it was waiting for. */
export async function until(what: string, check: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
