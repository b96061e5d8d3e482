import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { importDistricts, importMessages } from '../../src/location/districts/district-map-command.ts';
import {
  loadDistrictMap,
  startDistrictMap,
  type DistrictMapRoom,
} from '../../src/location/districts/district-map-start.ts';
import { emptyMap, geoJsonOf, placeOf, type DistrictMap } from '../../src/location/districts/district-map.ts';
import type { Role } from '../../src/platform/auth.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until } from '../support/rest.ts';
import { startRooms, type Rooms } from '../support/rooms.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { makeTokens } from '../support/tokens.ts';

let database: TestDatabase;
let tokens: Record<Role, string>;
let proxy: TcpProxy;
let folder: string;
let seed: DistrictMap;
let processes: { room: DistrictMapRoom; postgres: Postgres }[];

beforeEach(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  proxy = await tcpProxy(database.url);
  folder = await mkdtemp(join(tmpdir(), 'siaga-districts-'));
  seed = await loadDistrictMap('pasuruan');
  processes = [];
});
afterEach(async () => {
  for (const { room, postgres } of processes) {
    await room.stop();
    await postgres.close();
  }
  await proxy.close();
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});

/** The room as one process has it: a pool, a listener and a folder of its own. */
async function start(name: string, options: { url?: string; seed?: DistrictMap } = {}): Promise<DistrictMapRoom> {
  const logger = createLogger('silent');
  const clock = systemClock;
  const url = options.url ?? database.url;
  const postgres = createPostgres(url, { applicationName: `siaga-test-${name}`, logger, clock, max: 2 });
  const stateDir = join(folder, name);
  const room = await startDistrictMap({ postgres, stateDir, clock, logger, seed: options.seed ?? seed });
  processes.push({ room, postgres });
  return room;
}

async function stopLast(): Promise<void> {
  const last = processes.pop();
  await last?.room.stop();
  await last?.postgres.close();
}

/** The API with the settings of the city in the database, and the routes of a room. */
async function withRooms(room: DistrictMapRoom, work: (rooms: Rooms) => Promise<void>): Promise<void> {
  const rooms = await startRooms(database.url, { city: 'pasuruan', extraRoutes: room.routes });
  try {
    await work(rooms);
  } finally {
    await rooms.stop();
  }
}

