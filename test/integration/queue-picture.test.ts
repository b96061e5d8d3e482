import { z } from 'zod';
import { countHandled } from '../../src/acd/store.ts';
import { newId } from '../../src/platform/ids.ts';
import type { Role } from '../../src/platform/auth.ts';
import { startOfDay } from '../../src/platform/zoned-time.ts';
import { openPeople, type PeopleOfFile } from '../support/people-room.ts';
import { until } from '../support/rest.ts';

let people: PeopleOfFile;

beforeAll(async () => {
  people = await openPeople();
});
afterAll(() => people.stop());

const send: PeopleOfFile['send'] = (...request) => people.send(...request);

test('the picture of the line: who waits and why, how callers were served, and a call put first', async () => {
  const [first, second] = [newId(Date.now()), newId(Date.now())];
  const now = Date.now();
  people.room.acd.line.enter(first, now - 20_000);
  people.room.acd.line.enter(second, now - 10_000);
  const state = { arrivedAt: now - 5_000, firstTalkAt: now, endedAt: null, outcome: null, challenge: null };
  people.room.acd.recorded({ callId: newId(now), state });
  people.room.acd.recorded({ callId: newId(now), state: { ...state, arrivedAt: now - 17_000 } });
  people.room.acd.recorded({
    callId: newId(now),
    state: { ...state, firstTalkAt: null, endedAt: now, outcome: 'abandoned' },
  });
  const queue = await send('GET', '/v1/queue', undefined, 'operator');
  expect(queue.pluck('waiting', 'callId')).toEqual([first, second]);
  expect(queue.at('waiting.0')).toMatchObject({ position: 1, priority: 3, queue: '112', expectedWaitSeconds: null });
  expect(queue.at('waiting.0.reason')).toBe('there are no operators');
  expect(queue.at('longestWaitSeconds')).toBeGreaterThanOrEqual(20);
  expect(queue.at('alert')).toBe('warning');
  expect(queue.at('abandoned')).toEqual({ today: 1, last15Minutes: 1 });
  expect(queue.at('serviceLevel.last15Minutes')).toEqual([
    { percent: 90, seconds: 15, answeredWithin: 1, answered: 2, met: false },
    { percent: 95, seconds: 20, answeredWithin: 2, answered: 2, met: true },
  ]);
  const put = (callId: string, as: Role = 'supervisor') => send('PATCH', `/v1/queue/${callId}`, { priority: 1 }, as);
  expect((await put(second, 'operator')).status).toBe(403);
  expect((await put(second)).pluck('waiting', 'callId')).toEqual([second, first]);
  expect((await put(newId(0))).code).toBe('queue.unknown-call');
  const ranked = () =>
    people.room.postgres.rows(
      z.object({ subject: z.string() }),
      `select subject from audit where action = 'queue.rank'`,
    );
  await until('it is audited', async () => (await ranked()).length > 0);
  expect(await ranked()).toEqual([{ subject: `call/${second}` }]);
  // What nobody on record can do the call would wait for in vain.
  const wished = (body: object) => send('PATCH', `/v1/queue/${second}`, body, 'supervisor');
  expect(await wished({ skills: ['police'] })).toMatchObject({ status: 422, code: 'queue.nobody-able' });
  expect((await wished({ languages: [] })).status).toBe(200);
  await until('the screens are told', () =>
    people.room.published.some(
      ({ type, detail }) => type === 'queue.changed' && JSON.stringify(detail).includes(second),
    ),
  );
  expect(
    people.room.published.filter(({ type }) => type === 'queue.alert').map(({ detail }) => detail['level']),
  ).toEqual(['notice', 'warning']);
  people.room.acd.line.leave(first);
  people.room.acd.line.leave(second);
});

test('how callers were served is read from the record at the start', async () => {
  const at = new Date();
  const incident = newId(1);
  await people.room.postgres.execute(
    `insert into incidents (id, opened_at, version, status) values ($1, $2, 1, 'open')`,
    [incident, at],
  );
  const insert = `insert into calls (id, incident_id, node, channel_id, arrived_at, first_talk_at, ended_at, stage, outcome,
    recorded_by, claimed_at, sequence) values ($1,$2,'n',gen_random_uuid()::text,$3,$4,$5,'ended',$6,'controller',1,1)`;
  const arrived = new Date(Number(at) - 3_000);
  await people.room.postgres.execute(insert, [newId(3), incident, arrived, at, at, 'answered']);
  await people.room.postgres.execute(insert, [newId(4), incident, arrived, null, at, 'abandoned']);
  // Of before the last quarter of an hour, only numbers are read.
  const [day, hour] = [startOfDay(Number(at), 'UTC'), 3_600_000];
  const early: [number, number | null][] = [
    [5, 20_001],
    [6, 20_000],
    [7, 0],
    [8, null],
  ];
  for (const [id, wait] of early) {
    const arrivedAt = new Date(day - hour + id);
    const end = new Date(Number(arrivedAt) + (wait ?? 9_000));
    const talked = wait === null ? null : end;
    await people.room.postgres.execute(insert, [
      ...[newId(id), incident, arrivedAt, talked, end],
      talked === null ? 'abandoned' : 'answered',
    ]);
  }
  const counted = await countHandled(people.room.postgres, day - hour, day);
  expect(counted).toEqual({
    answered: new Map([
      [0, 1],
      [20, 1],
      [21, 1],
    ]),
    abandoned: 1,
  });
  const countUntil = async (end: number) => (await countHandled(people.room.postgres, day - hour, end)).answered.size;
  expect([await countUntil(day - hour + 7), await countUntil(day - hour + 8)]).toEqual([0, 1]);
  people.room = await people.room.restart();
  await until('it was read', async () => (await send('GET', '/v1/queue')).at('abandoned.last15Minutes') === 1);
  expect((await send('GET', '/v1/queue')).at('serviceLevel.last15Minutes.0')).toMatchObject({
    answered: 1,
    answeredWithin: 1,
  });
});
