import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { findCell, seedMadeUpCells } from '../../src/location/cells/cells.ts';
import type { Cell } from '../../src/location/fix.ts';
import { importBench, type ImportBench, type RunningImport } from '../support/imports.ts';
import { until } from '../support/rest.ts';

let bench: ImportBench;
beforeAll(async () => {
  bench = await importBench();
});
afterAll(() => bench.close());
beforeEach(() => bench.empty());

const header = 'radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal';
const cityFile = new URL('../../cities/pekanbaru-cells.csv', import.meta.url);

/** A row of OpenCelliD of the network 510/10, area 1. */
function row(
  cell: number,
  change: { radio?: string; mcc?: number; lat?: string; range?: number; updated?: number } = {},
) {
  const { radio = 'LTE', mcc = 510, lat = '0.5', range = 700, updated = 1_700_000_000 } = change;
  return `${radio},${mcc},10,1,${cell},0,101.4,${lat},${range},12,1,1600000000,${updated},0`;
}
const text = (...rows: string[]): string => `${[header, ...rows].join('\n')}\n`;
const cellOf = (cell: number, radio: Cell['radio'] = 'LTE'): Cell => ({ radio, mcc: 510, mnc: 10, area: 1, cell });
const find = (cell: number, radio?: Cell['radio']) => findCell(bench.postgres, cellOf(cell, radio));

test('a file goes in, once: the same again changes nothing, and both are on record', async () => {
  const content = text(row(1), row(2, { lat: '-0.25' }), row(3, { radio: 'NR' }));
  const file = await bench.file('towers.csv', content);
  const first = await bench.run('cells', file);
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toContain('3 rows read, 3 new, 0 changed, 0 unchanged, 0 rejected');
  const stored = await bench.rowsOf('cells');
  expect(await find(2)).toEqual({
    position: { latitude: -0.25, longitude: 101.4 },
    range: 700,
    samples: 12,
    madeUp: false,
    updatedAt: '2023-11-14T22:13:20.000Z',
  });
  expect(await find(3)).toBeUndefined();
  expect((await find(3, 'NR'))?.position.latitude).toBe(0.5);

  expect((await bench.run('cells', file)).out).toContain('3 rows read, 0 new, 0 changed, 3 unchanged, 0 rejected');
  expect(await bench.rowsOf('cells')).toEqual(stored);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const same = { kind: 'cells', file: 'towers.csv', sha256, read: 3, removed: 0, rejected: 0, skipped: 0 };
  expect(await bench.imports()).toEqual([
    { ...same, new: 3, changed: 0, unchanged: 0 },
    { ...same, new: 0, changed: 0, unchanged: 3 },
  ]);
});

test('a range that is not known becomes one that the radio commonly has', async () => {
  const file = await bench.file('range.csv', text(row(1, { range: 0 }), row(1, { radio: 'GSM', range: 0 })));
  expect((await bench.run('cells', file)).code).toBe(0);
  expect([(await find(1))?.range, (await find(1, 'GSM'))?.range]).toEqual([2_000, 5_000]);
});

test('compressed, without the header, with comments and the line ends of Windows', async () => {
  const content = ['# a comment', row(1), '', row(2), ''].join('\r\n');
  const file = await bench.file('towers.csv.gz', gzipSync(content));
  expect((await bench.run('cells', file)).out).toContain('2 rows read, 2 new');
  expect((await find(2))?.updatedAt).toBe('2023-11-14T22:13:20.000Z');
});

test('an older row never replaces a newer one, within a file or between files', async () => {
  const newer = row(1, { lat: '0.6', updated: 1_700_000_500 });
  const within = await bench.file('within.csv', text(newer, row(1, { lat: '0.5' })));
  expect((await bench.run('cells', within)).out).toContain('2 rows read, 1 new, 0 changed, 1 unchanged');
  expect((await find(1))?.position.latitude).toBe(0.6);
  const older = await bench.file('older.csv', text(row(1, { lat: '0.4', updated: 1_700_000_499 })));
  expect((await bench.run('cells', older)).out).toContain('0 new, 0 changed, 1 unchanged');
  expect((await find(1))?.position.latitude).toBe(0.6);
  const newest = await bench.file('newest.csv', text(row(1, { lat: '0.7', updated: 1_700_000_501 })));
  expect((await bench.run('cells', newest)).out).toContain('0 new, 1 changed, 0 unchanged');
  expect((await find(1))?.position.latitude).toBe(0.7);
});

