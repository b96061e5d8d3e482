import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { until } from '../../test/support/rest.ts';
import { createLogger } from '../platform/logger.ts';
import { readRecordingState, watchRecording } from './recording.ts';

test.each([
  ['on 4711\n', { state: 'on', freeMegabytes: 4711 }],
  ['off 499\n99\n', { state: 'off', freeMegabytes: 499 }],
  ['stopped 0\n', { state: 'stopped', freeMegabytes: 0 }],
  ['', null],
  ['on 47', null],
  ['of 4711\n', null],
])('%j is %j', (text, state) => {
  expect(readRecordingState(text)).toEqual(state);
});

test('what is written shows; that none is made stays so while nothing new can be written', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'recording-'));
  const file = join(directory, 'recording.txt');
  const clock = fakeClock();
  const watch = watchRecording({ file, clock, logger: createLogger('silent') });
  let second = 0;
  const written = async (text: string, state: string): Promise<void> => {
    writeFileSync(file, text);
    utimesSync(file, (second += 1), second);
    await until(`it is ${state}`, () => {
      clock.advance(1_000);
      return watch.state() === state;
    });
  };
  try {
    expect(watch.state()).toBe('up');
    await written('off 480\n', 'stopped');
    expect(watch.stopped()).toEqual({ freeMegabytes: 480, running: true });
    clock.advance(60_000);
    expect(watch.state()).toBe('stopped');
    await written('on 9000\n', 'up');
    expect(watch.stopped()).toBeNull();
    clock.advance(20_000);
    expect(watch.state()).toBe('unknown');
  } finally {
    watch.stop();
    rmSync(directory, { recursive: true });
  }
});

test('without a file nobody watches', () => {
  const watch = watchRecording({ file: undefined, clock: fakeClock(), logger: createLogger('silent') });
  expect([watch.state(), watch.stopped()]).toEqual([null, null]);
});
