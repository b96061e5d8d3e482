import pino from 'pino';
import { fakeClock } from '../../test/support/fake-clock.ts';
import type { AriAnswer, AriCommands } from '../asterisk/commands.ts';
import { watchGuardian } from './guardian.ts';

/** A guardian that hears what it is told, until it is made deaf. */
function start() {
  const clock = fakeClock();
  const world = { inControl: true, deaf: false, there: true, answers: true };
  const beats: string[] = [];
  const started: unknown[] = [];
  const alarms: [string, Record<string, string | number>][] = [];
  let heard = '';
  const ok = (body: unknown): Promise<AriAnswer> => Promise.resolve({ ok: true, status: 200, body });
  const ari: AriCommands = {
    send(method, path, query) {
      if (path === '/asterisk/variable' && method === 'POST') {
        beats.push(String(query?.['value']));
        if (!world.answers) return new Promise(() => undefined);
        if (!world.deaf) heard = String(query?.['value']);
        return ok(null);
      }
      if (path === '/asterisk/variable') return ok({ value: heard });
      if (method === 'GET') return ok(world.there ? [{ name: 'Local/s@guardian-0001;2' }] : [{ name: 'PJSIP/x-1' }]);
      started.push(query);
      return ok(null);
    },
    close: () => Promise.resolve(),
  };
  const guardian = watchGuardian({
    application: 'siaga-1',
    ari,
    clock,
    logger: pino({ level: 'silent' }),
    inControl: () => world.inControl,
    alarm: (code, detail) => alarms.push([code, detail]),
  });
  const pass = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 250) {
      clock.advance(250);
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    }
  };
  return { world, beats, started, alarms, pass, guardian, clock };
}

it('tells the guardian something new every half second', async () => {
  const { beats, pass, alarms } = start();
  await pass(60_000);
  expect(beats).toHaveLength(120);
  expect(new Set(beats).size).toBe(120);
  expect(beats[0]).toMatch(/^siaga-1:/);
  expect(alarms).toEqual([]);
});

it('tells it nothing while callers are not in good hands, and takes its silence then for nothing', async () => {
  const { world, beats, pass, alarms } = start();
  await pass(3_000);
  const before = beats.length;
  world.inControl = false;
  await pass(60_000);
  expect(beats).toHaveLength(before);
  expect(alarms).toEqual([]);
  world.inControl = true;
  await pass(6_000);
  expect(beats).toHaveLength(before + 12);
  expect(alarms).toEqual([]);
});

it('has one beat under way, not more', async () => {
  const { world, beats, pass } = start();
  world.answers = false;
  await pass(10_000);
  expect(beats).toHaveLength(1);
});

it('raises an alarm about a guardian that hears nothing, and starts one that is gone', async () => {
  const { world, started, pass, alarms } = start();
  await pass(4_000);
  world.deaf = true;
  await pass(7_500);
  expect(alarms).toEqual([]);
  await pass(500);
  expect(alarms).toEqual([['guardian-silent', { silentMilliseconds: 8_000, channel: 'present' }]]);
  expect(started).toEqual([]);
  world.there = false;
  await pass(10_000);
  expect(alarms[1]?.[1]).toMatchObject({ channel: 'gone' });
  expect(started).toEqual([{ endpoint: 'Local/s@guardian/n', context: 'guardian', extension: 'sleep', priority: 1 }]);
  world.deaf = false;
  await pass(60_000);
  expect(alarms).toHaveLength(2);
});

it('stops', async () => {
  const { guardian, beats, pass, clock } = start();
  await pass(1_000);
  guardian.stop();
  const before = beats.length;
  await pass(10_000);
  expect(beats).toHaveLength(before);
  expect(clock.pending()).toBe(0);
});
