import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import { timePasses, until } from '../support/rest.ts';
import { directoryOfRun } from '../support/run.ts';
import { startCentre } from '../support/start-centre.ts';

// The disk of the recordings fills: calls go on, no new recording begins, in the end those that run are stopped; and with room
// again the next call is recorded.
const folder = (): string => join(directoryOfRun(), 'recordings-disk');
const [size, low] = [64, 40];
let centre: Centre;

/** A small disk in memory; it needs the right to mount one. */
function smallDisk(): boolean {
  mkdirSync(folder(), { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', folder()], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

const mounted = smallDisk();
const withDisk = mounted ? test : test.skip;

beforeAll(async () => {
  if (!mounted) return;
  const asteriskEnv = { ASTERISK_RECORDINGS_DIR: folder(), ASTERISK_RECORDINGS_LOW_MEGABYTES: String(low) };
  centre = await startCentre({ name: 'recordings', operators: 3, asteriskEnv });
  await centre.operatorPhones(answers());
}, 60_000);
afterAll(async () => {
  if (!mounted) return;
  await centre.stop();
  execFileSync('umount', ['--lazy', folder()], { stdio: 'pipe' });
}, 30_000);

const ballast = (): string => join(folder(), 'ballast');
/** Leaves so many megabytes of the disk free. */
function leave(megabytes: number): void {
  rmSync(ballast(), { force: true });
  const { bavail, bsize } = statfsSync(folder());
  writeFileSync(ballast(), Buffer.alloc(Math.max(0, bavail * bsize - megabytes * 1024 * 1024)));
}
const recorded = (call: CallView): string[] => readdirSync(folder()).filter((name) => name.startsWith(call.channelId));
const bytesOf = (call: CallView): number =>
  recorded(call).reduce((sum, name) => sum + statSync(join(folder(), name)).size, 0);

async function talks(): Promise<CallView> {
  const call = await centre.api.taken(await centre.dial());
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  return call;
}

withDisk(
  'recordings end before the disk is full, calls do not',
  async () => {
    const first = await talks();
    await until('it is recorded', () => bytesOf(first) > 10_000);

    leave(low - 10);
    await centre.feed.waitFor('mode.began', { detail: { mode: 'recordings-stopped' }, within: 30_000 });
    await centre.feed.waitFor('alarm.raised', { detail: { code: 'recordings-stopped', running: true } });
    const second = await talks();
    const before = bytesOf(first);
    await until('the one that ran goes on', () => bytesOf(first) > before + 10_000);
    expect(recorded(second)).toEqual([]);

    // A fifth of what is little, and more than the recordings would fill while the test looks.
    leave(low / 5 - 2);
    let last = -1;
    await until(
      'it is stopped',
      async () => {
        last = bytesOf(first);
        await timePasses(1_000);
        return bytesOf(first) === last;
      },
      15_000,
    );
    for (const { id } of [first, second]) expect(await centre.api.call(id)).toMatchObject({ stage: 'talking' });

    rmSync(ballast());
    await centre.feed.waitFor('mode.ended', { detail: { mode: 'recordings-stopped' }, within: 30_000 });
    const third = await talks();
    await until('it is recorded', () => bytesOf(third) > 10_000);
    expect(recorded(second)).toEqual([]);
  },
  150_000,
);
