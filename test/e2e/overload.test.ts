import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { answers } from '../../scripts/sip/phone.mjs';
import type { Centre } from '../support/centre.ts';
import { followFeed } from '../support/feed.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

// A controller that cannot keep up, and an Asterisk that cannot.
let centre: Centre;
beforeAll(async () => {
  centre = await startCentre({ name: 'overload', operators: 2 });
  await centre.operatorPhones(answers());
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear(), 30_000);

const tone = 440;
const health = z.object({ parts: z.record(z.string(), z.string()), modes: z.array(z.object({ mode: z.string() })) });

async function healthOf(http: string) {
  const { parts, modes } = health.parse(await (await fetch(`${http}/readyz`)).json());
  return { parts, modes: modes.map(({ mode }) => mode) };
}

/** The controller gets little done: of every seven tenths of a second it stands still for six. */
function slowDown(): () => void {
  const [controller] = centre.controllers;
  const timer = setInterval(() => {
    controller?.kill('SIGSTOP');
    setTimeout(() => controller?.kill('SIGCONT'), 600);
  }, 700);
  return () => clearInterval(timer);
}

async function conversation(outcome: 'answered' | 'human-path', then: () => Promise<void> = () => Promise.resolve()) {
  const caller = await centre.dialLine(tone);
  await until('the caller hears an operator', () => caller.secondsOf(660) > 0.5, 20_000);
  await then();
  const from = Date.now();
  await until('they still talk', () => caller.secondsOf(660, from) > 0.5);
  await caller.hangUp();
  expect(await centre.api.recordOf(caller.wire.callId)).toMatchObject({ outcome });
}

test('a controller that falls behind claims nothing: its callers reach operators all the same, and what it has goes on', async () => {
  await conversation('answered', async () => {
    const recover = slowDown();
    try {
      await centre.feed.waitFor('mode.began', { detail: { mode: 'overloaded' }, within: 30_000 });
      expect((await healthOf(centre.base)).modes).toContain('overloaded');
      await conversation('human-path');
    } finally {
      recover();
    }
    await centre.feed.waitFor('mode.ended', { detail: { mode: 'overloaded' }, within: 60_000 });
  });
  await conversation('answered');
}, 120_000);

test('a start is no overload', async () => {
  const standby = await centre.startController({ rank: 1, name: 'started' });
  try {
    expect((await healthOf(standby.http)).modes).not.toContain('overloaded');
    expect(await readFile(standby.logFile, 'utf8')).not.toContain('"mode":"overloaded"');
  } finally {
    await standby.stop({ limitSeconds: 10 });
  }
}, 60_000);

test("Asterisk's own queues are read, and are short", async () => {
  const file = centre.connection.queuesFile ?? '';
  await until('Asterisk has written', async () =>
    /^\d+ taskprocessors$/m.test(await readFile(file, 'utf8').catch(() => '')),
  );
  expect((await healthOf(centre.base)).parts).toMatchObject({ asteriskQueues: 'up' });
  expect(await centre.api.metric('siaga_asterisk_queue_depth')).toBeLessThan(250);
});

test('a queue that stays long is a mode and an alarm, until it is short again', async () => {
  const file = join(centre.directory, 'queues.txt');
  const write = (depth: number): Promise<void> =>
    writeFile(
      file,
      `pjsip/distributor-0000003e      1810     ${depth}     400    450    500     0     0\n77 taskprocessors\n`,
    );
  const standby = await centre.startController({
    rank: 1,
    name: 'queues',
    env: { SIAGA_ASTERISK_QUEUES_FILE: file },
  });
  const feed = await followFeed(standby.http, centre.tokens.admin);
  let depth = 300;
  const writer = setInterval(() => void write(depth), 1_000);
  try {
    await feed.waitFor('mode.began', { detail: { mode: 'asterisk-behind' }, within: 30_000 });
    expect(await healthOf(standby.http)).toEqual({
      parts: expect.objectContaining({ asteriskQueues: 'behind' }) as unknown,
      modes: ['asterisk-behind'],
    });
    const queue = { name: 'pjsip/distributor-0000003e', depth: 300, highWater: 500 };
    await feed.waitFor('alarm.raised', { detail: { code: 'asterisk-behind', ...queue } });
    depth = 3;
    await feed.waitFor('mode.ended', { detail: { mode: 'asterisk-behind' }, within: 30_000 });
  } finally {
    clearInterval(writer);
    feed.close();
    await standby.stop({ limitSeconds: 10 });
  }
}, 90_000);
