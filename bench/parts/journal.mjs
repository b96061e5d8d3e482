// How many entries a second the real journal takes and gives back (dist/platform/journal.js, with its own durability), beside
// what one would take instead: a row for each entry in PostgreSQL, committed to the disk.
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import pg from 'pg';
import { projectDirectory } from '../../scripts/runtime/settings.mjs';
import { startDatabase } from '../support/database.mjs';
import { figure } from '../support/figure.mjs';

const load = (file) => import(path.join(projectDirectory, 'dist', file));
/** What one pass of the controller's event loop brings at most, when calls come in crowds. */
const together = 20;
const linesAtOnce = 2_000;

export async function measure({ tools, rounds, quick, folder, say }) {
  const platform = await platformOf();
  const database = await startDatabase({ folder: folder('journal-database'), tools });
  const pool = new pg.Pool({ connectionString: database.url, max: 10, connectionTimeoutMillis: 5_000 });
  // The server stops while its last sessions say goodbye; a query that fails says so itself.
  pool.on('error', ({ message }) => say(`PostgreSQL: ${message}`));
  try {
    await pool.query('create table entries (sequence bigint primary key, entry jsonb)');
    const counts = quick ? { entries: 5_000, rows: 500 } : { entries: 50_000, rows: 5_000 };
    const waits = quick ? 40 : 200;
    const runs = [];
    for (let round = 0; round < rounds; round += 1) {
      const directory = folder('journal');
      const run = {
        ours: await appendAll(platform, directory, counts.entries),
        read: await readAll(platform, directory, counts.entries),
        safe: await appendSafely(platform, folder('journal-safe'), waits),
        ...(await insertAll(pool, counts.rows)),
      };
      say(
        `round ${round + 1}: ${Math.round(run.ours)} entries/s, ${Math.round(run.inParallel.rate)} rows/s by ten at once`,
      );
      runs.push(run);
    }
    const of = (pick) => runs.map(pick);
    const about = { entryBytes: JSON.stringify(entryOf(0)).length, ...counts };
    return [
      figure({
        name: 'entries appended, until all are on the disk',
        unit: '1/s',
        ours: of(({ ours }) => ours),
        peer: { name: 'INSERT, ten at once', runs: of(({ inParallel }) => inParallel.rate) },
        aim: { text: '2,000 or more', isMet: ({ p50 }) => p50 >= 2_000 },
        about: { ...about, insertOneAtATime: of(({ oneByOne }) => Math.round(oneByOne.rate)) },
      }),
      figure({
        name: 'time that an append takes of the event loop',
        unit: 'ms',
        ours: of(({ safe }) => safe.map(({ held }) => held)),
        aim: { text: 'p99 under 1 ms', isMet: ({ p99 }) => p99 < 1 },
      }),
      figure({
        name: 'append of one entry until it is on the disk',
        unit: 'ms',
        ours: of(({ safe }) => safe.map(({ safeAfter }) => safeAfter)),
        peer: { name: 'INSERT, one at a time', runs: of(({ oneByOne }) => oneByOne.times) },
        aim: { text: 'p99 under 100 ms', isMet: ({ p99 }) => p99 < 100 },
        about: {
          why: 'the journal gathers entries for 25 ms; only REST answers and the originate of an agency wait for it',
        },
      }),
      figure({
        name: 'entries read back',
        unit: '1/s',
        ours: of(({ read }) => read),
        peer: { name: 'SELECT, 2,000 at a time', runs: of(({ selected }) => selected) },
        aim: { text: '10,000 or more', isMet: ({ p50 }) => p50 >= 10_000 },
      }),
    ];
  } finally {
    await pool.end();
    await database.stop();
  }
}

async function platformOf() {
  const [{ openJournal }, { journalFiles, readJournalPart }, { systemClock }, { createLogger }] = await Promise.all(
    ['journal', 'journal-reader', 'clock', 'logger'].map((name) => load(`platform/${name}.js`)),
  );
  return { openJournal, journalFiles, readJournalPart, clock: systemClock, logger: createLogger('error') };
}

async function withJournal({ openJournal, clock, logger }, directory, use) {
  const journal = openJournal({ directory, name: 'bench', clock, logger });
  try {
    return await use(journal);
  } finally {
    await journal.close();
  }
}

function appendAll(platform, directory, count) {
  return withJournal(platform, directory, async (journal) => {
    const began = performance.now();
    for (let at = 0; at < count; at += 1) {
      journal.append(entryOf(at));
      if (at % together === 0) await nextTurn();
    }
    if (!(await journal.synced())) throw new Error('the disk did not take the journal in time');
    return count / ((performance.now() - began) / 1_000);
  });
}

