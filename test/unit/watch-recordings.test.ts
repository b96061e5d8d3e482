import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../support/rest.ts';

// asterisk-config/watch-recordings.sh, with a disk and a console of the test's own; with Asterisk: test/e2e/recordings.test.ts.
const script = fileURLToPath(new URL('../../asterisk-config/watch-recordings.sh', import.meta.url));
let folder: string;
let watch: ChildProcess;

function program(name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
}
const read = (name: string): string => {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch {
    return '';
  }
};
const free = (megabytes: number): void => writeFileSync(join(folder, 'free'), String(megabytes * 1024));
const state = (): string => read('state').split('\n')[0] ?? '';
/** What Asterisk's console was told since the last look, each thing once. */
function told(): string[] {
  const lines = [...new Set(read('told').split('\n').filter(Boolean))];
  writeFileSync(join(folder, 'told'), '');
  return lines.filter((line) => line !== 'core show channels concise');
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-recordings-'));
  free(1_000);
  program('df', `printf 'head\\ndisk 1 1 %s 1%% /\\n' "$(cat ${folder}/free)"`);
  program('sleep', 'exec /bin/sleep 0.02');
  program(
    'console',
    `[ "$1" = -rx ] || exit 1
[ -e ${folder}/away ] && exit 1
echo "$2" >>${folder}/told
[ "$2" != 'core show channels concise' ] || printf 'PJSIP/a-1!x!y\\nPJSIP/b-2!x!y\\n'`,
  );
  const env = { PATH: `${folder}:/usr/bin:/bin` };
  watch = spawn('sh', [script, folder, '500', join(folder, 'state'), join(folder, 'console')], {
    env,
    stdio: 'ignore',
  });
});
afterEach(() => {
  watch.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const becomes = (what: string): Promise<void> => until(`it is ${what}`, () => state() === what);
const [on, off] = ['dialplan set global SIAGA_RECORDING on', 'dialplan set global SIAGA_RECORDING off'];

test('with room recordings are made, and Asterisk is told once', async () => {
  await becomes('on 1000');
  free(900);
  await becomes('on 900');
  expect(read('told').trim().split('\n')).toEqual([on]);
});

test('with little room none begins and those that run go on; with hardly any they are stopped; with room they begin again', async () => {
  await becomes('on 1000');
  told();
  free(499);
  await becomes('off 499');
  expect(told()).toEqual([off]);
  free(99);
  await becomes('stopped 99');
  await until('they are stopped', () => read('told').includes('mixmonitor stop PJSIP/b-2'));
  expect(told()).toEqual([off, 'mixmonitor stop PJSIP/a-1', 'mixmonitor stop PJSIP/b-2']);
  free(520);
  await becomes('stopped 520');
  free(550);
  await becomes('on 550');
  expect(told()).toContain(on);
});

test('an Asterisk that was away, or started anew, is told again', async () => {
  await becomes('on 1000');
  told();
  writeFileSync(join(folder, 'away'), '');
  free(100);
  await becomes('off 100');
  expect(told()).toEqual([]);
  rmSync(join(folder, 'away'));
  await until('it is told', () => read('told').includes(off));
  told();
  await until('it is told again', () => read('told').includes(off));
});
