import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ControllerHandle } from '../../scripts/runtime.mjs';
import type { Centre } from '../support/centre.ts';
import { followFeed, type Feed } from '../support/feed.ts';
import { redisUrl } from '../support/redis.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

// What a process says of itself while what it needs is away. A standby is watched, so that the leader goes on.
let centre: Centre;
let standby: ControllerHandle;
let feed: Feed;
let lines: Record<'redis' | 'postgres' | 'ami', TcpProxy>;

const health = z.object({
  ready: z.boolean(),
  parts: z.record(z.string(), z.string()),
  modes: z.array(z.object({ mode: z.string(), since: z.iso.datetime(), meaning: z.string() })),
});

beforeAll(async () => {
  centre = await startCentre({ name: 'modes' });
  const { host, port } = centre.asterisk.ami;
  lines = {
    redis: await tcpProxy(redisUrl()),
    postgres: await tcpProxy(centre.database.url),
    ami: await tcpProxy(`http://${host}:${port}`),
  };
  standby = await centre.startController({ rank: 1, name: 'watched', env: throughLines() });
  feed = await followFeed(standby.http, centre.tokens.admin);
  await until('it is well', async () => (await healthOf(standby)).modes.length === 0);
}, 60_000);
afterAll(async () => {
  feed.close();
  await centre.stop();
  for (const line of Object.values(lines)) await line.close();
}, 30_000);
afterEach(async () => {
  for (const line of Object.values(lines)) line.restore();
  await until('every mode has ended', async () => (await healthOf(standby)).modes.length === 0, 75_000);
}, 80_000);

function throughLines(): Record<string, string> {
  return {
    SIAGA_REDIS_URL: lines.redis.url(redisUrl()),
    SIAGA_DATABASE_URL: lines.postgres.url(centre.database.url),
    SIAGA_AMI_PORT: new URL(lines.ami.url('http://127.0.0.1:1')).port,
  };
}

async function healthOf({ http }: { http: string }) {
  const answer = await fetch(`${http}/readyz`);
  const body = health.parse(await answer.json());
  expect(answer.status).toBe(body.ready ? 200 : 503);
  return body;
}

async function gauge({ http }: { http: string }, mode: string): Promise<number | undefined> {
  const text = await (await fetch(`${http}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`siaga_degraded{mode="${mode}"}`));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

/** The mode is in force, and says so everywhere. */
async function begun(mode: string, count = 1, within = 20_000): Promise<void> {
  const event = await feed.waitFor('mode.began', { detail: { mode }, count, within });
  const { modes } = await healthOf(standby);
  const { since, meaning } = event.detail;
  expect(modes).toContainEqual({ mode, since, meaning });
  expect(await gauge(standby, mode)).toBe(1);
}

/** The mode is over, and says so everywhere. */
async function ended(mode: string, count = 1): Promise<void> {
  await feed.waitFor('mode.ended', { detail: { mode }, count, within: 30_000 });
  expect((await healthOf(standby)).modes.map((one) => one.mode)).not.toContain(mode);
  expect(await gauge(standby, mode)).toBe(0);
}

/** Asterisk stands still: its sockets stay, and nothing is answered. */
const freezeAsterisk = {
  cut: () => void centre.asterisk.kill('SIGSTOP'),
  end: () => void centre.asterisk.kill('SIGCONT'),
};

test.each([
  ['redis-away', 'freezes', () => lines.redis.freeze(), { redis: 'away' }, true],
  ['postgres-away', 'freezes', () => lines.postgres.freeze(), { postgres: 'away' }, true],
  ['ami-away', 'is gone', () => lines.ami.cut(), { ami: 'away' }, true],
  ['asterisk-away', 'freezes', freezeAsterisk.cut, { asterisk: 'away' }, false],
] as const)(
  '%s: when it %s the mode begins, and ends when it is back',
  async (mode, _how, away, parts, ready) => {
    const before = feed.all('mode.began', { detail: { mode } }).length;
    away();
    try {
      await begun(mode, before + 1);
      expect(await healthOf(standby)).toMatchObject({ ready, parts });
    } finally {
      for (const line of Object.values(lines)) line.restore();
      freezeAsterisk.end();
    }
    await ended(mode, before + 1);
    expect((await healthOf(standby)).ready).toBe(true);
  },
  80_000,
);

test('a start without PostgreSQL is on the last copy until it is there', async () => {
  lines.postgres.cut();
  const late = await centre.startController({ rank: 2, name: 'late', env: throughLines() });
  try {
    await until('it says so', async () => {
      const { modes, parts } = await healthOf(late);
      return modes.some(({ mode }) => mode === 'configuration-from-disk') && parts['configuration'] === 'copy';
    });
    expect(await gauge(late, 'configuration-from-disk')).toBe(1);
    lines.postgres.restore();
    await until('it has read all', async () => (await healthOf(late)).modes.length === 0, 30_000);
    expect((await healthOf(late)).parts['configuration']).toBe('up');
    const log = await readFile(late.logFile, 'utf8');
    expect(log).toMatch(/"mode":"configuration-from-disk".*"msg":"mode\.began"/);
    expect(log).toMatch(/"mode":"configuration-from-disk".*"msg":"mode\.ended"/);
  } finally {
    await late.stop({ limitSeconds: 10 });
  }
}, 80_000);

test('a journal without its reserve says so, and has it again', async () => {
  const reserve = join(centre.directory, 'state/journal/reserve');
  // The leader lays it again as well, and may be faster.
  await until(
    'it is noticed',
    async () => {
      rmSync(reserve, { force: true });
      return (await healthOf(standby)).modes.some(({ mode }) => mode === 'journal-filling');
    },
    20_000,
  );
  await begun('journal-filling');
  await ended('journal-filling');
}, 40_000);

test('a process that stood still says so', async () => {
  standby.kill('SIGSTOP');
  // How long it stands still, not a wait for anything.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  standby.kill('SIGCONT');
  await begun('stood-still');
  await ended('stood-still');
}, 40_000);

test('a worker alone has modes of its own', async () => {
  const worker = await centre.startController({
    rank: 0,
    name: 'worker',
    env: { ...throughLines(), SIAGA_ROLE: 'worker' },
  });
  const is = (mode: string, wanted: boolean) =>
    until(
      `${mode} ${wanted ? 'holds' : 'is over'}`,
      async () => (await healthOf(worker)).modes.some((one) => one.mode === mode) === wanted,
      30_000,
    );
  try {
    expect(await healthOf(worker)).toMatchObject({ ready: true, parts: { redis: 'up' }, modes: [] });
    lines.redis.freeze();
    await is('redis-away', true);
    expect(await healthOf(worker)).toMatchObject({ ready: false, parts: { redis: 'away' } });
    expect(await gauge(worker, 'redis-away')).toBe(1);
    lines.redis.restore();
    await is('redis-away', false);
    freezeAsterisk.cut();
    await is('asterisk-away', true);
    expect(await gauge(worker, 'postgres-away')).toBeUndefined();
  } finally {
    freezeAsterisk.end();
    lines.redis.restore();
    await worker.stop({ limitSeconds: 10 });
  }
}, 80_000);
