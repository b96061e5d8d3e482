import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stagesWithoutCalls } from '../support/load/stages.ts';
import { faultTable, skippedFaults, upperBound } from '../../scripts/fault-table.mjs';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'siaga-fault-table-'));
  mkdirSync(join(directory, 'fault-rows'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const row = {
  part: 'redis',
  fault: 'killed',
  strikes: 2,
  offered: 3_000,
  established: 40,
  lost: 0,
  losses: {},
  gapsOfMachine: 0,
  recordsMissing: 1,
  recordsDoubled: 0,
  secondsUntilNormal: 1.25,
  stages: { waiting: 4 },
};
const write = (name: string, one: object): void =>
  writeFileSync(join(directory, 'fault-rows', name), JSON.stringify(one));

test('each fault is a line, in the order in which they struck', () => {
  write('1.json', row);
  write('2.json', { ...row, fault: 'paused', lost: 3, losses: { gap: 2, alone: 1 }, secondsUntilNormal: null });
  const lines = faultTable(directory).split('\n');
  expect(lines[3]).toMatch(/^redis: killed +2 +3000 +40 +0 +1 +0 +1\.3 s$/);
  expect(lines[4]).toMatch(/^redis: paused +2 +3000 +40 +3 \(2 gap, 1 alone\) +1 +0 +never$/);
  expect(skippedFaults(directory)).toBe(0);
});

test('every stage has calls in every fault, and the least that a stage met is said', () => {
  expect(stagesWithoutCalls).toEqual([]);
  write('1.json', { ...row, stages: { waiting: 4, held: 1 } });
  write('2.json', { ...row, stages: { waiting: 1, held: 3 } });
  expect(faultTable(directory)).toContain('Each stage met 2 faults or more.');
  write('3.json', { ...row, stages: { waiting: 1, held: 3, talking: 1 } });
  expect(faultTable(directory)).toContain('Each stage met 1 faults or more.');
});

test('what was not run is said and counted', () => {
  write('1.json', { ...row, part: 'disk', fault: 'full', skipped: 'no rights to mount' });
  expect(faultTable(directory)).toContain('disk: full: not run, no rights to mount');
  expect(skippedFaults(directory)).toBe(1);
});

test('a run without load has no table', () => {
  rmSync(join(directory, 'fault-rows'), { recursive: true });
  expect(faultTable(directory)).toBe('');
  expect(skippedFaults(directory)).toBe(0);
});

test.each([
  // About three in all when none was lost; the others are of the beta distribution's 95 % quantile.
  [0, 3_000, 0.000998],
  [1, 3_000, 0.00158],
  [5, 3_000, 0.0035],
  [10, 100, 0.1637],
  [3, 3, 1],
  [0, 0, 1],
])('of %i lost in %i calls, the share is at most %d', (lost, calls, bound) => {
  expect(upperBound(lost, calls)).toBeCloseTo(bound, 4);
});

test('the long run says it of each fault', () => {
  write('1.json', row);
  expect(faultTable(directory, { long: true })).toMatch(/1\.3 s +0\.10 %$/m);
});
