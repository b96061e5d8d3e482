import { jest } from '@jest/globals';
import { z } from 'zod';
import { createToken } from '../../src/access/token-command.ts';
import { callDetailView, type CallDetailView } from '../../src/calls/view.ts';
import type { Role } from '../../src/platform/auth.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { arrive, newNumber, past, type Past } from '../support/callers.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { followFeed } from '../support/feed.ts';
import { ask, until } from '../support/rest.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { makeTokens } from '../support/tokens.ts';

jest.setTimeout(120_000);

const [first, second] = [newId(systemClock.now()), newId(systemClock.now())];
type Who = Role | 'first' | 'second';
let database: TestDatabase;
let proxy: TcpProxy;
let rooms: ControllerRooms;
let tokens: Record<Who, string>;

beforeAll(async () => {
  database = await createDatabase();
  const desk = async (name: string, operatorId: string): Promise<string> =>
    (await createToken(database.url, { role: 'operator', name, operatorId })).token;
  tokens = {
    ...(await makeTokens(database.url)),
    first: await desk('first', first),
    second: await desk('second', second),
  };
  proxy = await tcpProxy(database.url);
  rooms = await startController(proxy.url(database.url));
});
afterAll(async () => {
  await rooms.stop();
  await proxy.close();
  await database.drop();
});

const get = (who: Who, path: string) => ask(rooms, tokens[who], 'GET', path);
const detail = async (callId: string, who: Who = 'admin'): Promise<CallDetailView> =>
  callDetailView.parse((await get(who, `/v1/calls/${callId}`)).body);

async function end(callId: string): Promise<void> {
  rooms.hangUp(callId);
  await rooms.gone(callId);
}

const audited = async (): Promise<string[]> => {
  const row = z.object({ line: z.string() });
  const lines = await rooms.database.rows(
    row,
    `select role || ' ' || subject as line from audit where action = 'incidents.read' order by id`,
  );
  return lines.map(({ line }) => line);
};
/** What is noted while something is done; what comes from memory is noted a moment later. */
async function notedBy(work: () => Promise<unknown>, expected: number): Promise<string[]> {
  const before = (await audited()).length;
  await work();
  await until('it is noted', async () => (await audited()).length >= before + expected);
  return (await audited()).slice(before);
}

describe('confidential incidents in a history', () => {
  let number: string;
  let open: Past;
  let hidden: Past;
  let twice: Past;
  let id: string;
  beforeAll(async () => {
    number = newNumber();
    hidden = await past(rooms, { number }, { kind: 'domestic-violence', minutes: 30, operatorId: first });
    // Two calls of one incident.
    twice = await past(rooms, { number }, { kind: 'child-violence', minutes: 20 });
    const more = await past(rooms, { number }, { minutes: 19 });
    await rooms.database.execute('update calls set incident_id = $2 where id = $1', [more.id, twice.incidentId]);
    open = await past(rooms, { number }, { kind: 'fire', minutes: 10 });
  });
  const all: Who[] = ['admin', 'supervisor'];
  const shown = async (who: Who): Promise<string[]> => {
    const { history } = await detail(id, who);
    return [...new Set(history?.calls.map(({ incidentId }) => incidentId))];
  };

  test.each(['live', 'stored'])('are shown to those who may know, and each look is noted once: %s', async (where) => {
    id = await arrive(rooms, { number });
    await rooms.talk(id, second);
    if (where === 'stored') await end(id);
    for (const who of all) {
      const noted = await notedBy(async () => {
        expect(await shown(who)).toEqual(expect.arrayContaining([open, twice, hidden].map((one) => one.incidentId)));
      }, 2);
      expect(noted.sort()).toEqual([hidden, twice].map((one) => `${who} incident/${one.incidentId}`).sort());
    }
    const noted = await notedBy(async () => {
      const seen = await shown('first');
      expect(seen).toContain(hidden.incidentId);
      expect(seen).not.toContain(twice.incidentId);
    }, 1);
    expect(noted).toEqual([`operator incident/${hidden.incidentId}`]);
    const afterwards = await notedBy(async () => {
      for (const who of ['second', 'operator', 'auditor'] as const) {
        const text = (await get(who, `/v1/calls/${id}`)).text;
        expect(text).toContain(open.incidentId);
        for (const secret of [hidden.incidentId, twice.incidentId, hidden.id, 'violence']) {
          expect(text).not.toContain(secret);
        }
      }
      // Of those nothing is noted: the first that is noted is a later look of somebody who may know.
      await shown('first');
    }, 1);
    expect(afterwards).toEqual([`operator incident/${hidden.incidentId}`]);
  });

  test('are in no event, whoever reads it', async () => {
    const readers = await Promise.all(
      ['admin', 'supervisor', 'first'].map((who) => followFeed(rooms.base, tokens[who as Who])),
    );
    const callId = await arrive(rooms, { number });
    await rooms.talk(callId, second);
    const body = { type: 'point', latitude: 0.5, longitude: 101.44 };
    await ask(rooms, tokens.second, 'POST', `/v1/calls/${callId}/locations`, { body });
    for (const reader of readers) {
      for (const type of ['screen.pop', 'screen.updated']) {
        const { detail: told } = await reader.waitFor(type, { callId });
        const view = callDetailView.parse(told['call']);
        expect(view.history?.calls.map(({ incidentId }) => incidentId)).toContain(open.incidentId);
      }
      const text = JSON.stringify(reader.seen.filter((event) => event.callId === callId));
      for (const secret of [hidden.incidentId, twice.incidentId, hidden.id, 'violence']) {
        expect(text).not.toContain(secret);
      }
      reader.close();
    }
    await end(callId);
  });

  test('nor one that proved to be so while the call went on', async () => {
    const caller = newNumber();
    const earlier = await past(rooms, { number: caller }, { kind: 'assault' });
    const callId = await arrive(rooms, { number: caller });
    await rooms.talk(callId, second);
    expect((await detail(callId, 'second')).history?.calls).toHaveLength(1);
    const body = { kind: 'domestic-violence' };
    const patch = { body, headers: { 'if-match': '"1"' } };
    const path = `/v1/incidents/${earlier.incidentId}`;
    expect((await ask(rooms, tokens.supervisor, 'PATCH', path, patch)).status).toBe(200);
    expect((await detail(callId, 'second')).history?.calls).toEqual([]);
    expect((await detail(callId, 'supervisor')).history?.calls).toMatchObject([{ kind: 'domestic-violence' }]);
    await end(callId);
  });

  test('with PostgreSQL away, a live call is answered at once, with what was known', async () => {
    const callId = await arrive(rooms, { number });
    for (const how of ['cut', 'freeze'] as const) {
      proxy[how]();
      try {
        const from = performance.now();
        expect((await detail(callId, 'supervisor')).history?.calls.length).toBeGreaterThan(3);
        expect(performance.now() - from).toBeLessThan(4_000);
        expect((await detail(callId, 'second')).history?.calls).toHaveLength(
          (await detail(callId, 'operator')).history?.calls.length ?? -1,
        );
      } finally {
        proxy.restore();
      }
    }
    await end(callId);
  });
});

