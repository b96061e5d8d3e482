import { z } from 'zod';
import { withoutCallLeases } from '../../src/dispatch/without-call/lease-store.ts';
import type { WithoutCallEntry, WithoutCall } from '../../src/dispatch/without-call/without-call.ts';
import type { WithoutCallDeps, WithoutCallRoom } from '../../src/dispatch/without-call/start.ts';
import { talking, testDispatch } from '../support/calls.ts';
import { newNotification, type Notification } from '../../src/notifications/notification.ts';
import { cameOf, keepNotification, placeNotification } from '../../src/notifications/outbox.ts';
import type { TellDeps } from '../../src/notifications/tell.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { isoTime } from '../../src/platform/text.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startNotificationRoom, type NotificationRoom } from '../support/notification-room.ts';
import { brawl } from '../support/notifications.ts';
import { quietWithoutCall } from '../support/quiet-without-call.ts';
import { queuePrefix, redisUrl } from '../support/redis.ts';
import { until } from '../support/rest.ts';
import { webhookServer, type WebhookServer } from '../support/webhook-server.ts';
import { dispatchOf } from '../support/without-call-story.ts';

/** Looks come twenty times as often; leases end in real time. */
const fast: Clock = { ...systemClock, every: (ms, fn) => systemClock.every(ms / 20, fn) };
let database: TestDatabase;
let postgres: Postgres;
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  database = await createDatabase();
  postgres = createPostgres(database.url, {
    applicationName: 'leases',
    logger: createLogger('silent'),
    clock: systemClock,
  });
}, 60_000);
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await postgres.execute('delete from dispatches_without_call');
});
afterAll(async () => {
  await postgres.close();
  await database.drop();
});

const newUuid = (): string => newId(systemClock.now());
const ownerOf = (id: string): Promise<string | undefined> =>
  postgres
    .first(z.object({ owner: z.string() }), 'select owner from dispatches_without_call where id = $1', [id])
    .then((found) => found?.owner);

