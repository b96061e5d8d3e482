import type { Sql } from '../platform/postgres.ts';
import type { ProjectorDeps } from './projector.ts';

type AlsoWrite = NonNullable<ProjectorDeps['alsoWrite']>;

/** Several that write with the records, one after the other in the same transaction. */
export function inTurn(...writers: readonly AlsoWrite[]): AlsoWrite {
  return async (sql, entries, logged) => {
    const after: (() => void)[] = [];
    for (const write of writers) after.push(await write(sql, entries, logged));
    return () => {
      for (const done of after) done();
    };
  };
}

/** Several that write with a person's change of an incident, in the same transaction. */
export function inOrder(
  ...writers: readonly ((sql: Sql, incidentId: string) => Promise<void>)[]
): (sql: Sql, incidentId: string) => Promise<void> {
  return async (sql, incidentId) => {
    for (const write of writers) await write(sql, incidentId);
  };
}
