import fc from 'fast-check';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { goneUnseen } from '../../src/calls/decide-end.ts';
import { readCallInCircle } from '../../src/incidents/store.ts';
import { openJournal, type OwnJournal } from '../../src/platform/journal.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Entry } from '../../src/records/entry.ts';
import { startProjector, type Projector } from '../../src/records/projector.ts';
import { createSegments } from '../../src/records/segments.ts';
import { writeEntries } from '../../src/records/write.ts';
import {
  alarmEntry,
  allRows,
  callEntry,
  emptyTables,
  hastyClock,
  loggedCall,
  operatorEntry,
  refusedEntry,
  troubled,
  type Trouble,
} from '../support/records.ts';
import { recordsPlace } from '../support/records-place.ts';
import { timePasses, until } from '../support/rest.ts';

const clock = hastyClock;
const logger = createLogger('silent');
const place = recordsPlace();

/** A process start: a journal and the projector that follows it. */
interface Start {
  journal: OwnJournal;
  projector: Projector;
  add(entry: Entry): void;
  refused: Entry[];
  logged: string[];
  retired: string[];
}

function start(name: string, options: { troubles?: Trouble[]; memoryLimit?: number } = {}): Start {
  const { troubles = [], memoryLimit = 1_000 } = options;
  const journal = openJournal({
    directory: place.directory,
    name,
    clock,
    logger,
    reserveBytes: 0,
    segmentBytes: 6_000,
  });
  const retired: string[] = [];
  const segments = createSegments({ drop: (one) => journal.drop(one), retire: (one) => retired.push(one) });
  const refused: Entry[] = [];
  const logged: string[] = [];
  const projector = startProjector({
    postgres: troubled(place.postgres, troubles),
    clock,
    logger,
    directory: place.directory,
    segments,
    memoryLimit,
    projected: () => undefined,
    refused: (entry) => refused.push(entry),
    damaged: () => undefined,
    logged: (calls) => logged.push(...calls.map(({ id }) => id)),
  });
  const add = (entry: Entry): void => projector.take(entry, journal.append(entry));
  return { journal, projector, add, refused, logged, retired };
}

async function end({ journal, projector }: Start): Promise<void> {
  await projector.stop();
  await journal.close();
}

const files = async (): Promise<string[]> =>
  (await readdir(place.directory)).filter((name) => name.endsWith('.journal')).sort();

/** What the rows are when each entry is applied once, by itself, and those refused not at all. */
async function rowsOf(entries: Entry[]): Promise<Record<string, string[]>> {
  await emptyTables(place.postgres);
  for (const entry of entries) {
    await place.postgres
      .transaction((sql) => writeEntries(sql, [entry]))
      .catch((error: unknown) => {
        if (!refusals.has(entry)) throw error;
      });
  }
  const rows = await allRows(place.postgres);
  await emptyTables(place.postgres);
  return rows;
}
const refusals = new Set<Entry>();

/** Whoever goes on with a call claims it anew. */
function ofSuccessor(entry: Entry): Entry {
  if (entry.kind !== 'call') return entry;
  const claimedAt = entry.claimedAt + 1;
  return { ...entry, claimedAt, state: { ...entry.state, claimedAt } };
}

/** Calls that go on side by side, with what else is recorded. */
const story = fc.array(fc.nat(7), { minLength: 1, maxLength: 60 }).map((steps) => {
  const sequences = new Map<number, number>();
  return steps.map((step, n): Entry => {
    if (step === 5) return alarmEntry(n);
    if (step === 6) return operatorEntry(n);
    if (step === 7) {
      const entry = refusedEntry(n);
      refusals.add(entry);
      return entry;
    }
    if (step === 4 && n % 3 === 0) return loggedCall(n % 4);
    const sequence = (sequences.get(step) ?? 0) + 1;
    sequences.set(step, sequence);
    const talking = n % 5 === 0 ? { talking: n } : {};
    return callEntry(step, sequence, { ended: sequence >= 8, ...talking });
  });
});
const troubles = fc.array(fc.constantFrom<Trouble>('none', 'before', 'after'), { maxLength: 12 });
const memoryLimit = fc.integer({ min: 1, max: 30 });
const pauses = fc.array(fc.nat(3), { minLength: 1, maxLength: 10 });

