import { openCells, stagedCellColumns, type CellChoice } from '../cells/cell-row.ts';
import { openSubscribers, stagedSubscriberColumns } from '../lines/subscriber-row.ts';
import type { Opening } from './import-row.ts';

/** What sets one kind of import apart from the other: how a line is judged, and the SQL from the staging table on. */
export interface ImportKind {
  readonly name: 'cells' | 'subscribers';
  /** Opens a file by its first line that is no comment. */
  open(first: readonly string[]): Opening;
  /** Why a comment at the head of the file forbids its import, if it does. */
  refusal(comment: string): string | undefined;
  /** The columns of the temporary table `staged`: the line's number, then what a verdict's values fill. */
  readonly staging: string;
  readonly columns: readonly string[];
  /** Selects from `staged` what would change, one row a key, with `is_new`. It becomes the temporary table `changes`. */
  readonly changes: string;
  /** The table and condition of rows that a finished import removes. */
  readonly removes: string | null;
  readonly update: string;
  readonly insert: string;
}

/** The first line of a file of made-up towers begins with this. */
export const madeUpMark = '# MADE-UP TOWERS';

/** Of several rows of one cell in a file the one with the latest `updated` counts, then the last. */
export function cellImport(choice: CellChoice): ImportKind {
  const key = 'radio, mcc, mnc, area, cell';
  const same = '(c.radio, c.mcc, c.mnc, c.area, c.cell) = (n.radio, n.mcc, n.mnc, n.area, n.cell)';
  const [newAt, storedAt] = [`coalesce(to_timestamp(n.updated), '-infinity')`, `coalesce(c.updated_at, '-infinity')`];
  return {
    name: 'cells',
    open: (first) => openCells(first, choice),
    refusal: (comment) =>
      comment.startsWith(madeUpMark)
        ? 'it says that its towers are made up, and would make them pass for real'
        : undefined,
    staging: `line bigint, radio text COLLATE "C", mcc smallint, mnc smallint, area int, cell bigint,
      latitude double precision, longitude double precision, range int, samples int, updated bigint`,
    columns: stagedCellColumns,
    changes: `SELECT n.*, c.cell IS NULL AS is_new
      FROM (SELECT DISTINCT ON (${key}) * FROM staged ORDER BY ${key}, updated DESC NULLS LAST, line DESC) n
      LEFT JOIN cells c ON ${same} AND NOT c.made_up
      WHERE c.cell IS NULL OR ${newAt} > ${storedAt}
        OR (${newAt} = ${storedAt}
            AND (n.latitude, n.longitude, n.range, n.samples) IS DISTINCT FROM (c.latitude, c.longitude, c.range, c.samples))`,
    removes: 'cells WHERE made_up',
    update: `UPDATE cells c SET latitude = n.latitude, longitude = n.longitude, range = n.range, samples = n.samples,
        updated_at = to_timestamp(n.updated)
      FROM changes n WHERE ${same} AND NOT n.is_new`,
    insert: `INSERT INTO cells (${key}, latitude, longitude, range, samples, updated_at)
      SELECT ${key}, latitude, longitude, range, samples, to_timestamp(updated) FROM changes WHERE is_new`,
  };
}

/** Of several rows of one number in a file the last counts. With `replace`, numbers that are not in the file go. */
export function subscriberImport({ replace }: { readonly replace: boolean }): ImportKind {
  const fields = 'name, address, district, latitude, longitude';
  const of = (table: string): string => `(${fields.replaceAll(/\w+/g, (field) => `${table}.${field}`)})`;
  return {
    name: 'subscribers',
    open: openSubscribers,
    refusal: () => undefined,
    staging: `line bigint, number text COLLATE "C", name text, address text, district text,
      latitude double precision, longitude double precision, usable boolean`,
    columns: stagedSubscriberColumns,
    changes: `SELECT n.*, s.number IS NULL AS is_new
      FROM (SELECT DISTINCT ON (number) * FROM staged WHERE usable ORDER BY number, line DESC) n
      LEFT JOIN subscribers s ON s.number = n.number
      WHERE s.number IS NULL OR ${of('n')} IS DISTINCT FROM ${of('s')}`,
    removes: replace ? 'subscribers s WHERE NOT EXISTS (SELECT FROM staged n WHERE n.number = s.number)' : null,
    update: `UPDATE subscribers s SET (${fields}, imported_at) = (n.name, n.address, n.district, n.latitude, n.longitude, now())
      FROM changes n WHERE s.number = n.number AND NOT n.is_new`,
    insert: `INSERT INTO subscribers (number, ${fields}, imported_at)
      SELECT number, ${fields}, now() FROM changes WHERE is_new`,
  };
}
