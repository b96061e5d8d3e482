import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { revokeTokensOf } from '../../src/access/store.ts';
import { startAcd, type AcdRoom } from '../../src/acd/start.ts';
import type { PjsipObject } from '../../src/asterisk/provisioning.ts';
import { createAuditKeeper } from '../../src/audit/later.ts';
import { recordAudit } from '../../src/audit/record.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Role } from '../../src/platform/auth.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import type { OperatorEntry, SessionEntry } from '../../src/records/entry.ts';
import { writeEntries } from '../../src/records/write.ts';
import { defaultSettings } from '../../src/settings/setting.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { ask, type Answer } from './rest.ts';
import { startRooms, stateFolder, type Rooms } from './rooms.ts';
import { makeTokens } from './tokens.ts';

/** People, desks and the line over real PostgreSQL, with an Asterisk that takes every account. */
export interface PeopleRoom extends Rooms {
  readonly acd: AcdRoom;
  /** The accounts as Asterisk has them, by type and name. */
  readonly accounts: Map<string, PjsipObject>;
  readonly entries: (OperatorEntry | SessionEntry)[];
  readonly published: { type: string; detail: Record<string, unknown> }[];
  readonly assigned: { callId: string; operatorId: string }[];
  readonly alarms: Record<string, string>[];
  /** Whether Asterisk has a certificate, to be changed: asked once for each start of Asterisk. */
  readonly asterisk: { hasTls: boolean };
  /** Writes what was recorded so far to PostgreSQL. */
  write(): Promise<void>;
  /** Ends it, and leaves its folder. */
  close(): Promise<void>;
  /** The same again as a new process, on the same disk. */
  restart(): Promise<PeopleRoom>;
}

/** The same on a database of its own, for the tests of a file, with a token of each role. */
export interface PeopleOfFile {
  room: PeopleRoom;
  readonly database: TestDatabase;
  readonly tokens: Record<Role, string>;
  send(method: string, path: string, body?: unknown, as?: Role): Promise<Answer>;
  /** Ends the room, and drops the database. */
  stop(): Promise<void>;
}

export async function openPeople(): Promise<PeopleOfFile> {
  const database = await createDatabase();
  const tokens = await makeTokens(database.url);
  const people: PeopleOfFile = {
    room: await startPeople(database.url),
    database,
    tokens,
    send: (method, path, body, as = 'admin') =>
      ask(people.room, tokens[as], method, path, body === undefined ? {} : { body }),
    async stop() {
      await people.room.stop();
      await database.drop();
    },
  };
  return people;
}

export async function startPeople(databaseUrl: string, folder?: string): Promise<PeopleRoom> {
  const stateDir = folder ?? (await stateFolder());
  const logger = createLogger('silent');
  const postgres: Postgres = createPostgres(databaseUrl, {
    applicationName: 'siaga-test-people',
    logger,
    clock: systemClock,
    max: 4,
  });
  const accounts: PeopleRoom['accounts'] = new Map();
  const entries: PeopleRoom['entries'] = [];
  const published: PeopleRoom['published'] = [];
  const assigned: PeopleRoom['assigned'] = [];
  const auditKeeper = createAuditKeeper({ postgres, audit: recordAudit, clock: systemClock, logger });
  const alarms: PeopleRoom['alarms'] = [];
  const asterisk = { hasTls: true };
  const acd = await startAcd({
    postgres,
    stateDir: join(stateDir, 'acd'),
    clock: systemClock,
    logger,
    audit: recordAudit,
    auditLater: auditKeeper.note,
    settings: () => defaultSettings,
    revokeTokensOf,
    sip: { host: 'sip.example', port: 5070, tlsPort: 5071 },
    provisioning: {
      put(objects) {
        for (const object of objects) accounts.set(`${object.type} ${object.id}`, object);
        return Promise.resolve();
      },
      remove(objects) {
        for (const { type, id } of objects) accounts.delete(`${type} ${id}`);
        return Promise.resolve();
      },
      hasTransport: () => Promise.resolve(asterisk.hasTls),
    },
    assigned: (callId, { operatorId }) => assigned.push({ callId, operatorId }) > 0,
    reserved: () => false,
    refused: () => undefined,
    toBackupCentre: () => undefined,
    challenged: () => [],
    placed: () => undefined,
    // As the call would, were there one.
    ranked(callId, { queue }) {
      acd.line.rank(callId, { priority: 3, ...queue });
      return true;
    },
    changed: (change) => void entries.push({ kind: 'operator', ...change }),
    sessionChanged: (change) => void entries.push({ kind: 'operator-session', ...change }),
    alarm: (code, detail) => void alarms.push({ code, ...detail }),
    publish: (type, detail) => void published.push({ type, detail }),
  });
  const rooms = await startRooms(databaseUrl, { stateDir, extraRoutes: acd.routes });
  const end = async (): Promise<void> => {
    await rooms.stop();
    await acd.stop();
    await auditKeeper.stop();
    await postgres.close();
  };
  return {
    ...rooms,
    acd,
    accounts,
    entries,
    published,
    assigned,
    alarms,
    asterisk,
    write: async () => {
      await postgres.transaction((sql) => writeEntries(sql, entries));
    },
    close: end,
    async restart() {
      await end();
      return startPeople(databaseUrl, stateDir);
    },
    async stop() {
      await end();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
