import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { directoryOfRun } from '../run.ts';
import type { LossKind } from './losses.ts';
import type { Stage } from './stages.ts';

/** What a fault did to the callers: a line of the table that the run ends with (scripts/fault-table.mjs). */
export interface FaultRow {
  /** The part that failed, and what happened to it: `redis`, `killed`. */
  part: string;
  fault: string;
  /** How often it happened. */
  strikes: number;
  /** New calls since the fault before. */
  offered: number;
  /** Calls that were up when it happened. */
  established: number;
  lost: number;
  losses: Partial<Record<LossKind, number>>;
  /** Gaps that count for nobody: Asterisk had no processor, because others on the machine had it. */
  gapsOfMachine: number;
  recordsMissing: number;
  recordsDoubled: number;
  /** The longest, since the fault was over; null when it was not normal again within the time that was waited. */
  secondsUntilNormal: number | null;
  /** How many calls were in which stage when it happened. */
  stages: Partial<Record<Stage, number>>;
  /** Why it did not run. */
  skipped?: string;
}

let rows = 0;

/** Hands a row to whoever prints the table. */
export function writeRow(row: FaultRow): void {
  const folder = join(directoryOfRun(), 'fault-rows');
  mkdirSync(folder, { recursive: true });
  const name = `${String(Date.now())}-${String((rows += 1))}.json`;
  writeFileSync(join(folder, name), JSON.stringify(row));
}

/** What cannot be done on this machine stands in the table as well. */
export function notRun({ part, fault }: Pick<FaultRow, 'part' | 'fault'>, skipped: string): void {
  writeRow({ ...emptyRow({ part, fault }), skipped });
}

export function emptyRow({ part, fault }: Pick<FaultRow, 'part' | 'fault'>): FaultRow {
  const counts = { strikes: 0, offered: 0, established: 0, lost: 0, gapsOfMachine: 0 };
  return {
    part,
    fault,
    ...counts,
    losses: {},
    recordsMissing: 0,
    recordsDoubled: 0,
    secondsUntilNormal: 0,
    stages: {},
  };
}