test('whatever happens to PostgreSQL, to memory and to the process: the same rows, none missing and none doubled', async () => {
  const crash = fc.option(fc.nat(60), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(story, troubles, memoryLimit, pauses, crash, async (told, away, limit, waits, crashAfter) => {
      const entries = told.map((entry, n) => (n < (crashAfter ?? Infinity) ? entry : ofSuccessor(entry)));
      const expected = await rowsOf(entries);
      await rm(place.directory, { recursive: true, force: true });
      const first = start('a', { troubles: [...away], memoryLimit: limit });
      let current = first;
      for (const [n, entry] of entries.entries()) {
        if (n === crashAfter) {
          // Whatever was projected by now, the next one reads the dead one's files from their beginning.
          await end(first);
          const left = await files();
          current = start('b', { troubles: [...away], memoryLimit: limit });
          for (const segment of left) current.projector.adopt(segment);
        }
        current.add(entry);
        if (waits[n % waits.length] === 0) await timePasses(n % 8);
      }
      expect(await current.projector.drained(1_000_000)).toBe(true);
      expect(await allRows(place.postgres)).toEqual(expected);
      const refused = entries.filter((entry) => refusals.has(entry));
      expect(new Set([...first.refused, ...current.refused].map((entry) => JSON.stringify(entry)))).toEqual(
        new Set(refused.map((entry) => JSON.stringify(entry))),
      );
      await end(current);
    }),
    { numRuns: 40 },
  );
}, 120_000);

test.each([
  ['talked without a controller', 'human-path'],
  ['gave up', 'abandoned'],
] as const)(
  'of a caller who was gone when the next controller looked, the log tells whether he %s',
  async (_, outcome) => {
    const { state, ...entry } = callEntry(1, 3, { ended: true });
    const unseen = { ...entry, state: { ...state, outcome: 'abandoned' as const, reason: goneUnseen } };
    const log = loggedCall(1, { outcome });
    for (const entries of [
      [unseen, log],
      [log, unseen],
    ]) {
      await emptyTables(place.postgres);
      for (const one of entries) await place.postgres.transaction((sql) => writeEntries(sql, [one]));
      const [row] = await place.postgres.rows(z.object({ outcome: z.string() }), 'select outcome from calls');
      expect(row?.outcome).toBe(outcome);
    }
  },
);

test('what the dead wrote itself is not written again, and what it had not is', async () => {
  const dead = start('dead');
  for (let n = 1; n <= 3; n += 1) dead.add(callEntry(1, n));
  expect(await dead.projector.drained(5_000)).toBe(true);
  await dead.projector.stop();
  for (let n = 4; n <= 5; n += 1) dead.journal.append(callEntry(1, n));
  await dead.journal.close();
  await place.postgres.execute('delete from timeline');

  const own = start('own');
  for (const segment of await files()) own.projector.adopt(segment);
  expect(await own.projector.drained(5_000)).toBe(true);
  const sequences = z.object({ sequence: z.number() });
  expect(await place.postgres.rows(sequences, 'select sequence from timeline order by sequence')).toEqual([
    { sequence: 4 },
    { sequence: 5 },
  ]);
  await end(own);
});

test('files whose entries were projected are dropped; none before, though they are read in pieces', async () => {
  const away: Trouble[] = Array.from({ length: 4 }, () => 'before');
  const own = start('own', { troubles: away, memoryLimit: 3 });
  for (let n = 1; n <= 60; n += 1) own.add(callEntry(1, n, { ended: n === 60 }));
  const all = await files();
  expect(all.length).toBeGreaterThan(3);
  expect(own.projector.behind()).toBe(true);
  // What comes while it reads is not lost.
  await until('it reads', () => own.projector.waiting() < 3);
  for (let n = 0; n < 40; n += 1) {
    own.add(alarmEntry(n));
    if (n % 5 === 0) await timePasses(2);
  }
  expect(await own.projector.drained(1_000_000)).toBe(true);
  expect(own.projector.behind()).toBe(false);
  const rows = await allRows(place.postgres);
  expect([rows['timeline']?.length, rows['alarms']?.length]).toEqual([60, 40]);
  expect(await files()).toEqual([own.journal.position().segment]);
  await end(own);
});

