import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Counter, Gauge } from 'prom-client';
import { z } from 'zod';
import type { OperatorState } from '../acd/operator.ts';
import type { CallEntry } from '../calls/runner.ts';
import type { Feed } from '../events/feed.ts';
import { roles } from '../platform/auth.ts';
import { pause, type Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { newId } from '../platform/ids.ts';
import { journalFiles, journalTouches, readJournalFile } from '../platform/journal-reader.ts';
import type { Journal } from '../platform/journal.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Postgres } from '../platform/postgres.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { createCelGatherer, readCelLine } from './cel.ts';
import { followFile } from './cel-tail.ts';
import type { AlarmEntry, Entry, LoggedCall } from './entry.ts';
import { startProjector, type Projector } from './projector.ts';
import { createSegments } from './segments.ts';

export interface RecordsRoom {
  readonly routes: Route[];
  /** A call's entry, already in the journal. */
  readonly recorded: (entry: CallEntry, segment: string) => void;
  readonly operatorChanged: (operatorId: string, state: OperatorState, reason: string | null, at: number) => void;
  readonly alarm: (code: string, detail: AlarmEntry['detail']) => void;
  /** SIP Call-IDs that reached the dialplan lately, by Asterisk's own log. */
  readonly sawSipCall: (sipCallId: string) => boolean;
  readonly projector: Projector;
  readonly stop: () => Promise<void>;
}

export interface RecordsDeps {
  postgres: Postgres;
  journal: Journal;
  directory: string;
  /** Asterisk's channel event log; null when it is not on this machine. */
  celFile: string | null;
  node: string;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  feed: Feed;
  /** A call that this controller knows and goes on with. */
  ownsChannel: (channelId: string) => boolean;
  /** Every record of an ended call is in PostgreSQL. */
  projected: (callId: string, sequence: number) => void;
}

/** A journal that nobody has touched for so long belongs to a process that is dead. */
const deadAfter = 10_000;
const touchedWithin = 2_500;
/** A controller that takes the call of the log is given this long to say so. */
const celPatience = 3_000;

export async function startRecords(deps: RecordsDeps): Promise<RecordsRoom> {
  const { postgres, journal, directory, clock, logger, feed } = deps;
  const { registry } = deps.metrics;
  const alarms = new Counter({
    name: 'siaga_alarms_total',
    help: 'Alarms raised, by code',
    labelNames: ['code'],
    registers: [registry],
  });
  const segments = createSegments((segment) => journal.drop(segment));

  const replayOwn = async (): Promise<{ entry: Entry; segment: string }[]> => {
    const all = [];
    for (const { segment, owner } of await journalFiles(directory)) {
      if (owner === journal.name) all.push(...(await readEntries(directory, segment, logger)));
    }
    return all;
  };

  const projector = startProjector({
    postgres,
    clock,
    logger,
    directory,
    replay: replayOwn,
    projected(entries) {
      for (const { entry, segment } of entries) {
        segments.projected(segment);
        if (entry.kind === 'call') deps.projected(entry.callId, entry.sequence);
      }
    },
    refused: (entry, reason) => alarm('record-refused', { kind: entry.kind, reason }),
    logged(calls) {
      for (const { id, incidentId, outcome, reason } of calls) {
        feed.publish({ type: 'call.logged', callId: id, incidentId, detail: { outcome, reason } }, clock.now());
      }
    },
  });
  new Gauge({
    name: 'siaga_records_waiting',
    help: 'Journal entries that PostgreSQL has not got yet',
    registers: [registry],
    collect() {
      this.set(projector.waiting());
    },
  });

  const write = (entry: Exclude<Entry, CallEntry>): void => {
    const { segment } = journal.append(entry);
    segments.written(segment, null, true);
    projector.take(entry, segment);
  };

  const alarm: RecordsRoom['alarm'] = (code, detail) => {
    const at = clock.now();
    alarms.inc({ code });
    logger.error({ code, detail }, 'alarm');
    write({ kind: 'alarm', id: newId(at), at, code, detail });
    feed.publish({ type: 'alarm.raised', callId: null, incidentId: null, detail: { code, ...detail } }, at);
  };

  const log = await followLog(deps, (call) => write({ kind: 'logged-call', call }));

  const adoptRecords = async (): Promise<void> => {
    const found = await journalFiles(directory);
    // The clocks of two processes may be apart: one that lives has touched its file again by now.
    await pause(clock, touchedWithin);
    const touches = await journalTouches(directory);
    for (const { segment, owner, touchedAt } of found) {
      if (owner === journal.name || clock.now() - touchedAt < deadAfter || segments.knows(segment)) continue;
      const lastOfOwner = Math.max(...found.filter((one) => one.owner === owner).map((one) => one.touchedAt));
      if (touches.get(owner) !== lastOfOwner) continue;
      const entries = await readEntries(directory, segment, logger);
      logger.info({ segment, entries: entries.length }, 'projecting what another process start left');
      for (const one of entries) {
        segments.written(segment, null, true);
        projector.take(one.entry, segment);
      }
      if (entries.length === 0) journal.drop(segment);
    }
  };
  const sweep = (): void => {
    adoptRecords().catch((error: unknown) => logger.warn({ err: error }, 'older journals could not be read'));
  };
  sweep();
  const stopSweep = clock.every(deadAfter, sweep);

  return {
    routes: [alarmsRoute(postgres)],
    recorded(entry, segment) {
      segments.written(segment, entry.callId, entry.state.endedAt !== null);
      projector.take(entry, segment);
      entry.facts.forEach((fact) => {
        feed.publish(
          { type: fact.type, callId: entry.callId, incidentId: entry.state.incident.id, detail: fact.detail },
          entry.at,
        );
      });
    },
    operatorChanged(operatorId, state, reason, at) {
      write({ kind: 'operator', operatorId, at, state, reason });
      feed.publish(
        { type: 'operator.state', callId: null, incidentId: null, detail: { operatorId, state, reason } },
        at,
      );
    },
    alarm,
    sawSipCall: (sipCallId) => log?.sawSipCall(sipCallId) ?? false,
    projector,
    async stop() {
      stopSweep();
      log?.stop();
      if (!(await projector.drained(3_000))) {
        logger.warn({ waiting: projector.waiting() }, 'records wait in the journal; the next start brings them home');
      }
      await projector.stop();
    },
  };
}

async function readEntries(
  directory: string,
  segment: string,
  logger: Logger,
): Promise<{ entry: Entry; segment: string }[]> {
  const entries: { entry: Entry; segment: string }[] = [];
  for (const read of await readJournalFile(directory, segment)) {
    if (!read.ok) {
      logger.warn({ segment, offset: read.offset, reason: read.reason }, 'a journal line could not be read');
    } else if (isEntry(read.value)) {
      entries.push({ entry: read.value, segment });
    }
  }
  return entries;
}

const entryKind = z.object({ kind: z.enum(['call', 'alarm', 'operator', 'logged-call']) });

/** The checksum vouches that the line is as this program wrote it; the kind, that it is a record. */
function isEntry(value: unknown): value is Entry {
  return entryKind.safeParse(value).success;
}

/** How much of the log is read again at most: at the very first start, or after its place was lost. */
const mostReadAgain = 64 * 1024 * 1024;

/**
 * Makes records of calls that this controller does not know to their end. The place that is kept is where the oldest call
 * begins that is still open or not written yet: whoever reads on from there misses none. What is read twice changes
 * nothing (write.ts), so that in doubt the log is read from its beginning.
 */
async function followLog(
  deps: RecordsDeps,
  write: (call: LoggedCall) => void,
): Promise<{ stop: () => void; sawSipCall: (sipCallId: string) => boolean } | null> {
  const { celFile, clock, logger } = deps;
  if (celFile === null) return null;
  const unwritten = new Map<string, number>();
  const gatherer = createCelGatherer({
    node: deps.node,
    onEnded(call, start) {
      unwritten.set(call.channelId, start);
      // The log can be faster than the event socket.
      clock.after(celPatience, () => {
        if (!deps.ownsChannel(call.channelId)) write(call);
        unwritten.delete(call.channelId);
      });
    },
  });
  const position = diskCopy(join(deps.directory, 'cel-position.json'), z.object({ bytes: z.number() }), logger);
  const from = (await position.read())?.bytes ?? Math.max(0, (await sizeOf(celFile)) - mostReadAgain);
  let kept = from;
  const { stop } = followFile({
    path: celFile,
    from,
    clock,
    logger,
    onLine(line, start) {
      const event = readCelLine(line);
      if (event !== null) gatherer.take(event, start);
    },
    onPosition(read) {
      const bytes = Math.min(read, gatherer.oldest() ?? read, ...unwritten.values());
      if (bytes === kept) return;
      kept = bytes;
      position.write({ bytes }).catch((error: unknown) => logger.debug({ err: error }, 'log position not kept'));
    },
  });
  return { stop, sawSipCall: gatherer.sawSipCall };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

function alarmsRoute(postgres: Postgres): Route {
  const alarmRow = z.object({
    id: z.string(),
    code: z.string(),
    at: z.date(),
    detail: z.record(z.string(), z.unknown()),
  });
  return defineRoute({
    method: 'GET',
    path: '/v1/alarms',
    summary: 'The latest alarms, newest first',
    roles,
    input: { query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) }) },
    response: {
      200: z.object({
        items: z.array(alarmRow.extend({ at: z.string() })),
        next: z.null(),
      }),
    },
    handler: async ({ query }) => {
      const rows = await postgres.rows(
        alarmRow,
        'select id, code, at, detail from alarms order by at desc, id desc limit $1',
        [query.limit],
      );
      return { status: 200, body: { items: rows.map((row) => ({ ...row, at: row.at.toISOString() })), next: null } };
    },
  });
}
