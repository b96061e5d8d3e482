import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { cellColumns, judgeCell, openCells } from './cell-row.ts';
import { madeUpMark } from '../import/import-kind.ts';
import { isSilent, valuesOf } from '../import/import-lines.ts';

const now = Date.UTC(2026, 0, 1);
const good = 'LTE,510,10,4660,11259361,0,101.4478,0.5333,900,40,1,1704067200,1735689600,0'.split(',');
const judge = (change: Partial<Record<(typeof cellColumns)[number], string>>, mcc?: number) =>
  judgeCell(
    cellColumns.map((name, at) => change[name] ?? good[at] ?? ''),
    mcc === undefined ? { now } : { now, mcc },
  );
const stored: (string | number | null)[] = ['LTE', 510, 10, 4660, 11259361, 0.5333, 101.4478, 900, 40, 1735689600];

test('a row of OpenCelliD', () => {
  expect(judge({})).toEqual({ kind: 'row', values: stored });
  expect(judge({ net: '01', unit: '', averageSignal: '' })).toMatchObject({ kind: 'row', values: stored.with(2, 1) });
});

test('range 0 and updated 0 mean not known', () => {
  expect(judge({ range: '0', updated: '0' })).toEqual({ kind: 'row', values: stored.with(7, null).with(9, null) });
});

test('towers on the equator may be written with an exponent', () => {
  expect(judge({ lat: '-1.2E-5' })).toEqual({ kind: 'row', values: stored.with(5, -0.000012) });
});

test.each([
  ['radio', 'WIMAX', 'radio is "WIMAX" instead of GSM, UMTS, LTE or NR'],
  ['mcc', '0', 'mcc is "0"'],
  ['mcc', '51o', 'mcc is "51o"'],
  ['net', '1000', 'net is "1000"'],
  ['area', '65536', 'area is "65536" instead of a number from 0 to 65535 (LTE)'],
  ['cell', '268435456', 'cell is "268435456"'],
  ['cell', '-1', 'cell is "-1"'],
  ['cell', '', 'cell is ""'],
  ['cell', '9'.repeat(400), `cell is "${'9'.repeat(40)}…"`],
  ['cell', '\u001b[2J1', 'cell is "[2J1"'],
  ['lat', '90.1', 'the latitude is not a number'],
  ['lat', 'NaN', 'the latitude is not a number'],
  ['lat', '', 'the latitude is not a number'],
  ['lon', '-180.5', 'the longitude is not a number'],
  ['range', '-1', 'range is "-1"'],
  ['range', '1e3', 'range is "1e3"'],
  ['samples', 'many', 'samples is "many"'],
  ['updated', '2524608000', 'updated is "2524608000"'],
])('%s %j is rejected', (column, value, reason) => {
  const verdict = judge({ [column]: value });
  expect(verdict).toMatchObject({ kind: 'rejected', reason: expect.stringContaining(reason) as string });
});

test('0,0 is no position, but the equator and the meridian are', () => {
  expect(judge({ lat: '0.0', lon: '-0' })).toMatchObject({ kind: 'rejected' });
  expect(judge({ lat: '0' })).toMatchObject({ kind: 'row' });
  expect(judge({ lon: '0' })).toMatchObject({ kind: 'row' });
});

test('a row that was cut off, or has too many values, is rejected', () => {
  expect(judgeCell(good.slice(0, 13), { now })).toMatchObject({ kind: 'rejected' });
  expect(judgeCell([...good, ''], { now })).toMatchObject({ kind: 'rejected' });
});

test('CDMA and other countries are skipped', () => {
  expect(judge({ radio: 'CDMA', area: '99999999' })).toEqual({ kind: 'skipped', why: 'CDMA' });
  expect(judge({ mcc: '262' }, 510)).toEqual({ kind: 'skipped', why: 'of another country' });
  expect(judge({}, 510)).toMatchObject({ kind: 'row' });
});

test('the largest identity of each radio goes in, one more does not', () => {
  for (const [radio, area, cell] of [
    ['GSM', 0xffff, 0xffff],
    ['UMTS', 0xffff, 2 ** 28 - 1],
    ['LTE', 0xffff, 2 ** 28 - 1],
    ['NR', 2 ** 24 - 1, 2 ** 36 - 1],
  ] as const) {
    expect(judge({ radio, area: `${area}`, cell: `${cell}` })).toMatchObject({ kind: 'row' });
    expect(judge({ radio, area: `${area + 1}`, cell: `${cell}` })).toMatchObject({ kind: 'rejected' });
    expect(judge({ radio, area: `${area}`, cell: `${cell + 1}` })).toMatchObject({ kind: 'rejected' });
  }
});

test('with and without the header; another header is refused', () => {
  expect(openCells(good, { now })).toMatchObject({ firstIsHeader: false });
  expect(openCells(cellColumns, { now })).toMatchObject({ firstIsHeader: true });
  expect(openCells([...cellColumns].reverse(), { now })).toMatchObject({ firstIsHeader: false });
  expect(openCells(cellColumns.with(6, 'lat').with(7, 'lon'), { now })).toHaveProperty('refused');
});

test('whatever the values are, the verdict is sound', () => {
  const value = fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String), fc.constantFrom('LTE', '510'));
  // Some stay as they are: of values that are all made up hardly any is a row.
  const likely = fc.tuple(...good.map((one) => fc.oneof({ weight: 6, arbitrary: fc.constant(one) }, value)));
  const kinds = new Set<string>();
  fc.assert(
    fc.property(fc.oneof(likely, fc.array(value, { minLength: 12, maxLength: 16 })), (values) => {
      const verdict = judgeCell(values, { now });
      kinds.add(verdict.kind);
      if (verdict.kind === 'rejected') expect(verdict.reason.length).toBeLessThan(140);
      if (verdict.kind === 'row') expect(verdict.values).toHaveLength(10);
    }),
    { numRuns: 500 },
  );
  expect(kinds).toEqual(new Set(['rejected', 'row']));
});

const linesOfCity = (city: string): string[] =>
  readFileSync(new URL(`../../../cities/${city}-cells.csv`, import.meta.url), 'utf8').split('\n');

test.each([
  ['pekanbaru', 0.507, 101.448],
  ['pasuruan', -7.645, 112.908],
  ['kendari', -3.998, 122.513],
])('the made-up towers of %s are towers of that city, of every network and radio', (city, latitude, longitude) => {
  const lines = linesOfCity(city);
  expect(lines[0]).toMatch(new RegExp(`^${madeUpMark}`));
  const rows = lines.filter((line) => !isSilent(line)).slice(1);
  const values = rows.map((line) => {
    const verdict = judgeCell(valuesOf(line) ?? [], { now });
    return verdict.kind === 'row' ? verdict.values : [];
  });
  expect(new Set(values.map(([radio]) => radio))).toEqual(new Set(['LTE', 'GSM', 'UMTS', 'NR']));
  expect(new Set(values.map(([, , mnc]) => mnc))).toEqual(new Set([10, 1, 11, 89, 9]));
  for (const [, mcc, , , , north, east] of values) {
    expect(mcc).toBe(510);
    expect(Math.abs(Number(north) - latitude)).toBeLessThan(0.12);
    expect(Math.abs(Number(east) - longitude)).toBeLessThan(0.12);
  }
});