test('what a dead process start left is projected whole, though it is more than memory holds', async () => {
  const dead = start('dead', { troubles: Array.from({ length: 10_000 }, () => 'before') });
  for (let n = 0; n < 50; n += 1) dead.add(alarmEntry(n));
  await end(dead);
  const left = await files();
  const away: Trouble[] = Array.from({ length: 3 }, () => 'before');
  const own = start('own', { troubles: away, memoryLimit: 5 });
  for (const segment of left) own.projector.adopt(segment);
  expect(own.projector.behind()).toBe(true);
  own.add(alarmEntry(50));
  expect(await own.projector.drained(1_000_000)).toBe(true);
  expect((await allRows(place.postgres))['alarms']).toHaveLength(51);
  expect(own.retired.sort()).toEqual(left);
  expect(await files()).toEqual(expect.arrayContaining(left));
  await end(own);
});

test('an entry that PostgreSQL refuses is set aside once and blocks nothing', async () => {
  const own = start('own', { troubles: ['none', 'none', 'none', 'none', 'before', 'none', 'after'] });
  const bad = [refusedEntry(2), refusedEntry(3)];
  for (let n = 0; n < 20; n += 1) {
    own.add(alarmEntry(n));
    const worse = bad[n - 10];
    if (worse !== undefined) own.add(worse);
  }
  expect(await own.projector.drained(1_000_000)).toBe(true);
  expect((await allRows(place.postgres))['alarms']).toHaveLength(20);
  const lines = (await readFile(join(place.directory, 'set-aside.jsonl'), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject(bad.map((entry) => ({ entry })));
  expect(own.refused).toEqual(bad);
  await end(own);
});

test('a table that is not there yet is no fault of the entries: they wait', async () => {
  await place.postgres.execute('alter table alarms rename to alarms_to_come');
  const own = start('own');
  own.add(alarmEntry(1));
  try {
    expect(await own.projector.drained(200)).toBe(false);
  } finally {
    await place.postgres.execute('alter table alarms_to_come rename to alarms');
  }
  expect(await own.projector.drained(1_000_000)).toBe(true);
  expect((await allRows(place.postgres))['alarms']).toHaveLength(1);
  expect(own.refused).toEqual([]);
  await end(own);
});

test('an older state that comes after a newer one changes nothing, in one batch or in two', async () => {
  const entries = [
    callEntry(1, 1),
    callEntry(1, 2, { talking: 1 }),
    callEntry(1, 3, { claimed: 1, talking: 2, ended: true }),
  ];
  const expected = await rowsOf(entries);
  const backwards = [...entries].reverse();
  await place.postgres.transaction((sql) => writeEntries(sql, backwards));
  expect(await allRows(place.postgres)).toEqual(expected);
  await place.postgres.transaction((sql) => writeEntries(sql, backwards.slice(1)));
  expect(await allRows(place.postgres)).toEqual(expected);
});

test('whoever talked on a call stays in its circle, not the latest alone', async () => {
  const entries = [callEntry(1, 1), callEntry(1, 2, { talking: 1 }), callEntry(1, 3, { talking: 2, ended: true })];
  for (const entry of entries) await place.postgres.transaction((sql) => writeEntries(sql, [entry]));
  const found = await readCallInCircle(place.postgres, callEntry(1, 1).callId);
  const operatorIds = [2, 3].map((sequence) => {
    const talking = callEntry(1, sequence, { talking: sequence - 1 }).facts.at(-1);
    return talking?.detail['operatorId'];
  });
  expect(found?.circle.operatorIds.toSorted()).toEqual(operatorIds.toSorted());
});

test("a call of the log that a controller ended is no news, whoever's log; another is news once", async () => {
  const own = start('own');
  own.add(callEntry(1, 1, { ended: true }));
  own.add(loggedCall(1));
  own.add(loggedCall(2));
  expect(await own.projector.drained(1_000_000)).toBe(true);
  const standby = start('standby');
  for (const call of [1, 2]) standby.add(loggedCall(call));
  expect(await standby.projector.drained(1_000_000)).toBe(true);
  const news = loggedCall(2);
  expect([own.logged, standby.logged]).toEqual([[news.kind === 'logged-call' && news.call.id], []]);
  expect((await allRows(place.postgres))['timeline']?.filter((row) => row.includes('call.logged'))).toHaveLength(1);
  await end(own);
  await end(standby);
});
