import { Queue } from 'bullmq';
import { createToken } from '../../src/access/token-command.ts';
import type { RingJob, RingResult } from '../../src/dispatch/dispatch.ts';
import { createRingJobs, ringQueueName } from '../../src/dispatch/jobs.ts';
import type { Role } from '../../src/platform/auth.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { closeConnection, createProducerConnection, createWorkerConnection } from '../../src/platform/redis.ts';
import { testDispatch } from '../support/calls.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startLiveRooms, type LiveRooms } from '../support/live-rooms.ts';
import { queuePrefix, redisUrl } from '../support/redis.ts';
import { ask, until } from '../support/rest.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { makeTokens } from '../support/tokens.ts';

let database: TestDatabase;
let proxy: TcpProxy;
let rooms: LiveRooms;
let tokens: Record<Role, string>;
const taken = (): Promise<RingResult> => Promise.resolve({ result: 'taken' });
let ring: (job: RingJob) => Promise<RingResult> = taken;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  proxy = await tcpProxy(database.url);
  rooms = await startLiveRooms(proxy.url(database.url), (job) => ring(job));
});
afterAll(async () => {
  await rooms.stop();
  await proxy.close();
  await database.drop();
});

const engage = (incidentId: string, body: object, key?: string, token = tokens.supervisor) =>
  ask(rooms, token, 'POST', `/v1/incidents/${incidentId}/dispatches`, {
    body,
    headers: key === undefined ? {} : { 'idempotency-key': key },
  });

test('with PostgreSQL away an Idempotency-Key makes one dispatch, and finds it again', async () => {
  proxy.cut();
  try {
    const { id, incident } = rooms.open();
    const first = await engage(incident.id, { agencyId: 'damkar' }, 'k');
    expect([first.status, first.at('agencyId')]).toEqual([202, 'damkar']);
    const again = await Promise.all([
      engage(incident.id, { agencyId: 'damkar' }, 'k'),
      engage(incident.id, { agencyId: 'damkar', mode: 'bridge' }, 'k'),
    ]);
    for (const one of again) {
      expect([one.status, one.at('id'), one.headers.get('idempotency-replayed')]).toEqual([
        202,
        first.at('id'),
        'true',
      ]);
    }
    expect(rooms.runner.get(id)?.dispatches).toHaveLength(1);
    for (const body of [{ agencyId: 'polisi' }, { agencyId: 'damkar', mode: 'transfer' }]) {
      const other = await engage(incident.id, body, 'k');
      expect([other.status, other.code]).toEqual([422, 'idempotency.key-reused']);
    }
    expect((await engage(incident.id, { agencyId: 'pln' }, 'x y')).code).toBe('idempotency.key-invalid');
    // Another key, another token and another incident are other commands.
    expect((await engage(incident.id, { agencyId: 'damkar' }, 'k-2')).code).toBe('dispatches.engaged');
    expect((await engage(incident.id, { agencyId: 'polisi' }, 'k', tokens.admin)).status).toBe(202);
    const elsewhere = await engage(rooms.open().incident.id, { agencyId: 'damkar' }, 'k');
    expect([elsewhere.status, elsewhere.at('id') === first.at('id')]).toEqual([202, false]);
  } finally {
    proxy.restore();
  }
});

test('two commands with one key at the same moment make one dispatch', async () => {
  const { id, incident } = rooms.open();
  const both = await Promise.all([1, 2].map(() => engage(incident.id, { agencyId: 'damkar' }, 'both')));
  expect(both.map(({ status }) => status)).toEqual([202, 202]);
  expect(both[0]?.at('id')).toBe(both[1]?.at('id'));
  expect(rooms.runner.get(id)?.dispatches).toHaveLength(1);
});

