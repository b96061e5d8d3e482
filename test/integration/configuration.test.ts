import { z } from 'zod';
import type { Role } from '../../src/platform/auth.ts';
import { incidentKinds } from '../../src/routing/kind.ts';
import { settingsSchema } from '../../src/settings/setting.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until, type Answer } from '../support/rest.ts';
import { startRooms, type Rooms } from '../support/rooms.ts';
import { makeTokens } from '../support/tokens.ts';

const versionList = z.array(z.object({ version: z.number(), active: z.boolean() }));
let database: TestDatabase;
let rooms: Rooms;
let other: Rooms;
let tokens: Record<Role, string>;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  // Two at once: the city's profile is stored by one of them.
  [rooms, other] = await Promise.all([startRooms(database.url), startRooms(database.url)]);
});
afterAll(async () => {
  await Promise.all([rooms.stop(), other.stop()]);
  await database.drop();
});

const admin = (
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  to: Rooms = rooms,
): Promise<Answer> => ask(to, tokens.admin, method, path, { body, headers });
const activeTag = async (): Promise<string> => (await admin('GET', '/v1/rules')).headers.get('etag') ?? '';
const fresh = { 'if-none-match': '*' };

describe('the first start', () => {
  test('stores the city: agencies, rules, settings; once, though two started', async () => {
    const agencies = await admin('GET', '/v1/agencies');
    expect(agencies.pluck('items', 'id')).toContain('damkar');
    expect((await admin('GET', '/v1/rules')).at('version')).toBe(1);
    expect((await admin('GET', '/v1/rules/versions')).at('items')).toHaveLength(1);
    expect((await admin('GET', '/v1/settings')).body).toMatchObject({
      version: 1,
      settings: { city: { id: 'pekanbaru' }, operatorRingSeconds: 15, wrapUpSeconds: 10, agencyRingSeconds: 20 },
    });
  });
});

describe('agencies', () => {
  const body = {
    name: 'Penjaga Pantai',
    nameEnglish: 'Coast guard',
    number: '2200',
    acceptance: 'answer',
    trunks: [{ id: 'pantai-1', host: '192.0.2.200', port: 5070, transport: 'tcp', number: '2200' }],
  };
  const plain = {
    hours: [],
    alternates: [],
    districts: [],
    sop: { acceptSeconds: null, departSeconds: null, arriveSeconds: null },
    contacts: [],
    drillTrunk: null,
  };

  test('one is created, read, replaced and deleted, each step needing the right precondition', async () => {
    const path = '/v1/agencies/pantai';
    expect((await admin('PUT', path, body)).status).toBe(428);
    expect((await admin('PUT', path, body, { 'if-match': '"1"' })).status).toBe(412);
    const created = await admin('PUT', path, body, fresh);
    const stored = { ...plain, ...body, id: 'pantai', trunks: [{ ...body.trunks[0], type: 'sip' }] };
    expect([created.status, created.body, created.headers.get('etag')]).toEqual([
      201,
      { ...stored, version: 1 },
      '"1"',
    ]);
    expect((await admin('PUT', path, body, fresh)).code).toBe('agencies.exists');
    expect((await admin('PUT', path, body)).status).toBe(428);

    const renamed = { ...body, name: 'Penjaga Laut', trunks: [...body.trunks, { ...body.trunks[0], id: 'pantai-2' }] };
    const replaced = await admin('PUT', path, renamed, { 'if-match': '"1"' });
    expect([replaced.status, replaced.at('version')]).toEqual([200, 2]);
    expect((await admin('PUT', path, body, { 'if-match': '"1"' })).body).toMatchObject({ status: 412, current: 2 });
    const trunksNow = renamed.trunks.map((trunk) => ({ ...trunk, type: 'sip' }));
    expect((await admin('GET', path)).body).toEqual({ ...stored, ...renamed, trunks: trunksNow, version: 2 });
    const trunks = (await admin('GET', '/v1/trunks')).at('items');
    for (const [position, id] of ['pantai-1', 'pantai-2'].entries()) {
      const known = { id, agencyId: 'pantai', position, health: 'unknown' };
      expect(trunks).toContainEqual(expect.objectContaining(known));
    }

    expect((await admin('DELETE', path, undefined, { 'if-match': '"1"' })).status).toBe(412);
    expect((await admin('DELETE', path)).status).toBe(204);
    expect((await admin('GET', path)).code).toBe('agencies.unknown');
    expect((await admin('DELETE', path)).status).toBe(404);
    const trail = await admin('GET', '/v1/audit?subject=agency/pantai');
    expect(trail.pluck('items', 'action')).toEqual(['agencies.delete', 'agencies.put', 'agencies.put']);
  });

  test('a trunk of another agency is not taken away', async () => {
    const taken = { ...body, trunks: [{ ...body.trunks[0], id: 'damkar-1' }] };
    expect((await admin('PUT', '/v1/agencies/thief', taken, fresh)).code).toBe('agencies.trunk-taken');
    expect((await admin('GET', '/v1/agencies/thief')).status).toBe(404);
    expect((await admin('GET', '/v1/agencies/damkar')).at('trunks.0.id')).toBe('damkar-1');
  });

  test('one that the active rules name is not deleted', async () => {
    const answer = await admin('DELETE', '/v1/agencies/polisi');
    expect([answer.status, answer.code]).toEqual([409, 'agencies.in-use']);
    expect(answer.at('neededBy')).toEqual(expect.arrayContaining(['rule crime', 'rule default']));
  });

  test.each([
    ['host', { host: '192.0.2.1\r\ncontext=admin' }],
    ['host', { host: '300.1.1.1' }],
    ['port', { port: 0 }],
    ['number', { number: '113;tag=x' }],
    ['transport', { transport: 'tls' }],
  ])('a trunk with a wrong %s never reaches the database: %j', async (field, wrong) => {
    const trunks = [{ ...body.trunks[0], ...wrong }];
    const answer = await admin('PUT', '/v1/agencies/wrong', { ...body, trunks }, fresh);
    expect([answer.status, answer.at('faults.0.path')]).toEqual([400, `body.trunks.0.${field}`]);
  });

  test('two who create the same one at once: one does', async () => {
    const answers = await Promise.all(
      [rooms, other, rooms, other].map((at) => admin('PUT', '/v1/agencies/race', { ...body, trunks: [] }, fresh, at)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 412, 412, 412]);
  });

  test('a change is told to watchers in every process', async () => {
    const seen: string[] = [];
    other.agencies.onChange((directory) => seen.push(directory.find('seen')?.name ?? ''));
    await admin('PUT', '/v1/agencies/seen', { ...body, name: 'Seen', trunks: [] }, fresh);
    expect(rooms.agencies.current().find('seen')?.name).toBe('Seen');
    await until('the other process knows', () => other.agencies.current().find('seen')?.name === 'Seen', 2_000);
    expect(seen).toContain('Seen');
  });
});

