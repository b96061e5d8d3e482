import { mkdtemp, readdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts';
import { projectedSuffix } from './journal-file.ts';
import { decodeLines, readJournalPart } from './journal-reader.ts';
import { openJournal, type JournalOptions, type OwnJournal } from './journal.ts';
import { createLogger } from './logger.ts';

let parent: string;
let directory: string;
let clock: FakeClock;
let journal: OwnJournal | null;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'siaga-journal-'));
  directory = join(parent, 'journal');
  clock = fakeClock();
  journal = null;
});
afterEach(async () => {
  await journal?.close();
  await rm(parent, { recursive: true, force: true });
});

function start(options: Partial<JournalOptions> = {}): OwnJournal {
  journal = openJournal({ directory, name: 'own', clock, logger: createLogger('silent'), reserveBytes: 0, ...options });
  return journal;
}
const first = 'own.000001.journal';
const second = 'own.000002.journal';

/** What a file holds, as the numbers of its entries. */
async function numbers(segment: string): Promise<unknown[]> {
  return Array.from(decodeLines(await readFile(join(directory, segment))), ({ read }) =>
    read.ok ? read.value : read.reason,
  );
}

/** Moves the clock until the promise is settled. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  const state = { done: false };
  void promise.finally(() => (state.done = true));
  for (let i = 0; i < 200 && !state.done; i += 1) {
    clock.advance(25);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return promise;
}

describe('the journal', () => {
  it('tells where each entry ends, and keeps every file it has begun', async () => {
    const own = start({ segmentBytes: 40 });
    const positions = [1, 2, 3, 4, 5].map((n) => own.append({ n }));
    expect(own.position()).toEqual(positions.at(-1));
    expect(await settled(own.synced())).toBe(true);
    expect([await numbers(first), await numbers(second)]).toEqual([
      [{ n: 1 }, { n: 2 }, { n: 3 }],
      [{ n: 4 }, { n: 5 }],
    ]);
    for (const { segment, end } of positions) {
      const part = await readJournalPart(directory, segment, { from: 0, limit: 9, growing: true });
      expect(part.end).toBeGreaterThanOrEqual(end);
    }
    own.drop(second);
    own.drop(first);
    expect(await readdir(directory)).toEqual([second]);
  });

  it('goes on in the old file when no new one can be opened, and never gives that one up', async () => {
    const own = start({ segmentBytes: 40 });
    for (const n of [1, 2, 3]) own.append({ n });
    await rename(directory, `${directory}.away`);
    expect(own.append({ n: 4 }).segment).toBe(first);
    await rename(`${directory}.away`, directory);
    own.drop(first);
    expect(await settled(own.synced())).toBe(true);
    expect(await numbers(first)).toEqual([1, 2, 3, 4].map((n) => ({ n })));
    expect(own.append({ n: 5 })).toMatchObject({ segment: second });
    expect(await numbers(second)).toEqual([{ n: 5 }]);
  });

  it('begins a new file when somebody has taken its own away', async () => {
    const own = start();
    own.append({ n: 1 });
    await rename(join(directory, first), join(directory, first + projectedSuffix));
    clock.advance(1_000);
    own.append({ n: 2 });
    expect([await numbers(first + projectedSuffix), await numbers(second)]).toEqual([[{ n: 1 }], [{ n: 2 }]]);
    await unlink(join(directory, second));
    // Right after a freeze, before any timer has fired.
    const frozen = clock.monotonic.bind(clock);
    clock.monotonic = () => frozen() + 20_000;
    own.append({ n: 3 });
    expect(await numbers('own.000003.journal')).toEqual([{ n: 3 }]);
  });

  it('answers no while the disk refuses, keeps what waits, and writes it when it can', async () => {
    await rm(directory, { recursive: true, force: true });
    const own = start();
    await own.close();
    await unlink(join(directory, first));
    await symlink('/dev/full', join(directory, first));
    const refused = start({ waitingLimit: 3 });
    for (const n of [1, 2, 3, 4]) refused.append({ n });
    expect(refused.health()).toEqual({ failing: true, waiting: 3 });
    const from = clock.monotonic();
    expect(await settled(refused.synced())).toBe(false);
    expect(clock.monotonic() - from).toBeLessThan(100);
    await unlink(join(directory, first));
    clock.advance(1_000);
    expect(await settled(refused.synced())).toBe(true);
    expect(refused.health()).toEqual({ failing: false, waiting: 0 });
    expect(await numbers(second)).toEqual([{ n: 2 }, { n: 3 }, { n: 4 }]);
    const { end } = refused.position();
    expect((await readFile(join(directory, second))).length).toBe(end);
  });

  it('is on the disk soon for who asks, and not with the next sync of all', async () => {
    const own = start({ syncEvery: 60_000 });
    for (const n of [1, 2]) {
      own.append({ n });
      const asked = [own.synced(), own.synced()];
      clock.advance(2);
      expect(await Promise.all(asked)).toEqual([true, true]);
    }
    // Who asks while the disk is at it has what came meanwhile with the next.
    own.append({ n: 3 });
    const first = own.synced();
    clock.advance(2);
    own.append({ n: 4 });
    const second = own.synced();
    expect(await first).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(2);
    expect(await second).toBe(true);
  });

  it('says so when what it wrote cannot be synced', async () => {
    const own = start();
    await own.close();
    await unlink(join(directory, first));
    await symlink('/dev/null', join(directory, first));
    const unsafe = start();
    unsafe.append({ n: 1 });
    expect(await settled(unsafe.synced())).toBe(false);
    expect(unsafe.health()).toEqual({ failing: true, waiting: 0 });
  });

  it('begins after what is in its file already', async () => {
    const own = start();
    own.append({ n: 1 });
    await own.close();
    const { end } = start().append({ n: 2 });
    expect((await readFile(join(directory, first))).length).toBe(end);
  });
});

describe('reading on', () => {
  it('takes no more than it may, and whole lines only of a file that grows', async () => {
    const own = start();
    for (const n of [1, 2, 3]) own.append({ n });
    const bytes = await readFile(join(directory, first));
    await writeFile(join(directory, 'cut.journal'), bytes.subarray(0, bytes.length - 4));
    const growing = { limit: 2, growing: true };
    const one = await readJournalPart(directory, 'cut.journal', { from: 0, ...growing });
    expect(one).toMatchObject({ lines: [{ value: { n: 1 } }, { value: { n: 2 } }], atEnd: false });
    const two = await readJournalPart(directory, 'cut.journal', { from: one.end, ...growing });
    expect(two).toEqual({ lines: [], end: one.end, atEnd: true });
    const dead = await readJournalPart(directory, 'cut.journal', { from: one.end, limit: 2, growing: false });
    expect(dead).toMatchObject({ lines: [{ ok: false, reason: 'the last line was not finished' }], atEnd: true });
  });

  it('reads lines longer than it takes at once', async () => {
    const own = start();
    const long = { text: 'x'.repeat(3_000_000) };
    own.append({ n: 1 });
    own.append(long);
    own.append({ n: 2 });
    const values = [];
    for (let from = 0, atEnd = false; !atEnd;) {
      const part = await readJournalPart(directory, first, { from, limit: 10, growing: false });
      values.push(...part.lines.map((line) => line.ok && line.value));
      ({ end: from, atEnd } = part);
    }
    expect(values).toEqual([{ n: 1 }, long, { n: 2 }]);
  });
});
