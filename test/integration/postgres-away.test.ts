import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role } from '../../src/platform/auth.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until } from '../support/rest.ts';
import { startRooms, stateFolder, type Rooms } from '../support/rooms.ts';
import { makeTokens } from '../support/tokens.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let database: TestDatabase;
let tokens: Record<Role, string>;
let proxy: TcpProxy;
let stateDir: string;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
});
afterAll(() => database.drop());
beforeEach(async () => {
  proxy = await tcpProxy(database.url);
  stateDir = await stateFolder();
});
afterEach(async () => {
  await proxy.close();
  await rm(stateDir, { recursive: true, force: true });
});

const start = (): Promise<Rooms> => startRooms(proxy.url(database.url), { stateDir });
const readable = ['/v1/rules', '/v1/agencies', '/v1/trunks', '/v1/settings', '/v1/tokens/current'];

async function expectReadsGoOn(rooms: Rooms): Promise<void> {
  for (const path of readable) expect((await ask(rooms, tokens.operator, 'GET', path)).status).toBe(200);
  const body = { facts: { kind: 'fire' } };
  const decided = await ask(rooms, tokens.supervisor, 'POST', '/v1/rules/evaluate', { body });
  expect(decided.at('decision.actions')).toMatchObject([{ agencyId: 'damkar' }]);
}

async function expectWritesSayWhy(rooms: Rooms, limitMs: number): Promise<void> {
  const patch = { body: { wrapUpSeconds: 5 }, headers: { 'if-match': '*' } };
  const from = performance.now();
  const answer = await ask(rooms, tokens.admin, 'PATCH', '/v1/settings', patch);
  expect([answer.status, answer.code]).toEqual([503, 'database.unavailable']);
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(performance.now() - from).toBeLessThan(limitMs);
}

test('it goes away while we run: reads go on, writes say why, and both come back by themselves', async () => {
  const rooms = await start();
  try {
    proxy.cut();
    await expectWritesSayWhy(rooms, 3_000);
    await expectReadsGoOn(rooms);
    expect((await ask(rooms, undefined, 'GET', '/readyz')).at('parts.postgres')).toBe('down');
    // What another process changes meanwhile is missed by us, and read once we are back.
    const elsewhere = await startRooms(database.url);
    const tag = (await ask(elsewhere, tokens.admin, 'GET', '/v1/settings')).headers.get('etag') ?? '';
    const patch = { body: { wrapUpSeconds: 33 }, headers: { 'if-match': tag } };
    expect((await ask(elsewhere, tokens.admin, 'PATCH', '/v1/settings', patch)).status).toBe(200);
    await elsewhere.stop();
    expect(rooms.settings.current().wrapUpSeconds).not.toBe(33);
    proxy.restore();
    await until('the change is seen', () => rooms.settings.current().wrapUpSeconds === 33, 8_000);
    const again = { body: { wrapUpSeconds: 10 }, headers: { 'if-match': '*' } };
    expect((await ask(rooms, tokens.admin, 'PATCH', '/v1/settings', again)).status).toBe(200);
  } finally {
    await rooms.stop();
  }
});

test('it freezes: writes end with 503 in bounded time, reads do not notice', async () => {
  const rooms = await start();
  try {
    proxy.freeze();
    await expectReadsGoOn(rooms);
    await expectWritesSayWhy(rooms, 9_000);
    proxy.restore();
    await until('writes work again', async () => {
      const patch = { body: { comfortSeconds: 21 }, headers: { 'if-match': '*' } };
      return (await ask(rooms, tokens.admin, 'PATCH', '/v1/settings', patch)).status === 200;
    });
  } finally {
    await rooms.stop();
  }
});

test('a start without it uses the last copies on disk, tokens included', async () => {
  const first = await start();
  const tag = (await ask(first, tokens.admin, 'GET', '/v1/rules')).headers.get('etag');
  await until('the copies are on disk', async () => (await copies()).length === 5);
  await first.stop();
  proxy.cut();
  const rooms = await start();
  try {
    expect(rooms.access.source()).toBe('disk');
    await expectReadsGoOn(rooms);
    expect((await ask(rooms, tokens.admin, 'GET', '/v1/rules')).headers.get('etag')).toBe(tag);
    expect((await ask(rooms, 'siaga_unknown', 'GET', '/v1/rules')).status).toBe(401);
    await expectWritesSayWhy(rooms, 3_000);
    proxy.restore();
    await until('the database is used', () => rooms.access.source() === 'database', 8_000);
  } finally {
    await rooms.stop();
  }
});

test('a start without it and with corrupt copies uses the city that ships, and lets nobody in unknown', async () => {
  for (const name of ['tokens', 'rules', 'agencies', 'recipients', 'settings']) {
    await writeFile(join(stateDir, `${name}.json`), '{"half":');
  }
  proxy.cut();
  const rooms = await start();
  try {
    expect(rooms.routing.current()).toMatchObject({ version: 0 });
    const decision = rooms.routing.decide({ kind: 'fire', severity: null, district: null }, Date.now());
    expect(decision.actions).toMatchObject([{ agencyId: 'damkar' }]);
    expect(rooms.agencies.current().find('damkar')?.trunks).toHaveLength(2);
    expect((await ask(rooms, tokens.admin, 'GET', '/v1/rules')).status).toBe(401);
    proxy.restore();
    await until('the tokens are read', async () => (await ask(rooms, tokens.admin, 'GET', '/v1/rules')).status === 200);
  } finally {
    await rooms.stop();
  }
});

async function copies(): Promise<string[]> {
  return (await readdir(stateDir)).filter((name) => name.endsWith('.json'));
}