test('lines that cannot be used stop nothing: they are counted, listed, and kept for their owner alone', async () => {
  const bad = [
    row(2, { lat: '91' }),
    row(3, { radio: '5G' }),
    row(4, { range: -1 }),
    `"LTE",510,10,1,5,0,101.4,0.5,"70`,
    `${row(6)},${'x'.repeat(300_000)}`,
    row(7, { lat: '0' }).replace('101.4', '0'),
  ];
  const skipped = [row(8, { radio: 'CDMA' }), row(9, { mcc: 262 })];
  const cut = row(11).slice(0, 40);
  const file = await bench.file('bad.csv', text(row(1), ...bad, ...skipped, row(10)) + cut);
  await bench.file('bad.csv.rejected.csv', 'from an earlier import, for everybody to read');
  const { code, out, err } = await bench.run('cells', file, '--mcc', '510');
  expect(code).toBe(0);
  expect(out).toContain(
    '11 rows read, 2 new, 0 changed, 0 unchanged, 7 rejected, skipped: 1 CDMA and 1 of another country',
  );
  expect(err).toContain('line 3: the latitude is not a number of degrees');
  expect(err).toContain('line 12: it has ');
  expect([(await find(1))?.position.latitude, (await find(10))?.position.latitude]).toEqual([0.5, 0.5]);
  const rejects = `${file}.rejected.csv`;
  expect((await stat(rejects)).mode & 0o777).toBe(0o600);
  const lines = (await readFile(rejects, 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(8);
  expect(lines[0]).toBe('line,reason,text');
  expect(lines[4]).toContain('"""LTE"",510,10,1,5,0,101.4,0.5,""70"');
  expect(lines[7]).toContain(cut);
});

test('many rejected lines: a few are shown, all are written where the command says', async () => {
  const many = Array.from({ length: 3_000 }, (_, at) => row(at + 2, { lat: 'north' }));
  const file = await bench.file('many.csv', text(row(1), ...many));
  const rejects = join(bench.folder, 'elsewhere.csv');
  const { code, err } = await bench.run('cells', file, '--rejected', rejects);
  expect(code).toBe(0);
  expect(err.split('\n').filter((line) => line.startsWith('  line '))).toHaveLength(20);
  expect(err).toContain('and 2980 more');
  expect((await readFile(rejects, 'utf8')).trimEnd().split('\n')).toHaveLength(3_001);
});

test('a dry run says what would be, and changes nothing', async () => {
  await bench.run('cells', await bench.file('one.csv', text(row(1), row(2))));
  const before = [await bench.rowsOf('cells'), await bench.imports()];
  const file = await bench.file('two.csv', text(row(1), row(2, { updated: 1_700_000_001 }), row(3)));
  const { code, out } = await bench.run('cells', file, '--dry-run');
  expect(code).toBe(0);
  expect(out).toContain('3 rows read, 1 new, 1 changed, 1 unchanged');
  expect(out).toContain('dry run');
  expect([await bench.rowsOf('cells'), await bench.imports()]).toEqual(before);
});

describe('made-up towers', () => {
  const seed = async () => seedMadeUpCells(bench.postgres, await readFile(cityFile, 'utf8'));

  test('are stored once, and say that they are made up', async () => {
    expect(await seed()).toBe(12);
    expect(await seed()).toBe(0);
    const lte: Cell = { radio: 'LTE', mcc: 510, mnc: 10, area: 0x1234, cell: 0x0abcde1 };
    expect(await findCell(bench.postgres, lte)).toMatchObject({
      position: { latitude: 0.5333, longitude: 101.4478 },
      range: 900,
      madeUp: true,
    });
    for (const radio of ['GSM', 'UMTS', 'NR'] as const) {
      const values = (await readFile(cityFile, 'utf8')).match(new RegExp(`^${radio},510,10,(\\d+),(\\d+),`, 'm'));
      const cell: Cell = { radio, mcc: 510, mnc: 10, area: Number(values?.[1]), cell: Number(values?.[2]) };
      expect(await findCell(bench.postgres, cell)).toMatchObject({ madeUp: true });
    }
  });

  test('go with the first real import, which may have the same cells', async () => {
    await seed();
    const real = 'LTE,510,10,4660,11259361,0,101.5,0.6,500,9,1,1600000000,1600000000,0';
    const { out } = await bench.run('cells', await bench.file('real.csv', text(real)));
    expect(out).toContain('1 new, 0 changed, 0 unchanged, 0 rejected, 12 made-up towers removed');
    expect(await bench.rowsOf('cells')).toHaveLength(1);
    expect(await seed()).toBe(0);
  });

  test('stay where an import brings nothing, and never pass for real', async () => {
    await seed();
    const before = await bench.rowsOf('cells');
    const none = await bench.run('cells', await bench.file('none.csv', text(row(1, { mcc: 262 }))), '--mcc', '510');
    expect(none.code).toBe(1);
    expect(none.err).toContain('none of its 1 rows can be used: 0 are rejected, 1 are of another country');
    const empty = await bench.run('cells', await bench.file('empty.csv', header));
    expect([empty.code, empty.err]).toEqual([1, expect.stringContaining('it has no rows')]);
    const madeUp = await bench.run('cells', await bench.file('made-up.csv', await readFile(cityFile)));
    expect([madeUp.code, madeUp.err]).toEqual([1, expect.stringContaining('its towers are made up')]);
    expect(await bench.rowsOf('cells')).toEqual(before);
    expect(await bench.imports()).toEqual([]);
  });

  test('of our own making are sound, or nothing is stored', async () => {
    const broken = `${header}\nLTE,510,10\n`;
    await expect(seedMadeUpCells(bench.postgres, broken)).rejects.toThrow('line 2: it has 3 values instead of 14');
    expect(await bench.rowsOf('cells')).toEqual([]);
  });
});

describe('an import that is about to end', () => {
  const held = async () => {
    await bench.run('cells', await bench.file('before.csv', text(row(1), row(2))));
    const before = await bench.rowsOf('cells');
    const file = await bench.file('after.csv', text(row(1, { lat: '0.9', updated: 1_700_000_001 }), row(3)));
    return { before, file, ...(await bench.holdBeforeCommit(() => bench.start(['cells', file]))) };
  };

  test('blocks no reader: who reads sees all as it was, then all as it is', async () => {
    const { before, held: running, release } = await held();
    try {
      await bench.postgres.transaction(async (sql) => {
        await sql.execute(`SET LOCAL lock_timeout = '1ms'`);
        expect((await findCell(sql, cellOf(1)))?.position.latitude).toBe(0.5);
        expect(await findCell(sql, cellOf(3))).toBeUndefined();
      });
      expect(await bench.rowsOf('cells')).toEqual(before);
    } finally {
      await release();
    }
    expect((await running.ended).code).toBe(0);
    expect((await find(1))?.position.latitude).toBe(0.9);
    expect((await find(3))?.position.latitude).toBe(0.5);
  });

  test.each([
    ['is killed', (running: RunningImport) => running.process.kill('SIGKILL'), null, ''],
    [
      'gets Ctrl-C',
      (running: RunningImport) => running.process.kill('SIGINT'),
      1,
      'it was stopped. Nothing was changed',
    ],
    [
      'loses the database',
      () =>
        bench.postgres.execute(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'siaga-import-cells'`,
        ),
      1,
      'PostgreSQL is away, or went away',
    ],
  ])('and %s leaves the towers as they were, and can be run again', async (_, end, code, says) => {
    const { before, file, held: running, release } = await held();
    try {
      await end(running);
      const ended = await running.ended;
      expect(ended.code).toBe(code);
      expect(ended.err).toContain(says);
    } finally {
      await release();
    }
    await until('the server has given it up', async () => {
      const sessions = await bench.postgres.rows(
        z.object({ pid: z.number() }),
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'siaga-import-cells'`,
      );
      return sessions.length === 0;
    });
    expect(await bench.rowsOf('cells')).toEqual(before);
    expect(await bench.imports()).toHaveLength(1);
    expect((await bench.run('cells', file)).out).toContain('2 rows read, 1 new, 1 changed');
  });

  test('lets no second one begin', async () => {
    const { held: running, release } = await held();
    try {
      const second = await bench.run('cells', await bench.file('second.csv', text(row(5))));
      expect([second.code, second.err]).toEqual([1, expect.stringContaining('another import is running')]);
    } finally {
      await release();
      await running.ended;
    }
  });
});

describe('an import that still reads', () => {
  /** Its file is a pipe that brings one line, and no end. */
  const reading = async () => {
    const pipe = join(bench.folder, `pipe-${Math.random()}`);
    execFileSync('mkfifo', [pipe]);
    const running = bench.start(['cells', pipe]);
    const writer = await open(pipe, 'w');
    await writer.write(text(row(1)));
    await until('rows are on their way', async () => {
      const copies = await bench.postgres.rows(
        z.object({ pid: z.number() }),
        `SELECT pid FROM pg_stat_progress_copy WHERE datname = current_database() AND bytes_processed > 0`,
      );
      return copies.length === 1;
    });
    return { running, writer };
  };

  test.each([
    ['gets Ctrl-C', (running: RunningImport) => running.process.kill('SIGINT'), 'it was stopped'],
    [
      'loses the database',
      () => bench.postgres.execute('SELECT pg_terminate_backend(pid) FROM pg_stat_progress_copy'),
      'PostgreSQL is away, or went away',
    ],
  ])('and %s gives up at once', async (_, end, says) => {
    const { running, writer } = await reading();
    try {
      await end(running);
      await until('it says why it ends', () => running.complaint().includes(says));
    } finally {
      // Node waits for a read that is under way before it exits.
      await writer.close();
    }
    expect((await running.ended).code).toBe(1);
    expect(await bench.rowsOf('cells')).toEqual([]);
  });
});

test.each([
  ['no file', ['cells'], 'Say what to import'],
  ['two files', ['cells', 'a', 'b'], 'Say what to import'],
  ['neither kind', ['towers', 'a'], 'Say what to import'],
  ['an option that does not exist', ['cells', 'a', '--force'], '--force'],
  ['a code that is none', ['cells', 'a', '--mcc', 'ID'], '--mcc'],
  ['--replace with cells', ['cells', 'a', '--replace'], '--replace'],
  ['--mcc with subscribers', ['subscribers', 'a', '--mcc', '510'], '--mcc'],
])('wrong usage: %s', async (_, args, says) => {
  const ended = await bench.run(...args);
  expect([ended.code, ended.err]).toEqual([2, expect.stringContaining(says)]);
  expect(ended.err).toContain('npm run import -- cells FILE');
});

test('the file is never written over', async () => {
  const file = await bench.file('own.csv', text(row(1)));
  expect((await bench.run('cells', file, '--rejected', file)).code).toBe(2);
  expect(await readFile(file, 'utf8')).toBe(text(row(1)));
});

test('what went wrong is said in plain words', async () => {
  const file = await bench.file('fine.csv', text(row(1)));
  const missing = await bench.run('cells', join(bench.folder, 'missing.csv'));
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('ENOENT')]);
  const folder = await bench.run('cells', bench.folder);
  expect([folder.code, folder.err]).toEqual([1, expect.stringContaining('EISDIR')]);
  const cut = await bench.file('cut.csv.gz', gzipSync(text(row(1))).subarray(0, 40));
  const broken = await bench.run('cells', cut);
  expect([broken.code, broken.err]).toEqual([1, expect.stringContaining('is not a whole .gz file')]);
  const other = await bench.file('other.csv', 'radio,lat,lon\nLTE,1,2\n');
  const unfit = await bench.run('cells', other);
  expect([unfit.code, unfit.err]).toEqual([1, expect.stringContaining('its header is not that of OpenCelliD')]);
  const away = await bench.start(['cells', file], 'postgresql://nobody@127.0.0.1:1/none').ended;
  expect([away.code, away.err]).toEqual([1, expect.stringContaining('PostgreSQL is away')]);
  const unmigrated = bench.url.replace(/[^/]+$/, 'postgres');
  const empty = await bench.start(['cells', file], unmigrated).ended;
  expect([empty.code, empty.err]).toEqual([1, expect.stringContaining('npm run migrate')]);
  for (const { err } of [missing, folder, broken, unfit, away, empty]) {
    expect(err).toMatch(/This did not work: .+\nWhat happened: .+Nothing was changed\nWhat to do: .+/);
  }
});
