import type { Redis } from 'ioredis';
import { z } from 'zod';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createQueue, createWorker, isJobId, type JobQueue, type JobWorker } from '../../src/platform/queues.ts';
import { closeConnection, createProducerConnection, createWorkerConnection } from '../../src/platform/redis.ts';
import { queuePrefix, redisUrl } from '../support/redis.ts';
import { timePasses, until } from '../support/rest.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const logger = createLogger('silent');
const clock = systemClock;
const schema = z.object({ n: z.number() });
let proxy: TcpProxy;
let producer: Redis;
let workerConnection: Redis;
let queue: JobQueue;
let prefix: string;
let workers: JobWorker[];
let ran: string[];

beforeEach(async () => {
  proxy = await tcpProxy(redisUrl());
  const url = proxy.url(redisUrl());
  prefix = queuePrefix();
  producer = createProducerConnection(url, { logger, name: 'test-producer' });
  workerConnection = createWorkerConnection(url, { logger, name: 'test-worker' });
  queue = createQueue('ring', { connection: producer, prefix, logger, clock });
  workers = [];
  ran = [];
  await until('Redis is ready', () => producer.status === 'ready' && workerConnection.status === 'ready');
});
afterEach(async () => {
  proxy.restore();
  for (const worker of workers) await worker.close(1_000);
  // A cut line may be noticed only now.
  await until('the queue is gone', () =>
    queue
      .raw()
      .obliterate({ force: true })
      .then(
        () => true,
        () => false,
      ),
  );
  await queue.close();
  closeConnection(producer);
  closeConnection(workerConnection);
  await proxy.close();
});

function work(handler?: (id: string) => Promise<void>): JobWorker {
  const worker = createWorker(
    'ring',
    async (job) => {
      ran.push(job.id);
      await handler?.(job.id);
    },
    { connection: workerConnection, prefix, logger, clock, schema, drainDelaySeconds: 1 },
  );
  workers.push(worker);
  return worker;
}
const add = (id: string) => queue.add('ring', { n: 1 }, { jobId: id });

test('a job runs once, however often it is added under its id', async () => {
  work();
  expect(await Promise.all([add('a-1'), add('a-1'), add('a-1')])).toEqual(Array(3).fill({ taken: true }));
  await until('it ran', () => ran.length > 0);
  await add('a-1');
  // They run in the order in which they were added.
  await add('a-2');
  await until('a later one ran', () => ran.includes('a-2'));
  expect(ran).toEqual(['a-1', 'a-2']);
});

test('a job whose data do not fit fails for good and harms no other', async () => {
  work();
  await queue.add('ring', { n: 'many' }, { jobId: 'bad-1', attempts: 5 });
  await add('good-1');
  await until('the good one ran', () => ran.includes('good-1'));
  await until('the bad one failed', async () => (await queue.raw().getFailedCount()) === 1);
  expect(ran).toEqual(['good-1']);
});

test('Redis frozen: adding answers within a second and says why; the job may still run later, once', async () => {
  work();
  await add('a-1');
  await until('it ran', () => ran.length === 1);
  proxy.freeze();
  const from = performance.now();
  const result = await add('a-2');
  expect(performance.now() - from).toBeLessThan(1_000);
  expect(result).toMatchObject({ taken: false });
  expect(await queue.remove('a-2')).toBe(false);
  proxy.restore();
  await until('jobs run again', async () => (await add('a-3')).taken && ran.includes('a-3'), 15_000);
  expect(ran.filter((id) => id === 'a-2').length).toBeLessThanOrEqual(1);
});

test('Redis dead: adding answers at once; when it is back, jobs run again by themselves', async () => {
  const worker = work();
  proxy.cut();
  await until('it is noticed', () => producer.status !== 'ready');
  const from = performance.now();
  const result = await add('a-1');
  expect(performance.now() - from).toBeLessThan(100);
  expect(JSON.stringify(result)).toContain('Redis is away');
  proxy.restore();
  await until('a job runs again', async () => (await add('a-2')).taken && ran.includes('a-2'), 15_000);
  expect(worker.isRunning()).toBe(true);
});

test('a line lost just as queue and worker are opened does not leave them dead', async () => {
  for (let round = 0; round < 5; round += 1) {
    const name = `early-${round}`;
    const early = createQueue(name, { connection: producer, prefix, logger, clock });
    const seen: string[] = [];
    const deps = { connection: workerConnection, prefix, logger, clock, schema, drainDelaySeconds: 1 };
    workers.push(createWorker(name, (job) => Promise.resolve(void seen.push(job.id)), deps));
    await timePasses(round);
    proxy.cut();
    await until('it is noticed', () => producer.status !== 'ready');
    proxy.restore();
    await until('a job runs', async () => (await early.add('x', { n: 1 }, { jobId: 'x-1' })).taken && seen.length > 0);
    await early.raw().obliterate({ force: true });
    await early.close();
  }
}, 60_000);

test('a queue opened while Redis is away does not wait for it', async () => {
  proxy.cut();
  const lonely = createProducerConnection(proxy.url(redisUrl()), { logger, name: 'test-lonely' });
  const other = createQueue('other', { connection: lonely, prefix, logger, clock });
  const from = performance.now();
  expect(await other.add('x', {}, { jobId: 'x-1' })).toMatchObject({ taken: false });
  await other.close();
  expect(performance.now() - from).toBeLessThan(1_500);
  closeConnection(lonely);
});

test('a job that has not begun is taken back', async () => {
  await queue.add('ring', { n: 1 }, { jobId: 'late-1', delayMs: 60_000 });
  expect(await queue.remove('late-1')).toBe(true);
  expect(await queue.remove('late-1')).toBe(false);
});

test('closing a worker lets the job under way end', async () => {
  let ended = false;
  const worker = work(async () => {
    await timePasses(500);
    ended = true;
  });
  await add('slow-1');
  await until('it began', () => ran.length === 1);
  await worker.close(5_000);
  expect(ended).toBe(true);
});

test.each(['a:b', '123', '', 'a b', 'x'.repeat(201)])('no job id (%#)', async (id) => {
  expect(isJobId(id)).toBe(false);
  await expect(add(id)).rejects.toThrow(RangeError);
});
