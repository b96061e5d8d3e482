import { z } from 'zod';
import type { Sql } from '../../platform/postgres.ts';
import { timeColumn } from '../../platform/text.ts';
import { defaultRange, judgeCell, stagedCellColumns } from './cell-row.ts';
import type { Cell, Position } from '../fix.ts';
import { isSilent, valuesOf } from '../import/import-lines.ts';
import { importLock } from '../import/import-lock.ts';

/** Where a cell's tower is thought to be: the middle of where phones were that used the cell. */
interface Tower {
  readonly position: Position;
  /** Metres: the radius in which phones used the cell, or a common one of its kind where nobody knows. */
  readonly range: number;
  /** How many measurements it rests on. */
  readonly samples: number;
  /** For trying the centre out, and nowhere on earth. */
  readonly madeUp: boolean;
  /** When the source last changed it, in ISO 8601. */
  readonly updatedAt: string | null;
}

const row = z.object({
  latitude: z.number(),
  longitude: z.number(),
  range: z.number().nullable(),
  samples: z.number(),
  madeUp: z.boolean(),
  updatedAt: timeColumn.nullable(),
});

/** The tower of a cell, if it is known. */
export async function findCell(sql: Sql, cell: Cell): Promise<Tower | undefined> {
  const found = await sql.first(
    row,
    `SELECT latitude, longitude, range, samples, made_up AS "madeUp", updated_at AS "updatedAt" FROM cells
     WHERE radio = $1 AND mcc = $2::int AND mnc = $3::int AND area = $4::bigint AND cell = $5::bigint`,
    [cell.radio, cell.mcc, cell.mnc, cell.area, cell.cell],
  );
  if (found === undefined) return undefined;
  const { latitude, longitude, range, ...rest } = found;
  const usual = defaultRange[cell.radio];
  // A few measurements that lie close together say little of how far the cell reaches.
  return { position: { latitude, longitude }, range: Math.max(range ?? usual, usual / 5), ...rest };
}

/**
 * Stores made-up towers (the text of a cities/…-cells.csv) if there are none at all and no import is running, and answers
 * how many. Throws an Error that names every line that is no tower: the file is our own.
 */
export async function seedMadeUpCells(sql: Sql, csvText: string): Promise<number> {
  const towers: object[] = [];
  const faults: string[] = [];
  for (const [at, line] of csvText.split(/\r?\n/).entries()) {
    if (isSilent(line) || line.startsWith('radio,')) continue;
    const verdict = judgeCell(valuesOf(line) ?? [], { now: Date.UTC(2100, 0) });
    if (verdict.kind === 'row') {
      towers.push(Object.fromEntries(stagedCellColumns.map((name, column) => [name, verdict.values[column]])));
    } else faults.push(`line ${at + 1}: ${verdict.kind === 'rejected' ? verdict.reason : verdict.why}`);
  }
  if (faults.length > 0) throw new Error(`these made-up towers cannot be stored:\n${faults.join('\n')}`);
  return sql.execute(
    `INSERT INTO cells (radio, mcc, mnc, area, cell, latitude, longitude, range, samples, updated_at, made_up)
     SELECT radio, mcc, mnc, area, cell, latitude, longitude, range, samples, to_timestamp(updated), true
     FROM json_to_recordset($1::json) AS n (radio text, mcc smallint, mnc smallint, area int, cell bigint,
       latitude double precision, longitude double precision, range int, samples int, updated bigint)
     WHERE (SELECT pg_try_advisory_xact_lock(${importLock('cells')})) AND NOT EXISTS (SELECT FROM cells)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(towers)],
  );
}

/** Whether made-up towers are in use. */
export async function anyMadeUpCell(sql: Sql): Promise<boolean> {
  const found = await sql.first(
    z.object({ any: z.boolean() }),
    'SELECT EXISTS (SELECT FROM cells WHERE made_up) AS any',
  );
  return found?.any === true;
}