async function file(content: unknown): Promise<string> {
  const path = join(folder, `borders-${performance.now()}.geojson`);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const stored = async (): Promise<unknown> => {
  const postgres = createPostgres(database.url, {
    applicationName: 'siaga-test-look',
    logger: createLogger('silent'),
    clock: systemClock,
    max: 1,
  });
  try {
    return await postgres.rows(z.unknown(), 'SELECT * FROM district_map');
  } finally {
    await postgres.close();
  }
};

const square = (west: number, south: number, size: number): number[][] => [
  [west, south],
  [west + size, south],
  [west + size, south + size],
  [west, south + size],
  [west, south],
];
const area = (properties: Record<string, string>, ring: number[][]) => ({
  type: 'Feature',
  properties,
  geometry: { type: 'Polygon', coordinates: [ring] },
});
const official = {
  type: 'FeatureCollection',
  features: [
    area({ WADMKC: 'BUGUL KIDUL' }, square(112.9, -7.7, 0.05)),
    area({ WADMKC: 'GADINGREJO' }, square(112.85, -7.7, 0.05)),
    area({ neighbour: '112 Malang' }, square(112.5, -8, 0.2)),
  ],
};
const here = { latitude: -7.68, longitude: 112.92 };

test('the first start stores what the city brings, once, though two start', async () => {
  const [room, other] = await Promise.all([start('a'), start('b')]);
  expect(room.current()).toEqual(seed);
  expect(other.current()).toEqual(seed);
  expect(await stored()).toMatchObject([{ version: 1, updated_by: 'city', content: { madeUp: true } }]);
  // A later start has what is stored, whatever the city brings then.
  expect((await start('c', { seed: emptyMap })).current()).toEqual(seed);
});

test('a city without a map stores none, and knows no place', async () => {
  const room = await start('a', { seed: emptyMap });
  expect(await stored()).toEqual([]);
  expect(placeOf(room.current(), here, 10)).toBeNull();
  await withRooms(room, async (rooms) => {
    const body = { version: 0, madeUp: false, districts: [], neighbours: [] };
    expect((await ask(rooms, tokens.operator, 'GET', '/v1/districts')).body).toEqual(body);
    // The map of a city that had none is imported like any other.
    expect(await importDistricts(database.url, await file(official))).toMatchObject({ result: 'imported', version: 1 });
  });
});

test('an import reaches every process, is in the audit trail, and is done once', async () => {
  const [room, other] = [await start('a'), await start('b')];
  await withRooms(room, async (rooms) => {
    const path = await file(official);
    const checked = await importDistricts(database.url, path, { checkOnly: true });
    expect(checked).toMatchObject({ result: 'checked', version: 1, districts: 2, neighbours: 1 });
    expect(await stored()).toMatchObject([{ version: 1 }]);

    const done = await importDistricts(database.url, path);
    expect(done).toEqual({
      result: 'imported',
      version: 2,
      districts: 2,
      neighbours: 1,
      warnings: ['Panggungrejo', 'Purworejo'].map(
        (name) => `"${name}" has no area in this file: no position will ever lie in it.`,
      ),
    });
    expect(importMessages(done).at(-1)).toMatch(/^Imported 2 districts and 1 neighbouring centres as version 2\./);
    // Sooner than the copy is refreshed by itself: NOTIFY has told them. The settings' spelling holds.
    const known = (): boolean =>
      [room, other].every(
        (each) => placeOf(each.current(), here, 10)?.district === 'Bugul Kidul' && !each.current().madeUp,
      );
    await until('both processes have the map', known, 8_000);

    expect(await importDistricts(database.url, path)).toEqual({ ...done, result: 'unchanged' });
    const trail = await ask(rooms, tokens.auditor, 'GET', '/v1/audit?subject=districts');
    expect(trail.at('items')).toHaveLength(1);
    expect(trail.at('items.0')).toMatchObject({
      action: 'districts.import',
      tokenId: 'command-line',
      detail: { version: 2, districts: 2, neighbours: 1, madeUp: false },
    });
  });
});

test('what the API tells: names and boxes, and all borders in a form that can be imported', async () => {
  const room = await start('a');
  await withRooms(room, async (rooms) => {
    const plain = await ask(rooms, tokens.operator, 'GET', '/v1/districts');
    expect([plain.status, plain.at('version'), plain.at('madeUp'), plain.headers.get('etag')]).toEqual([
      200,
      1,
      true,
      '"1"',
    ]);
    expect(plain.pluck('districts', 'name')).toEqual(['Bugul Kidul', 'Gadingrejo', 'Panggungrejo', 'Purworejo']);
    expect(plain.at('districts.0.box')).toEqual(seed.districts[0]?.box);
    expect(plain.pluck('neighbours', 'name')).toEqual(['112 Kabupaten Pasuruan', '112 Probolinggo']);
    expect(plain.text).not.toContain('coordinates');
    expect((await ask(rooms, undefined, 'GET', '/v1/districts')).status).toBe(401);

    const whole = await ask(rooms, tokens.auditor, 'GET', '/v1/districts?geometry=true');
    expect(whole.body).toEqual(geoJsonOf(seed));
    expect(await importDistricts(database.url, await file(whole.body))).toMatchObject({
      result: 'unchanged',
      version: 1,
      warnings: ['The file says that its borders are made up.'],
    });
  });
});

test('a map of many megabytes is imported, and read by every process', async () => {
  const room = await start('a');
  await withRooms(room, async () => {
    const corners = Array.from({ length: 190_000 }, (_, index) => {
      const angle = (2 * Math.PI * index) / 190_000;
      return [112.9 + 0.1 * Math.cos(angle), -7.65 + 0.1 * Math.sin(angle)];
    });
    const ring = [...corners, ...corners.slice(0, 1)];
    const path = await file({ type: 'FeatureCollection', features: [area({ district: 'Purworejo' }, ring)] });
    expect((await readFile(path)).length).toBeGreaterThan(6_000_000);
    expect(await importDistricts(database.url, path)).toMatchObject({ result: 'imported', version: 2 });
    await until('the process has the map', () => room.current().districts.length === 1, 8_000);
    expect(placeOf(room.current(), here, 100)).toMatchObject({ district: 'Purworejo', certain: true });
    expect(await importDistricts(database.url, path)).toMatchObject({ result: 'unchanged', version: 2 });
  });
});

test.each<[string, unknown, RegExp]>([
  ['no JSON', '{"type":', /It is not JSON/],
  ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /cannot be read: .*utf-8/],
  ['two faults', { ...official, crs: 1, features: [area({ district: 'Purworejo' }, [[1, 1]])] }, /WGS 84.*at least 4/],
  [
    'a district that the settings do not have',
    { ...official, features: [...official.features, area({ district: 'Atlantis' }, square(0, 0, 1))] },
    /^"Atlantis" is no district of the settings: add it with PATCH \/v1\/settings first\.$/,
  ],
])('a file with %s leaves everything as it was', async (_name, content, reason) => {
  const room = await start('a');
  await withRooms(room, async (rooms) => {
    const before = await stored();
    const path = await file('');
    await writeFile(path, content instanceof Buffer || typeof content === 'string' ? content : JSON.stringify(content));
    const done = await importDistricts(database.url, path);
    expect(done.result === 'refused' ? done.faults.join(' ') : done).toMatch(reason);
    expect(importMessages(done)[0]).toBe('Nothing was imported:');
    expect(await stored()).toEqual(before);
    expect(room.current()).toEqual(seed);
    expect((await ask(rooms, tokens.auditor, 'GET', '/v1/audit?subject=districts')).at('items')).toEqual([]);
  });
});

