// The table that the faults under load end with: what each did to the callers. Rows are written by the test files
// (test/support/load/row.ts).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The table of the rows in a run's folder, as text; empty when no fault ran under load. */
export function faultTable(directory, { long = false } = {}) {
  const folder = path.join(directory, 'fault-rows');
  if (!existsSync(folder)) return '';
  const rows = readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
  const ran = rows.filter(({ skipped }) => skipped === undefined);
  const columns = ['fault', 'strikes', 'offered', 'up', 'lost', 'missing', 'doubled', 'normal after'];
  const lines = ran.map((row) => [
    `${row.part}: ${row.fault}`,
    row.strikes,
    row.offered,
    row.established,
    lostOf(row),
    row.recordsMissing,
    row.recordsDoubled,
    row.secondsUntilNormal === null ? 'never' : `${row.secondsUntilNormal.toFixed(1)} s`,
    ...(long ? [percent(upperBound(row.lost, row.offered))] : []),
  ]);
  return [
    '',
    '== faults under load',
    ...aligned([[...columns, ...(long ? ['95% bound on the loss'] : [])], ...lines]),
    ...ran.flatMap(({ part, fault, gapsOfMachine: gaps }) =>
      gaps === 0 ? [] : [`${part}: ${fault}: ${gaps} gaps not counted: others had the processors, Asterisk none`],
    ),
    ...rows.flatMap(({ part, fault, skipped }) =>
      skipped === undefined ? [] : [`${part}: ${fault}: not run, ${skipped}`],
    ),
    ...(ran.length === 0 ? [] : ['', '== calls in each stage when the fault struck', ...stageTable(ran)]),
    '',
  ].join('\n');
}

/** How many did not run. */
export function skippedFaults(directory) {
  const folder = path.join(directory, 'fault-rows');
  if (!existsSync(folder)) return 0;
  return readdirSync(folder).filter((file) => readFileSync(path.join(folder, file), 'utf8').includes('"skipped"'))
    .length;
}

/**
 * The share of calls that may be lost at the most, with 95 % certainty, when `lost` of `calls` were: the exact binomial
 * bound (Clopper and Pearson, one-sided); about 3 in `calls` when none was.
 */
export function upperBound(lost, calls) {
  if (calls === 0 || lost >= calls) return 1;
  let low = lost / calls;
  let high = 1;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (atMost(lost, calls, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

/** The chance of so many or fewer of `calls` where each is lost with this chance. */
function atMost(lost, calls, chance) {
  let term = calls * Math.log1p(-chance);
  let sum = 0;
  for (let count = 0; count <= lost; count += 1) {
    sum += Math.exp(term);
    term += Math.log((calls - count) / (count + 1)) + Math.log(chance) - Math.log1p(-chance);
  }
  return sum;
}

const percent = (share) => `${(share * 100).toFixed(2)} %`;

/** `3 (2 cut off, 1 gap)` */
function lostOf({ lost, losses }) {
  const kinds = Object.entries(losses).map(([kind, count]) => `${count} ${kind}`);
  return kinds.length === 0 ? String(lost) : `${lost} (${kinds.join(', ')})`;
}

function stageTable(rows) {
  const stages = [...new Set(rows.flatMap((row) => Object.keys(row.stages)))];
  const line = ({ part, fault, stages: counts }) => [`${part}: ${fault}`, ...stages.map((stage) => counts[stage] ?? 0)];
  const met = stages.map((stage) => rows.filter((row) => (row.stages[stage] ?? 0) > 0).length);
  return [...aligned([['fault', ...stages], ...rows.map(line)]), `Each stage met ${Math.min(...met)} faults or more.`];
}

function aligned(lines) {
  const texts = lines.map((line) => line.map(String));
  const widths = texts[0].map((_, column) => Math.max(...texts.map((line) => line[column].length)));
  return texts.map((line) =>
    line.map((text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]))).join('  '),
  );
}