describe('dispatches without a call', () => {
  interface Started {
    room: WithoutCallRoom;
    entries: WithoutCallEntry[];
    alarms: string[];
  }
  const start = (over: Partial<WithoutCallDeps> = {}): Started => {
    const entries: WithoutCallEntry[] = [];
    const alarms: string[] = [];
    const room = quietWithoutCall({
      application: 'siaga-a',
      postgres,
      clock: fast,
      recorded: (entry) => void entries.push(entry),
      alarm: (code, { id = '' }) => void alarms.push(`${code} ${id}`),
      ...over,
    });
    stops.push(room.stop);
    return { room, entries, alarms };
  };
  const prepared = (room: WithoutCallRoom, mode: 'bridge' | 'notify' = 'bridge'): WithoutCall =>
    room.prepare({
      ...{ id: newUuid(), incidentId: newUuid(), callerNumber: null, callInfo: '', location: null, operatorId: null },
      about: { kind: 'fire', district: null, incidentNumber: '004711', drill: false },
      dispatches: [{ ...dispatchOf('d1', { mode }), id: newUuid() }],
    });
  const inputs = ({ entries }: Started, { id }: WithoutCall): string[] =>
    entries.filter(({ state }) => state.id === id).map(({ input }) => input.type);
  /** Nobody can read it. */
  const spoil = ({ id }: WithoutCall): Promise<number> =>
    postgres.execute(`update dispatches_without_call set content = '{}' where id = $1`, [id]);

  test('that were kept by a process that does not know it are begun by it, once', async () => {
    const started = start();
    const state = prepared(started.room);
    await started.room.keep(postgres, state);
    await until('it is begun', () => inputs(started, state).length > 0);
    expect(started.room.begin(state)).toBe(true);
    expect(started.entries.flatMap(({ effects }) => effects.filter((one) => one.do === 'ring-agency'))).toHaveLength(1);
    expect(inputs(started, state).slice(0, 1)).toEqual(['resumed']);
    expect(started.entries[0]?.state).toMatchObject({ application: 'siaga-a', claimedAt: state.claimedAt });
  });

  test('of a claim whose answer was lost are gone on with, as they were claimed', async () => {
    const [state, by] = [
      prepared(start({ application: 'siaga-dead', connected: () => false }).room),
      systemClock.now(),
    ];
    const dead = { id: state.id, owner: 'siaga-dead' };
    const started = start();
    await started.room.keep(postgres, state);
    const claimed = await withoutCallLeases.ofDead(postgres, { owner: 'siaga-a', at: by + 60_000 }, dead);
    expect(claimed?.claimedAt).toBe(by + 60_000);
    await until('it is gone on with', () => inputs(started, state).length > 0);
    expect(started.entries[0]?.state).toMatchObject({ application: 'siaga-a', claimedAt: by + 60_000 });
  });

  test('that nobody can read cost only themselves: the others are taken, and the alarm is raised once', async () => {
    const dead = start({ application: 'siaga-dead', connected: () => false });
    const states = [prepared(dead.room), prepared(dead.room), prepared(dead.room)];
    for (const state of states) await dead.room.keep(postgres, state);
    dead.room.stop();
    const [own, bad, good] = states;
    if (own === undefined || bad === undefined || good === undefined) throw new Error('unreachable');
    await Promise.all([spoil(own), spoil(bad)]);
    await postgres.execute(`update dispatches_without_call set lease_until = now() - interval '1 second'`);
    await postgres.execute(`update dispatches_without_call set owner = 'siaga-a' where id = $1`, [own.id]);
    const started = start();
    const late = prepared(started.room);
    await until('the good one is taken', () => inputs(started, good).length > 0);
    await started.room.keep(postgres, late);
    await until('looks go on', () => inputs(started, late).length > 0);
    expect([...started.alarms].sort()).toEqual([own, bad].map(({ id }) => `record-unreadable ${id}`).sort());
    // Another process may know how.
    expect([await ownerOf(bad.id), await ownerOf(good.id)]).toEqual(['siaga-dead', 'siaga-a']);
  });

  test('hear what came of a message that another process has sent', async () => {
    const started = start({ cameOf: (ids) => cameOf(postgres, ids) });
    const state = prepared(started.room, 'notify');
    const dispatchId = state.dispatches[0]?.id ?? '';
    started.room.begin(state);
    const message = notification('sekda', { dispatchId, incidentId: state.incidentId });
    const end = (over: Partial<Notification>): Promise<void> =>
      keepNotification(postgres, { owner: 'siaga-b', sequence: 1, state: { ...message, ...over, endedAt: 1 } });
    await end({ id: newUuid(), state: 'failed', otherwise: ['wali'], failure: 'no' });
    await end({ state: 'acknowledged' });
    await until('it is told', () => started.room.find(dispatchId)?.dispatch.state === 'told');
    expect(started.entries.at(-1)?.state.dispatches[0]?.outcome).toBe('acknowledged');
  });
});

function notification(recipientId: string, over: { dispatchId: string; incidentId: string }): Notification {
  const reason = { by: 'dispatch' as const, dispatchId: over.dispatchId, agencyId: 'damkar' };
  const recipient = { recipientId, recipientName: recipientId, language: 'id' as const, channels: [] };
  return newNotification(
    { id: newUuid(), ...over, ...recipient, callId: null, reason, message: brawl, otherwise: [] },
    systemClock.now(),
  );
}

