import { existsSync, mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { watchDisk } from './disk-room.ts';
import { openJournal } from './journal.ts';
import { reserveBytes } from './journal-file.ts';
import { createLogger } from './logger.ts';

const logger = createLogger('silent');
let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'disk-room-'));
  await openJournal({ directory, name: 'own', clock: fakeClock(), logger }).close();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const watch = (lowBelow = 0) => watchDisk({ directory, lowBelow, clock: fakeClock(), logger });

test('a disk with room, and the reserve laid, is not filling', async () => {
  const disk = watch();
  await disk.look();
  expect(disk.filling()).toBe(false);
});

test('a disk with less room than is wanted is filling', async () => {
  const disk = watch(Number.MAX_SAFE_INTEGER);
  await disk.look();
  expect(disk.filling()).toBe(true);
});

test.each(['given up', 'cut short'])(
  'a reserve that was %s shows, and is laid again once there is room',
  async (how) => {
    const reserve = join(directory, 'reserve');
    unlinkSync(reserve);
    if (how === 'cut short') writeFileSync(reserve, 'half');
    const full = watch(Number.MAX_SAFE_INTEGER);
    await full.look();
    expect(full.filling()).toBe(true);
    expect(existsSync(reserve) && statSync(reserve).size === reserveBytes).toBe(false);
    const disk = watch();
    await disk.look();
    expect(disk.filling()).toBe(true);
    expect(statSync(reserve).size).toBe(reserveBytes);
    await disk.look();
    expect(disk.filling()).toBe(false);
  },
);

test('a folder that cannot be looked at counts as filling', async () => {
  rmSync(directory, { recursive: true });
  const disk = watch();
  await disk.look();
  expect(disk.filling()).toBe(true);
});
