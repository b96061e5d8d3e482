import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import type { LiveThing } from '../platform/whose.ts';

const row = z.object({ over: z.boolean() });

const statements: Readonly<Record<LiveThing['kind'], string>> = {
  call: 'select (ended_at is not null or outcome is not null) as over from calls where id = $1',
  incident: `select not exists (select 1 from calls c where c.incident_id = i.id and c.ended_at is null and c.outcome is null)
    as over from incidents i where i.id = $1`,
  dispatch: 'select ended_at is not null as over from dispatches where id = $1',
  outgoing: 'select ended_at is not null as over from outgoing_calls where id = $1',
};

/** Whether it is over on record: then no controller has it. What is not on record may have begun a moment ago. */
export async function isOver(sql: Sql, { kind, id }: LiveThing): Promise<boolean> {
  return (await sql.first(row, statements[kind], [id]))?.over ?? false;
}
