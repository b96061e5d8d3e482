import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expectNobodyLost } from '../support/load/expect.ts';
import { limitOfFault, loadOfFile } from '../support/load/limits.ts';
import { notRun } from '../support/load/row.ts';
import { UnderLoad } from '../support/load/under-load.ts';
import { until } from '../support/rest.ts';
import { directoryOfRun } from '../support/run.ts';

// The disk of the controller's journal is full, its reserve used up, while calls are in every stage and new ones come.
// Asterisk's own disk, with recordings and its log, is another one.
const named = { part: 'disk', fault: "full, the journal's" };
const folder = (): string => join(directoryOfRun(), 'load-disk-state');
const ballast = (): string => join(folder(), 'ballast');

/** A small disk in memory; null when this machine's user may not make one. */
function smallDisk(): string | null {
  mkdirSync(folder(), { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder()], { stdio: 'pipe' });
    return folder();
  } catch {
    return null;
  }
}

const disk = { state: null as string | null };
const load = loadOfFile((own) => {
  disk.state = smallDisk();
  if (disk.state === null) return null;
  own(() => void execFileSync('umount', ['--lazy', folder()], { stdio: 'pipe' }));
  return UnderLoad.start({
    name: 'load-disk',
    controllerEnv: { SIAGA_STATE_DIR: disk.state, SIAGA_DISK_LOW_MEGABYTES: '1' },
  });
});

/** Writes until nothing more is taken, and again and again: what the journal gives up of its reserve is taken as well. */
function fill(): () => void {
  const file = openSync(ballast(), 'a');
  const piece = Buffer.alloc(64 * 1_024);
  const write = (): void => {
    try {
      for (;;) if (writeSync(file, piece) < piece.length) return;
    } catch {
      // It is full: that is what is wanted.
    }
  };
  write();
  const filling = setInterval(write, 50);
  return () => {
    clearInterval(filling);
    closeSync(file);
    rmSync(ballast());
  };
}

test(
  "the journal's disk is full",
  async () => {
    if (disk.state === null) {
      notRun(named, 'it needs the right to mount a small disk in memory (root)');
      return;
    }
    let stop = (): void => undefined;
    const strike = (): void => void (stop = fill());
    const refused = (): Promise<void> =>
      until("the journal's disk refuses", async () => {
        const answer = await load().centre.api.ask('GET', '/readyz');
        return answer.at('parts.journal') === 'failing';
      });
    await expectNobodyLost(load(), { ...named, strike, holds: 3_000, meanwhile: refused, mend: () => stop() });
  },
  limitOfFault,
);