describe.each(['live', 'stored'])('a confidential call, %s', (where) => {
  let id: string;
  let incidentId: string;
  let number: string;
  beforeAll(async () => {
    number = newNumber();
    await past(rooms, { number }, { kind: 'fire' });
    id = await arrive(rooms, { number });
    incidentId = rooms.call(id).incident.id;
    await rooms.talk(id, first);
    const patch = { body: { kind: 'child-violence' }, headers: { 'if-match': '"1"' } };
    expect((await ask(rooms, tokens.first, 'PATCH', `/v1/incidents/${incidentId}`, patch)).status).toBe(200);
    const body = { type: 'address', text: 'Jalan Rahasia 7' };
    expect((await ask(rooms, tokens.first, 'POST', `/v1/calls/${id}/locations`, { body })).status).toBe(201);
    if (where === 'stored') await end(id);
  });

  test.each<Who>(['admin', 'supervisor', 'first'])('is whole for %s, and it is noted', async (who) => {
    const noted = await notedBy(async () => {
      const view = await detail(id, who);
      expect(view).toMatchObject({ identity: { number }, bestFix: { address: 'Jalan Rahasia 7' } });
      expect(view.location.fixes).toMatchObject([{ source: 'operator', civic: { text: 'Jalan Rahasia 7' } }]);
      expect(view.history?.calls).toHaveLength(1);
    }, 1);
    expect(noted).toEqual([`${who === 'first' ? 'operator' : who} call/${id}`]);
  });

  test('is nothing for an operator who was not on it, and only a call for an auditor', async () => {
    for (const who of ['second', 'operator'] as const) {
      expect((await get(who, `/v1/calls/${id}`)).code).toBe('incidents.confidential');
    }
    const { text, status } = await get('auditor', `/v1/calls/${id}`);
    expect(status).toBe(200);
    for (const list of [text, (await get('auditor', '/v1/calls')).text, (await get('second', '/v1/calls')).text]) {
      for (const secret of ['Rahasia', number, number.slice(3)]) expect(list).not.toContain(secret);
    }
    expect(callDetailView.parse(JSON.parse(text))).toMatchObject({
      identity: null,
      emergency: null,
      bestFix: null,
      location: { best: null, fixes: [], unusable: [], networks: [] },
      history: null,
    });
  });

  test('gives a later caller of the number nothing away', async () => {
    const later = await arrive(rooms, { number });
    await rooms.talk(later, second);
    const shown = (await detail(later, 'second')).history?.calls ?? [];
    expect(shown.map(({ kind }) => kind)).toEqual(['fire']);
    await end(later);
  });
});

test('of a confidential call that has ended, nobody learns that a location came who may not know of it', async () => {
  const [open, secret] = [await past(rooms, {}, { kind: 'fire' }), await past(rooms, {}, { kind: 'child-violence' })];
  const readers = await Promise.all([tokens.operator, tokens.admin].map((token) => followFeed(rooms.base, token)));
  const body = { type: 'point', latitude: 0.5, longitude: 101.44 };
  for (const { id } of [secret, open]) {
    expect((await ask(rooms, tokens.admin, 'POST', `/v1/calls/${id}/locations`, { body })).status).toBe(201);
  }
  for (const reader of readers) {
    await reader.waitFor('location.added-later', { callId: open.id });
    expect(reader.all('location.added-later').map(({ detail: told }) => told)).toEqual([{}, {}]);
    reader.close();
  }
});
