import { z } from 'zod';
import type { Sql } from '../../platform/postgres.ts';
import type { Position } from '../fix.ts';

/** Whom a fixed line belongs to, and where it ends. Personal data: never in logs. */
interface Subscriber {
  /** E.164. */
  readonly number: string;
  readonly name: string;
  readonly address: string;
  readonly district: string;
  readonly position: Position | null;
}

const row = z.object({
  number: z.string(),
  name: z.string(),
  address: z.string(),
  district: z.string(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
});

/** The subscriber of a fixed line, by its number in E.164 (+62…). */
export async function findSubscriber(sql: Sql, number: string): Promise<Subscriber | undefined> {
  const found = await sql.first(
    row,
    'SELECT number, name, address, district, latitude, longitude FROM subscribers WHERE number = $1',
    [number],
  );
  if (found === undefined) return undefined;
  const { latitude, longitude, ...rest } = found;
  return { ...rest, position: latitude === null || longitude === null ? null : { latitude, longitude } };
}
