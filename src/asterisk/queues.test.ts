import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../test/support/rest.ts';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { longestTooLong, readQueues, watchQueues } from './queues.ts';

// As Asterisk 22.10.1 prints it.
const distributor =
  'pjsip/distributor-00000020                                                   1810        251        251        450        500          0          0';
const manager =
  'stasis/m:manager:core-0000000d                                              15700       1400       8400       2700       3000          0          6';
const end = '77 taskprocessors\n';

test('reads the table, the longest queue first', () => {
  expect(readQueues([distributor, manager, end].join('\n'))).toEqual([
    { name: 'stasis/m:manager:core-0000000d', depth: 1400, highWater: 3000 },
    { name: 'pjsip/distributor-00000020', depth: 251, highWater: 500 },
  ]);
  expect(readQueues(end)).toEqual([]);
});

test.each([
  ['is empty', ''],
  ['has no end', distributor],
  ['is something else', `Unable to connect to remote asterisk\n${end}`],
])('what %s is not taken for queues', (_what, text) => {
  expect(readQueues(text)).toBeNull();
});

test('a queue is too long from half of what Asterisk takes for its overload', () => {
  const queues = readQueues([distributor, manager, end].join('\n')) ?? [];
  expect(longestTooLong(queues)?.name).toBe('pjsip/distributor-00000020');
  expect(longestTooLong([{ name: 'sip', depth: 250, highWater: 500 }])).toBeNull();
});

test('what is written shows, and is not believed for longer than 20 s', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'queues-'));
  const file = join(directory, 'queues.txt');
  const clock = fakeClock();
  const metrics = createMetrics();
  const queues = watchQueues({ file, clock, logger: createLogger('silent'), metrics });
  const depth = async (): Promise<number | undefined> =>
    (await metrics.registry.getSingleMetric('siaga_asterisk_queue_depth')?.get())?.values[0]?.value;
  let second = 0;
  const written = async (text: string, state: string): Promise<void> => {
    writeFileSync(file, text);
    utimesSync(file, (second += 1), second);
    await until(`it is ${state}`, () => {
      clock.advance(1_000);
      return queues.state() === state;
    });
  };
  try {
    expect(queues.state()).toBe('up');
    clock.advance(20_000);
    expect(queues.state()).toBe('unknown');
    await written(end, 'up');
    await written(`${distributor}\n${end}`, 'behind');
    expect(queues.longest()?.depth).toBe(251);
    expect(await depth()).toBe(251);
    await written(`${distributor.replace(/251/g, ' 12')}\n${end}`, 'up');
    expect([await depth(), queues.longest()]).toEqual([12, null]);
    await written(`${distributor}\n${end}`, 'behind');
    clock.advance(20_000);
    expect([queues.state(), await depth()]).toEqual(['unknown', 0]);
  } finally {
    queues.stop();
    rmSync(directory, { recursive: true });
  }
});

test('without a file nothing is watched, and nothing is said', () => {
  const clock = fakeClock();
  const metrics = createMetrics();
  const queues = watchQueues({ file: undefined, clock, logger: createLogger('silent'), metrics });
  clock.advance(60_000);
  expect([queues.state(), queues.longest(), clock.pending()]).toEqual([null, null, 0]);
});