describe('messages', () => {
  let gateway: WebhookServer;
  beforeEach(async () => {
    gateway = await webhookServer();
    stops.push(() => gateway.close());
  });

  const start = (application: string, liveCallOf: TellDeps['liveCallOf'] = () => undefined): NotificationRoom => {
    const prefix = queuePrefix();
    const about = { over: { application, clock: fast, liveCallOf } };
    const room = startNotificationRoom({ databaseUrl: database.url, redisUrl: redisUrl(), prefix, ...about });
    const channels = [{ type: 'webhook' as const, url: gateway.url('/damkar') }];
    room.recipients({ posko: { agencyId: 'damkar', channels }, sekda: { channels } });
    const worker = room.worker();
    stops.push(worker.stop, room.stop);
    return room;
  };

  /** An agency that was to be told a minute ago, by a call whose owner has died. */
  const wanted = async (state: 'started' | 'planned'): Promise<{ dispatchId: string; incidentId: string }> => {
    const [dispatchId, incidentId] = [newUuid(), newUuid()];
    const at = isoTime(systemClock.now() - 60_000);
    await postgres.execute(
      `insert into incidents (id, opened_at, version, status, kind, notes) values ($1,$2,1,'open','fire','[]')`,
      [incidentId, at],
    );
    await postgres.execute(
      `insert into dispatches (id, incident_id, agency_id, agency_name, mode, state, reason, requested_at, attempts)
       values ($1,$2,'damkar','Damkar','notify','requested','{}',$3,'[]')`,
      [dispatchId, incidentId, at],
    );
    await postgres.execute(
      `insert into timeline (outgoing_id, claimed_at, sequence, position, incident_id, at, type, detail)
       values ($1::uuid,1,1,0,$2,$3,$4,jsonb_build_object('dispatchId', $1::uuid))`,
      [dispatchId, incidentId, at, state === 'started' ? 'dispatch.requested' : 'dispatch.planned'],
    );
    return { dispatchId, incidentId };
  };
  const ended = (room: NotificationRoom, dispatchId: string): string[] =>
    room.told.filter((one) => one.dispatchId === dispatchId).map(({ outcome }) => outcome);

  test('to an agency that a live call wants told are journalled before anything is waited for', () => {
    const [dispatchId, incidentId] = [newUuid(), newUuid()];
    const dispatch = testDispatch({ id: dispatchId, agencyId: 'damkar', mode: 'notify' });
    const { call } = talking().tell({ type: 'dispatch-requested', dispatch });
    const live = { ...call, incident: { ...call.incident, id: incidentId } };
    const room = start('siaga-live', () => live);
    room.notifyAgency({ dispatchId, agencyId: 'damkar', incidentId });
    expect(room.entries.map(({ state }) => [state.dispatchId, state.recipientId])).toEqual([[dispatchId, 'posko']]);
  });

  test('to an agency that nobody has passed on are sent by one of those that live; what still waits is not', async () => {
    const [one, other] = [start('siaga-one'), start('siaga-other')];
    const [due, planned] = [await wanted('started'), await wanted('planned')];
    const told = (): string[] => [one, other].flatMap((room) => ended(room, due.dispatchId));
    await until('it is told', () => told().length > 0, 15_000);
    expect(new Set(told())).toEqual(new Set(['delivered']));
    const about = (incidentId: string) => gateway.received.filter(({ body }) => body.includes(incidentId));
    expect([about(due.incidentId).length, about(planned.incidentId).length]).toEqual([1, 0]);
  }, 30_000);

  test('of which nobody was told what came of them are said to be over', async () => {
    const { dispatchId, incidentId } = await wanted('started');
    const state = notification('posko', { dispatchId, incidentId });
    const endedAt = systemClock.now() - 45_000;
    const over = { ...state, state: 'failed' as const, failure: 'busy', endedAt };
    await keepNotification(postgres, { owner: 'siaga-dead', sequence: 3, state: over });
    const room = start('siaga-third');
    await until('it is told', () => ended(room, dispatchId).length > 0, 15_000);
    expect(room.told.find((told) => told.dispatchId === dispatchId)).toMatchObject({
      outcome: 'failed',
      reason: 'busy',
    });
    expect(gateway.received).toEqual([]);
  }, 30_000);

  test('that their own process has never begun are begun by it', async () => {
    const room = start('siaga-fourth');
    const made = notification('sekda', { dispatchId: newUuid(), incidentId: newUuid() });
    const channels = [{ type: 'webhook' as const, url: gateway.url('/late') }];
    expect(await placeNotification(postgres, { ...made, channels }, 'siaga-fourth')).toBe(true);
    expect(await placeNotification(postgres, { ...made, channels }, 'siaga-other')).toBe(false);
    await until('it is sent', () => room.facts('sekda').includes('delivered'), 15_000);
    expect(room.facts('sekda')).toEqual(['requested', 'delivered']);
    expect(gateway.received.map(({ path }) => path)).toEqual(['/late']);
  }, 30_000);
});