describe('rules', () => {
  const to = (...ids: string[]) => ids.map((agencyId) => ({ agencyId }));
  const small = {
    default: to('bpbd'),
    rules: [{ id: 'fire', name: 'Api', when: { kinds: ['fire'] }, then: to('damkar') }],
  };

  test('an edit needs If-Match and makes a new version that every process uses', async () => {
    const tag = await activeTag();
    const without = await admin('PUT', '/v1/rules', small);
    expect([without.status, without.code]).toEqual([428, 'request.if-match-missing']);
    expect((await admin('PUT', '/v1/rules', small, { 'if-match': '"999"' })).status).toBe(412);
    const put = await admin('PUT', '/v1/rules', small, { 'if-match': tag });
    expect(put.status).toBe(200);
    const version = Number(put.at('version'));
    expect(put.headers.get('etag')).toBe(`"${version}"`);
    expect((await admin('GET', '/v1/rules')).at('version')).toBe(version);
    await until('the other process uses it', () => other.routing.current().version === version, 2_000);
    // Somebody else who read before gets told, also by the other process.
    expect((await admin('PUT', '/v1/rules', small, { 'if-match': tag }, other)).status).toBe(412);
  });

  test('of many edits of one version, one wins', async () => {
    const tag = await activeTag();
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        admin('PUT', '/v1/rules', small, { 'if-match': tag }, index % 2 ? rooms : other),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    const version = answers.find(({ status }) => status === 200)?.at('version');
    const known = (): boolean => [rooms, other].every(({ routing }) => routing.current().version === version);
    await until('both processes use it', known, 2_000);
  });

  test('an unfit set is refused with every fault, and nothing changes', async () => {
    const tag = await activeTag();
    const unfit = {
      default: [],
      rules: [
        { id: 'a', name: 'a', when: {}, then: to('nobody') },
        { id: 'a', name: 'b', when: { districts: ['Atlantis'] }, then: [] },
      ],
    };
    const answer = await admin('PUT', '/v1/rules', unfit, { 'if-match': tag });
    expect([answer.status, answer.code]).toEqual([422, 'rules.invalid']);
    const ids = answer.pluck('faults', 'ruleId');
    expect(answer.pluck('faults', 'code').map((code, index) => [ids[index], code])).toEqual([
      [null, 'no-default'],
      ['a', 'unknown-agency'],
      ['a', 'duplicate-id'],
      ['a', 'unknown-district'],
      ['a', 'no-action'],
    ]);
    expect(await activeTag()).toBe(tag);
  });

  test('an older version is read, and made the active one again', async () => {
    const tag = await activeTag();
    const first = await admin('GET', '/v1/rules/versions/1');
    expect(first.pluck('rules', 'id').length).toBeGreaterThan(10);
    expect((await admin('POST', '/v1/rules/versions/1/activate')).status).toBe(428);
    expect((await admin('POST', '/v1/rules/versions/999/activate', undefined, { 'if-match': tag })).status).toBe(404);
    const back = await admin('POST', '/v1/rules/versions/1/activate', undefined, { 'if-match': tag });
    expect([back.status, back.body]).toEqual([200, first.body]);
    await until('the other process is back too', () => other.routing.current().version === 1, 2_000);
    const versions = await admin('GET', '/v1/rules/versions?limit=2');
    expect(versions.at('items')).toHaveLength(2);
    const rest = await admin('GET', `/v1/rules/versions?limit=200&cursor=${String(versions.at('next'))}`);
    const all = [versions, rest].flatMap((page) => versionList.parse(page.at('items')));
    expect(all.filter(({ active }) => active).map(({ version }) => version)).toEqual([1]);
    expect(all.at(-1)?.version).toBe(1);
  });

  test('a version is never changed', async () => {
    await expect(rooms.postgres.execute(`UPDATE rule_sets SET created_by = 'x'`)).rejects.toThrow('append-only');
  });

  test('an agency that only an old version names can go, and that version cannot come back', async () => {
    const agency = {
      name: 'X',
      nameEnglish: 'X',
      number: '1',
      trunks: [{ id: 'x-1', host: '192.0.2.9', number: '1' }],
    };
    await admin('PUT', '/v1/agencies/xyz', agency, fresh);
    const named = { ...small, default: to('xyz') };
    const put = await admin('PUT', '/v1/rules', named, { 'if-match': await activeTag() });
    expect((await admin('DELETE', '/v1/agencies/xyz')).status).toBe(409);
    await admin('PUT', '/v1/rules', small, { 'if-match': await activeTag() });
    expect((await admin('DELETE', '/v1/agencies/xyz')).status).toBe(204);
    const back = await admin('POST', `/v1/rules/versions/${String(put.at('version'))}/activate`, undefined, {
      'if-match': await activeTag(),
    });
    expect([back.status, back.at('faults.0.code')]).toEqual([422, 'unknown-agency']);
  });

  test('evaluate answers what the active rules would do, and is what a call would get', async () => {
    await admin('POST', '/v1/rules/versions/1/activate', undefined, { 'if-match': await activeTag() });
    const at = '2026-05-17T23:30:00Z';
    for (const kind of incidentKinds) {
      const answer = await admin('POST', '/v1/rules/evaluate', { facts: { kind, severity: 'critical', at } });
      const incident = { kind, severity: 'critical' as const, district: null };
      const decided = rooms.routing.decide(incident, Date.parse(at));
      const [trace] = await rooms.routing.explainStored([decided]);
      expect(answer.body).toEqual({ decision: { ...decided, trace }, faults: [], total: 0 });
      expect(answer.pluck('decision.actions', 'agencyId').length).toBeGreaterThan(0);
    }
  });

  test('evaluate shows a draft with its faults, in the time of the city', async () => {
    const draft = {
      default: to('bpbd'),
      rules: [
        {
          id: 'night',
          name: 'n',
          when: { hours: { from: '06:00', to: '07:00' }, weekdays: ['mon'] },
          then: to('nobody'),
        },
      ],
    };
    const answer = await admin('POST', '/v1/rules/evaluate', {
      facts: { kind: 'fire', at: '2026-05-17T23:30:00Z' },
      draft,
    });
    expect(answer.at('decision.actions')).toEqual([
      { agencyId: 'nobody', mode: 'bridge', stage: 1, fallbacks: [], ruleId: 'night' },
    ]);
    expect(answer.pluck('faults', 'code')).toEqual(['unknown-agency']);
    expect((await admin('GET', '/v1/rules')).at('version')).toBe(1);
  });
});

