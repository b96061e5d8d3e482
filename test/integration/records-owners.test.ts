import fc from 'fast-check';
import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeEntry } from '../../src/platform/journal-file.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Entry } from '../../src/records/entry.ts';
import { startProjector } from '../../src/records/projector.ts';
import { createSegments } from '../../src/records/segments.ts';
import { writeEntries } from '../../src/records/write.ts';
import { fixtureOwner } from '../support/journal-stages.ts';
import {
  alarmEntry,
  allRows,
  at,
  callEntry,
  emptyTables,
  hastyClock,
  idOf,
  loggedCall,
  operatorEntry,
} from '../support/records.ts';
import { recordsPlace } from '../support/records-place.ts';

// What several controllers of a node left, one after the other the owners of the same calls, is brought home from their
// files: in whatever order these are read, mixed, and however often.
const clock = hastyClock;
const logger = createLogger('silent');
const place = recordsPlace();

const owners = ['a', 'b', 'c'];
type Left = [owner: number, entry: Entry];

/** Owners one after the other; what each has of a call goes on until it ends, or its owner does. */
const story = fc.array(fc.tuple(fc.nat(2), fc.nat(6)), { minLength: 1, maxLength: 40 }).map((steps): Left[] => {
  const sequences = new Map<string, number>();
  const ended = new Set<number>();
  const byOwner = steps.toSorted(([one], [other]) => one - other);
  return byOwner.map(([owner, what], n): Left => {
    if (what === 3) return [owner, alarmEntry(n)];
    if (what === 4) return [owner, operatorEntry(n)];
    if (what === 5) return [owner, loggedCall(n % 3)];
    if (what === 6) return [owner, session(n % 4, n % 3 === 0)];
    if (ended.has(what)) return [owner, alarmEntry(n)];
    const sequence = (sequences.get(`${owner} ${what}`) ?? 0) + 1;
    sequences.set(`${owner} ${what}`, sequence);
    if (sequence >= 5) ended.add(what);
    const talking = n % 3 === 0 ? { talking: n % 4 } : {};
    return [owner, callEntry(what, sequence, { claimed: owner, ended: sequence >= 5, ...talking })];
  });
});

const session = (n: number, ended: boolean): Entry => ({
  kind: 'operator-session',
  id: idOf('session', n),
  operatorId: idOf('operator', n),
  deskId: idOf('desk', n),
  beganAt: at,
  ended: ended ? { at: at + 1_000, by: 'operator' } : null,
});

/** Each entry once, by itself, in the order in which it came to be. */
async function rowsOf(left: readonly Left[]): Promise<Record<string, string[]>> {
  await emptyTables(place.postgres);
  for (const [, entry] of left) await place.postgres.transaction((sql) => writeEntries(sql, [entry]));
  return allRows(place.postgres);
}

function project(): { projector: ReturnType<typeof startProjector>; damaged: [string, number][]; refused: Entry[] } {
  const damaged: [string, number][] = [];
  const refused: Entry[] = [];
  const projector = startProjector({
    postgres: place.postgres,
    clock,
    logger,
    directory: place.directory,
    segments: createSegments({ drop: () => undefined, retire: () => undefined }),
    projected: () => undefined,
    refused: (entry) => refused.push(entry),
    damaged: (segment, lines) => damaged.push([segment, lines]),
    logged: () => undefined,
    memoryLimit: 7,
  });
  return { projector, damaged, refused };
}

/** Brings home these files, in this order. */
async function bringHome(segments: readonly string[]): Promise<void> {
  const { projector, refused } = project();
  for (const segment of segments) projector.adopt(segment);
  expect(await projector.drained(1_000_000)).toBe(true);
  await projector.stop();
  expect(refused).toEqual([]);
}

test('the files of several owners of the same calls, in any order and twice over, make the same rows', async () => {
  const orders = fc.tuple(
    fc.shuffledSubarray(owners, { minLength: owners.length }),
    fc.shuffledSubarray(owners, { minLength: 1 }),
  );
  await fc.assert(
    fc.asyncProperty(story, orders, async (left, [first, again]) => {
      const expected = await rowsOf(left);
      await emptyTables(place.postgres);
      const segments = owners.map((owner) => `${owner}.000001.journal`);
      for (const [index, segment] of segments.entries()) {
        const lines = left.filter(([owner]) => owner === index).map(([, entry]) => encodeEntry(entry));
        await writeFile(join(place.directory, segment), Buffer.concat(lines));
      }
      await bringHome(first.map((owner) => `${owner}.000001.journal`));
      expect(await allRows(place.postgres)).toEqual(expected);
      await bringHome(again.map((owner) => `${owner}.000001.journal`));
      expect(await allRows(place.postgres)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
}, 120_000);

test('entries of several owners that came to be mixed in one batch make the same rows', async () => {
  const mixed = story.chain((left) =>
    fc.tuple(fc.constant(left), fc.shuffledSubarray([...left.keys()], { minLength: left.length })),
  );
  await fc.assert(
    fc.asyncProperty(mixed, async ([left, order]) => {
      const expected = await rowsOf(left);
      await emptyTables(place.postgres);
      const entries = order.flatMap((index) => left[index]?.[1] ?? []);
      await place.postgres.transaction((sql) => writeEntries(sql, entries));
      expect(await allRows(place.postgres)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
}, 120_000);

test('a damaged line costs its own entry, is told, and a call that nobody here understands is set aside by itself', async () => {
  const damagedLine = encodeEntry(alarmEntry(2));
  damagedLine[30] = 0;
  const odd = { ...callEntry(1, 1), state: { id: 'odd' } };
  const half = encodeEntry(alarmEntry(4)).subarray(0, 40);
  const bytes = [encodeEntry(alarmEntry(1)), damagedLine, encodeEntry(odd), encodeEntry(alarmEntry(3)), half];
  await writeFile(join(place.directory, 'a.000001.journal'), Buffer.concat(bytes));
  const { projector, damaged, refused } = project();
  projector.adopt('a.000001.journal');
  expect(await projector.drained(1_000_000)).toBe(true);
  await projector.stop();
  expect(damaged).toEqual([['a.000001.journal', 1]]);
  expect(refused).toEqual([odd]);
  expect((await allRows(place.postgres))['alarms']).toHaveLength(2);
});

test('all that journals of older versions hold is brought home', async () => {
  const fixtures = new URL('../fixtures/', import.meta.url);
  for (const version of await readdir(fixtures)) {
    await emptyTables(place.postgres);
    await cp(new URL(version, fixtures), place.directory, { recursive: true });
    const { projector, damaged, refused } = project();
    const segment = `${fixtureOwner}.000001.journal`;
    projector.adopt(segment);
    expect(await projector.drained(1_000_000)).toBe(true);
    await projector.stop();
    expect([damaged, refused]).toEqual([[], []]);
    const rows = await allRows(place.postgres);
    expect(rows['calls']?.length).toBeGreaterThan(20);
    expect(rows['dispatches']?.length).toBeGreaterThan(6);
    for (const table of ['alarms', 'operator_states', 'operator_sessions']) expect(rows[table]).toHaveLength(1);
  }
});
