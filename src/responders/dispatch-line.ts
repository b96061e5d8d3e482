import { z } from 'zod';
import type { Feed } from '../events/feed.ts';
import type { Cancel } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { storableJson } from '../platform/postgres-text.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import { isoTime } from '../platform/text.ts';
import { isConfidential } from '../routing/kind.ts';

const channel = 'siaga_dispatch_lines';

const told = z.object({
  type: z.string(),
  incidentId: z.string(),
  confidential: z.boolean(),
  at: z.number(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

/** What a dispatch's clocks and its crew tell, as every controller hears it. */
export type DispatchLine = z.output<typeof told>;

/** Where a line stands among those of its dispatch at the same moment. */
const linePlaces = ['acknowledged', 'en-route', 'on-scene', 'done', 'sop.warning', 'sop.overdue'] as const;

/**
 * Adds a line to the incident's timeline, and tells every controller's feed once the transaction is through. `at`: epoch
 * milliseconds.
 */
export async function addDispatchLine(
  sql: Sql,
  dispatch: { readonly id: string; readonly incidentId: string; readonly kind: string | null },
  line: {
    type: string;
    place: (typeof linePlaces)[number];
    index?: number;
    at: number;
    detail: DispatchLine['detail'];
  },
): Promise<void> {
  const { type, at, detail } = line;
  await sql.execute(
    `insert into timeline (outgoing_id, claimed_at, sequence, position, incident_id, at, type, detail)
     values ($1,$2,$3,$4,$5,$6,$7,$8) on conflict do nothing`,
    [
      dispatch.id,
      at,
      1_000 + linePlaces.indexOf(line.place),
      line.index ?? 0,
      dispatch.incidentId,
      isoTime(at),
      type,
      storableJson(detail),
    ],
  );
  const confidential = isConfidential(dispatch.kind);
  const heard: DispatchLine = { type, incidentId: dispatch.incidentId, confidential, at, detail };
  await sql.execute('select pg_notify($1, $2)', [channel, JSON.stringify(heard)]);
}

/** Puts what any controller wrote on this one's feed. `heard` hears it as well; `missed`, that a line cannot be read. */
export function followDispatchLines(deps: {
  postgres: Pick<Postgres, 'listen'>;
  feed: Pick<Feed, 'publish'>;
  logger: Logger;
  /** The live call of an incident, by which the feed knows who may know of it. */
  callOf: (incidentId: string) => string | null;
  heard: (line: DispatchLine) => void;
  missed: () => void;
}): Cancel {
  return deps.postgres.listen(channel, (payload) => {
    if (payload === undefined) return;
    const line = readLine(payload);
    if (line === undefined) {
      deps.logger.warn('a line that cannot be read, of another version perhaps, is not on the feed');
      return deps.missed();
    }
    publishLine(deps, line);
    deps.heard(line);
  });
}

/** Whoever may write to the database may send anything on the channel. */
function readLine(payload: string): DispatchLine | undefined {
  try {
    return told.parse(JSON.parse(payload));
  } catch {
    return undefined;
  }
}

/** Without a call nobody can tell who may know of it: of a confidential incident only the type is told then. */
export function publishLine(
  { feed, callOf }: { feed: Pick<Feed, 'publish'>; callOf: (incidentId: string) => string | null },
  { type, incidentId, confidential, at, detail }: DispatchLine,
): void {
  const callId = callOf(incidentId);
  feed.publish({ type, callId, incidentId, detail: callId === null && confidential ? {} : detail }, at);
}