describe('settings', () => {
  test('a patch needs If-Match, changes what it names, and reaches every process', async () => {
    const before = await admin('GET', '/v1/settings');
    const tag = before.headers.get('etag') ?? '';
    expect((await admin('PATCH', '/v1/settings', { wrapUpSeconds: 5 })).status).toBe(428);
    expect((await admin('PATCH', '/v1/settings', { wrapUpSeconds: 5 }, { 'if-match': '"77"' })).status).toBe(412);
    const patched = await admin('PATCH', '/v1/settings', { wrapUpSeconds: 5 }, { 'if-match': tag });
    expect(patched.body).toEqual({
      version: Number(before.at('version')) + 1,
      settings: { ...settingsSchema.parse(before.at('settings')), wrapUpSeconds: 5 },
    });
    expect(rooms.settings.current().wrapUpSeconds).toBe(5);
    await until('the other process knows', () => other.settings.current().wrapUpSeconds === 5, 2_000);
  });

  test('every wrong field is named', async () => {
    const wrong = { operatorRingSeconds: 0, timeZone: 'Mars/Olympus', kinds: ['fire', 'fire'], unknown: 1 };
    const answer = await admin('PATCH', '/v1/settings', wrong, { 'if-match': '*' });
    expect(answer.status).toBe(400);
    expect(answer.pluck('faults', 'path').sort()).toEqual([
      'body',
      'body.kinds',
      'body.operatorRingSeconds',
      'body.timeZone',
    ]);
  });
});
