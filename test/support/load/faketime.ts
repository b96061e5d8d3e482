import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../../scripts/runtime.mjs';

const library = 'libfaketimeMT.so.1';

/** The clock of processes that are started with `env`; every other clock goes on as it is. */
export interface SteppedClock {
  readonly env: Record<string, string>;
  /** Seconds from the true time, from within a second on. */
  step(seconds: number): void;
}

/** A clock to step, kept in `folder`; null on a machine that has no libfaketime and cannot fetch it. */
export function steppedClock(folder: string): SteppedClock | null {
  const preload = find('/usr/lib') ?? fetched();
  if (preload === null) return null;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'faketime');
  const step = (seconds: number): void => writeFileSync(file, `${seconds < 0 ? '' : '+'}${String(seconds)}\n`);
  step(0);
  return {
    step,
    env: {
      LD_PRELOAD: preload,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      // A step changes what the clock says, and not how long anything takes.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_RESET: '1',
    },
  };
}

/** The machine's own version: it is loaded beside the machine's own libraries. */
function fetched(): string | null {
  const folder = join(cacheDirectory(), 'faketime');
  const known = find(folder);
  if (known !== null) return known;
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('apt-get', ['download', 'libfaketime'], { cwd: folder, stdio: 'pipe', timeout: 60_000 });
    const [archive] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    if (archive === undefined) return null;
    execFileSync('dpkg-deb', ['-x', archive, folder], { cwd: folder, stdio: 'pipe', timeout: 60_000 });
  } catch {
    return null; // no apt, or no network: it is said that the fault was not run
  }
  return find(folder);
}

function find(folder: string): string | null {
  if (!existsSync(folder)) return null;
  for (const below of readdirSync(folder)) {
    const file = join(folder, below, 'faketime', library);
    if (existsSync(file)) return file;
  }
  const inside = join(folder, 'usr/lib');
  return folder.endsWith('/lib') || !existsSync(inside) ? null : find(inside);
}
