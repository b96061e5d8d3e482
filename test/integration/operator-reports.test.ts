import { z } from 'zod';
import { newId } from '../../src/platform/ids.ts';
import { openPeople, type PeopleOfFile } from '../support/people-room.ts';

let people: PeopleOfFile;

beforeAll(async () => {
  people = await openPeople();
});
afterAll(() => people.stop());

const send: PeopleOfFile['send'] = (...request) => people.send(...request);

async function hire(extension: string): Promise<{ id: string; extension: string }> {
  const answer = await send('POST', '/v1/operators', { name: 'Budi', extension, desk: false });
  expect(answer.status).toBe(201);
  return { id: z.string().parse(answer.at('id')), extension };
}

test('a report names whoever was deleted since, with his pauses by their reasons and the calls he answered', async () => {
  const made = await hire('201');
  const start = Date.parse('2020-06-01T10:00:00Z');
  const states = [
    [0, 'paused', 'meal'],
    [600, 'available', null],
    [700, 'talking', null],
    [900, 'paused', 'break'],
    [960, 'paused', 'meal'],
    [1_000, 'offline', null],
  ] as const;
  for (const [at, state, reason] of states) {
    people.room.entries.push({ kind: 'operator', operatorId: made.id, at: start + at * 1_000, state, reason });
  }
  await people.room.write();
  const incident = newId(start);
  await people.room.postgres.execute(
    `insert into incidents (id, opened_at, version, status) values ($1, $2, 1, 'open')`,
    [incident, new Date(start)],
  );
  for (const [index, minutes] of [12, 14, 200].entries()) {
    const at = new Date(start + minutes * 60_000);
    await people.room.postgres.execute(
      `insert into calls (id, incident_id, node, channel_id, arrived_at, first_talk_at, stage, operator_id, recorded_by,
         claimed_at, sequence) values ($1, $2, 'n', $3, $4, $4, 'ended', $5, 'controller', 1, 1)`,
      [newId(start + index), incident, `report-${index}`, at, made.id],
    );
  }
  const reported = async (): Promise<unknown> => {
    const to = new Date(start + 1_000_000).toISOString();
    const answer = await send('GET', `/v1/reports/operators?from=${new Date(start).toISOString()}&to=${to}`);
    const items = z.array(z.looseObject({ operatorId: z.string() })).parse(answer.at('items'));
    return items.find(({ operatorId }) => operatorId === made.id);
  };
  const expected = {
    operatorId: made.id,
    name: 'Budi',
    extension: made.extension,
    deleted: false,
    seconds: { paused: 700, available: 100, talking: 200 },
    pauses: { meal: 640, break: 60 },
    callsAnswered: 2,
  };
  expect(await reported()).toEqual(expected);
  expect((await send('DELETE', `/v1/operators/${made.id}`)).status).toBe(204);
  expect(await reported()).toEqual({ ...expected, deleted: true });
});

test('time in each state is right at the borders of an interval, and for the state that goes on', async () => {
  const made = await hire('202');
  const start = Date.parse('2020-05-01T10:00:00Z');
  const states = [
    [0, 'available'],
    [600, 'talking'],
    [900, 'wrap-up'],
    [910, 'available'],
    [4_000, 'offline'],
  ] as const;
  for (const [at, state] of states) {
    people.room.entries.push({ kind: 'operator', operatorId: made.id, at: start + at * 1_000, state, reason: null });
  }
  await people.room.write();
  const report = async (from: number, to: number): Promise<unknown> => {
    const iso = (seconds: number): string => new Date(start + seconds * 1_000).toISOString();
    const answer = await send('GET', `/v1/reports/operators?from=${iso(from)}&to=${iso(to)}`, undefined, 'supervisor');
    expect(answer.status).toBe(200);
    const { items } = z
      .object({ items: z.array(z.object({ operatorId: z.string(), seconds: z.unknown() })) })
      .parse(answer.body);
    return items.find(({ operatorId }) => operatorId === made.id)?.seconds;
  };
  expect(await report(0, 4_000)).toEqual({ available: 3_690, talking: 300, 'wrap-up': 10 });
  const day = 86_400;
  expect(await report(-40 * day, 100 * day)).toEqual({
    available: 3_690,
    talking: 300,
    'wrap-up': 10,
    offline: 100 * day - 4_000,
  });
  expect(await report(700, 905)).toEqual({ talking: 200, 'wrap-up': 5 });
  expect(await report(910, 911)).toEqual({ available: 1 });
  expect(await report(-100, 0)).toBeUndefined();
  expect(await report(5_000, 5_600)).toEqual({ offline: 600 });
  const query = (from: string, to: string) => send('GET', `/v1/reports/operators?from=${from}&to=${to}`);
  expect((await query('2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z')).code).toBe('reports.interval');
  const from = new Date(Date.now() - 60_000).toISOString();
  const now = await query(from, new Date(Date.now() + 3_600_000).toISOString());
  const seconds = z
    .object({ items: z.array(z.object({ operatorId: z.string(), seconds: z.record(z.string(), z.number()) })) })
    .parse(now.body)
    .items.find(({ operatorId }) => operatorId === made.id)?.seconds;
  // Up to now, not up to the end of the interval.
  expect(Object.values(seconds ?? {}).reduce((sum, one) => sum + one, 0)).toBeLessThan(90);
  expect(Object.values(seconds ?? {}).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(59);
});