test('once the call is over an agency is rung without it; a repeat finds what came of the first', async () => {
  const { id, incident } = rooms.open();
  const first = await engage(incident.id, { agencyId: 'damkar' }, 'kept');
  rooms.runner.tell(id, { type: 'caller-gone', at: systemClock.now(), cause: 16 });
  const after = await engage(incident.id, { agencyId: 'polisi' }, 'after');
  expect([after.status, after.at('callId'), after.at('agencyId')]).toEqual([202, null, 'polisi']);
  expect((await engage(incident.id, { agencyId: 'polisi' }, 'after')).at('id')).toBe(after.at('id'));
  expect((await engage(incident.id, { agencyId: 'pln' }, 'after')).code).toBe('idempotency.key-reused');
  const second = await engage(incident.id, { agencyId: 'polisi' });
  expect([second.code, second.at('dispatchId')]).toEqual(['dispatches.engaged', after.at('id')]);
  expect((await engage(incident.id, { agencyId: 'nobody' })).code).toBe('agencies.unknown');
  expect((await engage(incident.id, { agencyId: 'damkar' }, 'kept')).at('id')).toBe(first.at('id'));
  rooms.runner.forget(id);
  expect((await engage(incident.id, { agencyId: 'damkar' }, 'kept')).code).toBe('incidents.unknown');
  await until('PostgreSQL is back', () => storeIncident(incident.id).then(() => true));
  await storeDispatch(String(first.at('id')), incident.id);
  const stored = await engage(incident.id, { agencyId: 'damkar' }, 'kept');
  expect([stored.status, stored.at('id')]).toEqual([202, first.at('id')]);
  const both = await Promise.all([1, 2].map(() => engage(incident.id, { agencyId: 'pln' })));
  expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
});

test('it is read and called off like any other', async () => {
  const { id, incident } = rooms.open();
  await until('PostgreSQL is back', () => storeIncident(incident.id).then(() => true));
  rooms.runner.tell(id, { type: 'caller-gone', at: systemClock.now(), cause: 16 });
  const path = `/v1/dispatches/${String((await engage(incident.id, { agencyId: 'damkar' })).at('id'))}`;
  expect((await ask(rooms, tokens.auditor, 'GET', path)).at('attempts.0.trunkId')).toBe('damkar-1');
  const cancelled = await ask(rooms, tokens.operator, 'POST', `${path}/cancel`);
  expect([cancelled.status, cancelled.at('state')]).toEqual([202, 'cancelled']);
  expect((await ask(rooms, tokens.operator, 'POST', `${path}/cancel`)).code).toBe('dispatches.ended');
});

test('while a call is about to end an agency is rung without it', async () => {
  const { id, incident } = rooms.open();
  const gone = rooms.runner.get(id);
  if (gone === undefined) throw new Error('no call');
  // The caller has hung up and nobody is left to speak with, but the call is not over yet.
  rooms.runner.open({ ...gone, caller: { ...gone.caller, live: false, joined: false } });
  const answer = await engage(incident.id, { agencyId: 'damkar' });
  expect([answer.status, answer.at('callId')]).toEqual([202, null]);
});

describe('the job that rings an agency', () => {
  let queue: Queue;
  let stop: () => Promise<void>;
  let redisUp = true;
  let counted: string | null = null;

  beforeAll(async () => {
    const shared = { prefix: queuePrefix(), logger: createLogger('silent'), clock: systemClock };
    const producer = createProducerConnection(redisUrl(), { ...shared, name: 'dispatches' });
    const events = createWorkerConnection(redisUrl(), { ...shared, name: 'dispatches-events' });
    const ari = {
      send: () => Promise.resolve({ ok: true as const, status: 200, body: null }),
      close: () => Promise.resolve(),
    };
    const ways = { redisUp: () => redisUp, counted: (way: string) => void (counted = way) };
    const jobs = createRingJobs({ ...shared, ...ways, node: 'test', producer, events, ari });
    // Nobody takes the jobs: they stay as they were put there.
    queue = new Queue(ringQueueName('test'), { connection: producer, prefix: shared.prefix });
    await until('Redis is there', () => producer.status === 'ready');
    ring = (job) => jobs.ring(job);
    stop = async () => {
      ring = taken;
      await jobs.close();
      await queue.obliterate({ force: true });
      await queue.close();
      closeConnection(producer);
      closeConnection(events);
    };
  });
  afterAll(() => stop());

  test.each(['bridge', 'transfer', 'listen'])('of mode %s is in the queue of its node by that name', async (mode) => {
    const dispatch = await engage(rooms.open().incident.id, { agencyId: 'damkar', mode });
    expect([dispatch.status, dispatch.at('mode')]).toEqual([202, mode]);
    const attemptId = `${String(dispatch.at('id'))}.a1`;
    await until('the job is there', async () => (await queue.getJob(attemptId)) !== undefined);
    const job = await queue.getJob(attemptId);
    expect(job).toMatchObject({ name: mode, data: { attemptId, mode } });
  });

  test('is not left to a Redis that is known to stand still', async () => {
    redisUp = false;
    counted = null;
    const dispatch = await engage(rooms.open().incident.id, { agencyId: 'damkar' });
    await until('it is rung in line', () => counted === 'in-line');
    expect(await queue.getJob(`${String(dispatch.at('id'))}.a1`)).toBeUndefined();
    redisUp = true;
  });
});

