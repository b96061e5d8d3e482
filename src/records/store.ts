import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { timeColumn } from '../platform/text.ts';

const alarmRow = z.object({
  id: z.string(),
  code: z.string(),
  at: timeColumn,
  detail: z.record(z.string(), z.unknown()),
});

/** The latest alarms, newest first. */
export function latestAlarms(sql: Sql, limit: number): Promise<z.output<typeof alarmRow>[]> {
  return sql.rows(alarmRow, 'select id, code, at, detail from alarms order by at desc, id desc limit $1', [limit]);
}
