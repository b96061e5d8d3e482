import { z } from 'zod';
import type { Sql } from '../../platform/postgres.ts';
import { geoJsonOf, type DistrictMap } from './district-map.ts';
import { readDistrictMap } from './read-district-map.ts';

/** NOTIFY on it tells every process that there is another map. */
export const districtMapChannel = 'siaga_district_map';

/** The map with its version; 0 where none is stored. */
export interface StoredMap {
  readonly version: number;
  /** Differs whenever the row does: after a restored backup a version can come twice. Null where none is stored. */
  readonly edition: string | null;
  readonly map: DistrictMap;
}

const editionColumn = `extract(epoch FROM updated_at)::text`;
const storedMap = z.object({ version: z.number(), edition: z.string(), content: z.unknown() });

/**
 * The map, or `known` itself while it is what is stored, so that its megabytes are read once only. Undefined when none is
 * stored. Throws when what is stored is no map.
 */
export async function readStoredMap(sql: Sql, known?: StoredMap): Promise<StoredMap | undefined> {
  const row = await sql.first(
    storedMap,
    `SELECT version, ${editionColumn} AS edition,
            CASE WHEN version = $1 AND ${editionColumn} = $2 THEN NULL ELSE content END AS content
     FROM district_map`,
    [known?.version ?? null, known?.edition ?? null],
  );
  if (!row) return undefined;
  if (row.content === null && known) return known;
  const { map, faults } = readDistrictMap(row.content);
  if (!map) throw new Error(`the stored district map has faults: ${faults.join(' ')}`);
  return { version: row.version, edition: row.edition, map };
}

/** Stores the city's map, unless there is one already. */
export async function seedStoredMap(sql: Sql, map: DistrictMap): Promise<void> {
  await sql.execute(
    `INSERT INTO district_map (version, content, updated_by) VALUES (1, $1, 'city') ON CONFLICT DO NOTHING`,
    [JSON.stringify(geoJsonOf(map))],
  );
}

/** The version of the stored map and whether it is this one, locked until the transaction ends. Undefined when none is stored. */
export function lockStoredMap(
  sql: Sql,
  map: DistrictMap,
): Promise<{ readonly version: number; readonly same: boolean } | undefined> {
  return sql.first(
    z.object({ version: z.number(), same: z.boolean() }),
    'SELECT version, content = $1::jsonb AS same FROM district_map FOR UPDATE',
    [JSON.stringify(geoJsonOf(map))],
  );
}

/** Stores the map in place of the one that is there, tells every process, and answers its version. */
export async function replaceStoredMap(sql: Sql, map: DistrictMap, updatedBy: string): Promise<number> {
  const row = await sql.first(
    z.object({ version: z.number() }),
    `INSERT INTO district_map AS stored (version, content, updated_by) VALUES (1, $1, $2)
     ON CONFLICT (only_row) DO UPDATE
       SET version = stored.version + 1, content = excluded.content, updated_by = excluded.updated_by, updated_at = now()
     RETURNING version`,
    [JSON.stringify(geoJsonOf(map)), updatedBy],
  );
  if (!row) throw new Error('the district map was not stored');
  await sql.execute('SELECT pg_notify($1, $2)', [districtMapChannel, String(row.version)]);
  return row.version;
}

/** The districts of the stored settings, locked against change until the transaction ends; undefined before the first start. */
export async function lockSettingsDistricts(sql: Sql): Promise<readonly string[] | undefined> {
  const row = await sql.first(
    z.object({ districts: z.array(z.string()).nullable() }),
    `SELECT content->'districts' AS districts FROM settings FOR SHARE`,
  );
  return row && (row.districts ?? []);
}