async function storeIncident(id: string, kind: string | null = null): Promise<void> {
  const sql = `insert into incidents (id, opened_at, version, status, kind) values ($1, now(), 1, 'open', $2)`;
  await rooms.postgres.execute(sql, [id, kind]);
}

async function storeDispatch(id: string, incidentId: string): Promise<void> {
  const reason = JSON.stringify({ by: 'rule', ruleSetVersion: 1, ruleId: 'violence' });
  const sql = `insert into dispatches (id, incident_id, agency_id, agency_name, mode, state, reason, requested_at)
    values ($1, $2, 'damkar', 'Damkar', 'bridge', 'left', $3, now())`;
  await rooms.postgres.execute(sql, [id, incidentId, reason]);
}

describe('dispatches of a confidential incident', () => {
  const incidentId = newId(systemClock.now());
  const dispatchId = newId(systemClock.now());
  let others: Record<string, string>;

  beforeAll(async () => {
    await storeIncident(incidentId, 'domestic-violence');
    await storeDispatch(dispatchId, incidentId);
    const operatorId = newId(systemClock.now());
    const on = await createToken(database.url, { role: 'operator', name: 'on the call', operatorId });
    await until('the token is known', async () => (await ask(rooms, on.token, 'GET', '/v1/rules')).status === 200);
    const sql = `insert into calls (id, incident_id, node, channel_id, arrived_at, stage, recorded_by, operator_id, claimed_at, sequence)
      values ($1, $2, 'test', 'c-1', now(), 'ended', 'controller', $3, 1, 1)`;
    await rooms.postgres.execute(sql, [newId(systemClock.now()), incidentId, operatorId]);
    others = { ...tokens, on: on.token };
  });

  test.each([
    ['admin', true],
    ['supervisor', true],
    ['on', true],
    ['operator', false],
    ['auditor', false],
  ])('%s: %s', async (who, sees) => {
    const one = await ask(rooms, others[who], 'GET', `/v1/dispatches/${dispatchId}`);
    expect([one.status, one.code]).toEqual(sees ? [200, undefined] : [403, 'incidents.confidential']);
    const list = await ask(rooms, others[who], 'GET', `/v1/dispatches?incidentId=${incidentId}`);
    expect(list.pluck('items', 'id')).toEqual(sees ? [dispatchId] : []);
    if (who === 'auditor') return;
    const cancelled = await ask(rooms, others[who], 'POST', `/v1/dispatches/${dispatchId}/cancel`);
    expect(cancelled.code).toBe(sees ? 'dispatches.ended' : 'incidents.confidential');
    const made = await ask(rooms, others[who], 'POST', `/v1/incidents/${incidentId}/dispatches`, {
      body: { agencyId: 'damkar' },
    });
    // What is on record is not over.
    expect(made.code).toBe(sees ? 'dispatches.engaged' : 'incidents.confidential');
  });
});

test('the dispatch of a call that was given back is for those who may know what was found out since', async () => {
  const id = newId(systemClock.now());
  const { incident } = rooms.open({
    ...{ outcome: 'returned', stage: 'returned', endedAt: systemClock.now() },
    dispatches: [testDispatch({ id })],
  });
  await storeIncident(incident.id);
  await storeDispatch(id, incident.id);
  const seen = async (): Promise<unknown[]> => {
    const one = await ask(rooms, tokens.operator, 'GET', `/v1/dispatches/${id}`);
    const list = await ask(rooms, tokens.operator, 'GET', `/v1/dispatches?incidentId=${incident.id}`);
    return [one.status, list.pluck('items', 'id')];
  };
  expect(await seen()).toEqual([200, [id]]);
  await rooms.postgres.execute(`update incidents set kind = 'domestic-violence' where id = $1`, [incident.id]);
  expect(await seen()).toEqual([403, []]);
});