test('no file, and no settings to compare with, are told', async () => {
  const missing = await importDistricts(database.url, join(folder, 'missing.geojson'));
  expect(missing).toMatchObject({ result: 'refused', faults: [expect.stringContaining('cannot be read')] });
  const early = await importDistricts(database.url, await file(official));
  expect(early).toMatchObject({ result: 'refused', faults: [expect.stringContaining('start the centre once')] });
});

test('a start without PostgreSQL has the copy on disk, and the city’s own map without a sound copy', async () => {
  await start('a', { url: proxy.url(database.url) });
  await withRooms({ routes: [], current: () => seed, stop: () => Promise.resolve() }, async () => {
    await importDistricts(database.url, await file(official));
  });
  const copy = join(folder, 'a', 'district-map.json');
  await until('the import is on disk', async () => (await readFile(copy, 'utf8')).includes('112 Malang'), 8_000);
  await stopLast();

  proxy.cut();
  const room = await start('a', { url: proxy.url(database.url) });
  expect(placeOf(room.current(), here, 10)).toMatchObject({ district: 'Bugul Kidul', madeUp: false });
  await stopLast();

  for (const broken of ['{"half":', JSON.stringify({ version: 2, edition: 'x', geojson: { features: [] } })]) {
    await writeFile(copy, broken);
    const shipped = await start('a', { url: proxy.url(database.url) });
    expect(shipped.current()).toEqual(seed);
    await stopLast();
  }
  const back = await start('a', { url: proxy.url(database.url) });
  proxy.restore();
  await until('the stored map is used', () => !back.current().madeUp, 8_000);
});

test('a map that nobody can read is no reason to lose the one in use, and an import repairs it', async () => {
  const room = await start('a');
  const { postgres } = processes[0] ?? {};
  await withRooms(room, async () => {
    await postgres?.execute(`UPDATE district_map SET content = '{"type": "Unknown"}', version = 9`);
    await postgres?.execute(`SELECT pg_notify('siaga_district_map', '')`);
    const path = await file(official);
    expect((await start('b')).current()).toEqual(seed);
    expect(room.current()).toEqual(seed);
    expect(await importDistricts(database.url, path)).toMatchObject({ result: 'imported', version: 10 });
    await until('the import is used', () => !room.current().madeUp, 8_000);
  });
});
