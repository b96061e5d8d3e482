import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import { notifyQueueName } from '../../src/notifications/jobs.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { closeConnection, createProducerConnection } from '../../src/platform/redis.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startNotificationRoom, type NotificationRoom } from '../support/notification-room.ts';
import { brawl } from '../support/notifications.ts';
import { queuePrefix, redisUrl } from '../support/redis.ts';
import { until } from '../support/rest.ts';
import { webhookServer, type ReceivedPost, type WebhookServer } from '../support/webhook-server.ts';

let database: TestDatabase;
let gateway: WebhookServer;
let prefix: string;
let room: NotificationRoom;
const workers: ChildProcess[] = [];

beforeEach(async () => {
  database = await createDatabase();
  gateway = await webhookServer();
  prefix = queuePrefix();
  room = await start();
}, 30_000);
afterEach(async () => {
  for (const worker of workers.splice(0)) worker.kill('SIGKILL');
  await gateway.close();
  await database.drop();
});

/** A controller's notifications, once it has Redis. */
async function start(): Promise<NotificationRoom> {
  const made = startNotificationRoom({ databaseUrl: database.url, redisUrl: redisUrl(), prefix });
  made.recipients({
    sekda: { channels: [{ type: 'webhook', url: gateway.url('/sekda') }] },
    warm: { channels: [{ type: 'webhook', url: gateway.url('/warm') }] },
  });
  await until('jobs go through Redis', async () => {
    tell('warm', made);
    return (await made.queued()) > 0;
  });
  return made;
}

/** A worker of its own process. */
function startWorker(): ChildProcess {
  const worker = spawn(process.execPath, [fileURLToPath(new URL('../../dist/main.js', import.meta.url))], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      SIAGA_ROLE: 'worker',
      SIAGA_HTTP_PORT: String(20_000 + Math.floor(Math.random() * 10_000)),
      SIAGA_DATABASE_URL: database.url,
      SIAGA_REDIS_URL: redisUrl(),
      SIAGA_QUEUE_PREFIX: prefix,
      SIAGA_ARI_URL: 'http://127.0.0.1:1',
      SIAGA_ARI_USER: 'nobody',
      SIAGA_ARI_PASSWORD: 'nobody at all',
      SIAGA_AMI_USER: 'nobody',
      SIAGA_AMI_PASSWORD: 'nobody at all',
      SIAGA_STATE_DIR: '/nowhere',
      SIAGA_LOG_LEVEL: 'silent',
    },
  });
  workers.push(worker);
  return worker;
}

function tell(recipientId: string, from = room): void {
  from.notify({
    incidentId: newId(systemClock.now()),
    recipientIds: [recipientId],
    reason: { by: 'rule', ruleSetVersion: 1, ruleId: 'brawl', incidentVersion: 2 },
    message: brawl,
    callId: null,
  });
}
const came = (): ReceivedPost[] => gateway.received.filter(({ path }) => path === '/sekda');
const deliveries = (): Set<unknown> => new Set(came().map(({ headers }) => headers['x-siaga-delivery']));

test('a worker is killed between sending and saying so: it is sent again, as the same delivery', async () => {
  const dying = startWorker();
  gateway.answer((response, { path }) => {
    if (path === '/sekda' && came().length === 1) {
      dying.kill('SIGKILL');
      startWorker();
    }
    response.writeHead(200).end();
  });
  // Before, the job would wait too long for the process to start.
  await until('the worker works', () => room.facts('warm').includes('delivered'), 30_000);
  tell('sekda');
  await until('somebody says that it was sent', () => room.facts('sekda').includes('delivered'), 30_000);
  expect(came()).toHaveLength(2);
  expect(deliveries().size).toBe(1);
  await room.stop();
}, 90_000);

test('a controller is killed while a try is under way: another hears how it went, and nobody is told twice', async () => {
  const other = await start();
  const worker = other.worker();
  let release = (): void => undefined;
  gateway.answer((response, { path }) => {
    const answer = (): void => void response.writeHead(200).end();
    if (path === '/sekda') release = answer;
    else answer();
  });
  tell('sekda');
  await until('it is with the worker', () => came().length === 1);
  await until('it is on record', async () => {
    const sql = `select 1 from notifications where recipient_id = 'sekda' and state = 'sending'`;
    return (await other.postgres.execute(sql)) === 1;
  });
  await room.kill();
  release();
  // The lease of the dead one has to end first.
  await until('the other goes on with it', () => other.facts('sekda').includes('delivered'), 45_000);
  await until('it is on record', async () => {
    const sql = `select 1 from notifications where recipient_id = 'sekda' and state = 'delivered'`;
    return (await other.postgres.execute(sql)) === 1;
  });
  expect(came()).toHaveLength(1);
  await worker.stop();
  await other.stop();
}, 90_000);

test('a try is a job named notify, whose data say the channel', async () => {
  const connection = createProducerConnection(redisUrl(), { logger: createLogger('silent'), name: 'looks' });
  await until('Redis is there', () => connection.status === 'ready');
  const queue = new Queue(notifyQueueName('n1'), { connection, prefix });
  const waiting = await queue.getJobs();
  expect(waiting.length).toBeGreaterThan(0);
  for (const { name, data } of waiting) expect([name, data]).toMatchObject(['notify', { type: 'webhook' }]);
  await queue.close();
  closeConnection(connection);
  await room.stop();
});