function appendSafely(platform, directory, count) {
  return withJournal(platform, directory, async (journal) => {
    const times = [];
    for (let at = 0; at < count; at += 1) {
      const entry = entryOf(at);
      const began = performance.now();
      journal.append(entry);
      const held = performance.now() - began;
      if (!(await journal.synced())) throw new Error('the disk did not take the journal in time');
      times.push({ held, safeAfter: performance.now() - began });
    }
    return times;
  });
}

/** As a controller that takes over reads what another one left. */
async function readAll({ journalFiles, readJournalPart }, directory, count) {
  const began = performance.now();
  let read = 0;
  for (const { segment } of await journalFiles(directory)) {
    for (let from = 0, atEnd = false; !atEnd;) {
      const part = await readJournalPart(directory, segment, { from, limit: linesAtOnce, growing: false });
      read += part.lines.filter(({ ok }) => ok).length;
      ({ end: from, atEnd } = part);
    }
  }
  if (read !== count) throw new Error(`${read} entries of ${count} were read back`);
  return count / ((performance.now() - began) / 1_000);
}

async function insertAll(pool, count) {
  await pool.query('truncate entries');
  const insert = { name: 'insert-entry', text: 'insert into entries values ($1, $2)' };
  const alone = Math.ceil(count / 5);
  const times = [];
  const one = async (at) => {
    const entry = entryOf(at);
    const began = performance.now();
    await pool.query({ ...insert, values: [at, JSON.stringify(entry)] });
    times.push(performance.now() - began);
  };
  const timed = async (work, done) => {
    const began = performance.now();
    await work();
    return { rate: done / ((performance.now() - began) / 1_000), times: times.splice(0) };
  };
  const oneByOne = await timed(async () => {
    for (let at = 0; at < alone; at += 1) await one(at);
  }, alone);
  let next = alone;
  const worker = async () => {
    while (next < count) await one(next++);
  };
  const inParallel = await timed(() => Promise.all(Array.from({ length: 10 }, worker)), count - alone);
  return { oneByOne, inParallel, selected: await selectAll(pool, count) };
}

async function selectAll(pool, count) {
  const began = performance.now();
  let after = -1;
  for (let read = 0; read < count;) {
    const { rows } = await pool.query(
      'select sequence, entry from entries where sequence > $1 order by sequence limit $2',
      [after, linesAtOnce],
    );
    read += rows.length;
    after = rows.at(-1).sequence;
  }
  return count / ((performance.now() - began) / 1_000);
}

/** As long as an entry of a call with an operator and two agencies: 3 KB, most of it the state after. */
function entryOf(at) {
  const id = (kind) => `01a2${kind}000-0000-7000-8000-${String(at).padStart(12, '0')}`;
  const agency = (agencyId) => ({
    id: id(3),
    agencyId,
    agencyName: `Badan ${agencyId} Kota Kendari`,
    mode: 'bridge',
    state: 'ringing',
    reason: { by: 'rules', ruleSetVersion: 3, ruleId: 'fire-large' },
    attempts: [
      { id: id(4), trunkId: `${agencyId}-1`, channelId: `siaga-${at}-${agencyId}`, rangAt: at, endedAt: null },
    ],
    timers: { ring: at + 30_000, accept: at + 60_000 },
  });
  const header = 'SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK776asdhds;received=198.51.100.7';
  return {
    kind: 'call',
    callId: id(1),
    sequence: at,
    claimedAt: 1_795_000_000_000,
    at: 1_795_000_000_000 + at,
    input: { type: 'dispatch-ringing', dispatchId: id(3), channelId: `siaga-${at}-damkar`, at },
    effects: [{ type: 'record', fact: { type: 'dispatch.ringing', detail: { agencyId: 'damkar' } } }],
    state: {
      id: id(1),
      incident: { id: id(2), kind: 'fire', severity: 'high', district: 'Mandonga', version: 3, notes: [] },
      origin: {
        callerNumber: '081234567890',
        headers: { Via: header, From: header, Contact: header, 'P-Asserted-Identity': header },
      },
      operator: { id: id(5), extension: '1017', state: 'talking', channelId: `siaga-${at}-operator` },
      location: {
        best: { source: 'cell', latitude: -3.97, longitude: 122.51, radius: 800 },
        fixes: Array(4).fill(header),
      },
      dispatches: ['damkar', 'psc', 'polisi'].map(agency),
      timers: { silence: at + 20_000, wrapUp: null },
    },
  };
}
