import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { until } from '../../test/support/rest.ts';
import { createLogger } from '../platform/logger.ts';
import { watchForDead } from './adopt.ts';

const now = Date.UTC(2026, 0, 1);
let directory = '';
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'siaga-adopt-'))));
afterEach(() => rmSync(directory, { recursive: true }));

/** A journal that was last touched so many seconds ago. */
function journal(owner: string, secondsAgo: number): void {
  const path = join(directory, `${owner}.000001.journal`);
  writeFileSync(path, '');
  utimesSync(path, now / 1_000 - secondsAgo, now / 1_000 - secondsAgo);
}

function taken(owner: string, by: string): void {
  writeFileSync(join(directory, `${owner}.adopted`), JSON.stringify({ by, stage: 'done' }));
}

/** Looks once, and answers which files are projected from now on. */
async function look(): Promise<string[]> {
  const clock = fakeClock(now);
  const adopted: string[] = [];
  const { stop } = watchForDead({
    directory,
    name: 'own',
    clock,
    logger: createLogger('silent'),
    knows: () => false,
    adopt: (segment) => adopted.push(segment),
  });
  await until('it waits before it looks again', () => clock.pending() > 1);
  clock.advance(2_500);
  await until('somebody is projected', () => adopted.length > 0, 2_000);
  stop();
  return adopted.sort();
}

test('what the dead left is projected, and what the living write is not', async () => {
  journal('own', 0);
  journal('living', 1);
  journal('dead', 20);
  expect(await look()).toEqual(['dead.000001.journal']);
});

test('what another process has taken is left to it for as long as it lives', async () => {
  journal('successor', 1);
  journal('taken', 20);
  taken('taken', 'successor');
  journal('left', 20);
  journal('died-too', 30);
  taken('left', 'died-too');
  expect(await look()).toEqual(['died-too.000001.journal', 'left.000001.journal']);
});

test('what this process has taken itself is projected', async () => {
  journal('dead', 20);
  taken('dead', 'own');
  expect(await look()).toEqual(['dead.000001.journal']);
});
