import { Counter, Gauge } from 'prom-client';
import type { CallEntry } from '../calls/runner.ts';
import type { IntakeDeps } from '../calls/intake.ts';
import { screenOfCall } from '../calls/view.ts';
import type { WithoutCallEntry } from '../dispatch/without-call/without-call.ts';
import type { Feed } from '../events/feed.ts';
import { isConfidential } from '../routing/kind.ts';
import type { ReceivedAml } from '../location/aml/aml-received.ts';
import type { NotificationEntry } from '../notifications/notification.ts';
import type { OutgoingEntry } from '../outgoing/outgoing.ts';
import { newId } from '../platform/ids.ts';
import type { OwnJournal } from '../platform/journal.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import type { LiveThing } from '../platform/whose.ts';
import { putAway, watchForDead } from './adopt.ts';
import { followLog, type CelLogDeps } from './cel-log.ts';
import type { AlarmEntry, Entry, OperatorEntry, SessionEntry } from './entry.ts';
import { type Projector, type ProjectorDeps, startProjector } from './projector.ts';
import { isOver } from './is-over.ts';
import { alarmRoutes } from './routes.ts';
import { createSegments } from './segments.ts';

export interface RecordsRoom {
  readonly routes: Route[];
  /** A call's entry, the latest in the journal. */
  readonly recorded: (entry: CallEntry) => void;
  readonly operatorChanged: (change: Omit<OperatorEntry, 'kind'>) => void;
  /** Somebody logged in or out. */
  readonly sessionChanged: (session: Omit<SessionEntry, 'kind'>) => void;
  readonly alarm: (code: string, detail: AlarmEntry['detail']) => void;
  /** A call to the outside has gone on. */
  readonly outgoing: (entry: OutgoingEntry) => void;
  /** A notification has gone on. */
  readonly notification: (entry: NotificationEntry) => void;
  /** Dispatches without a call have gone on. */
  readonly withoutCall: (entry: WithoutCallEntry) => void;
  /** Keeps a phone's own location message. */
  readonly keepAml: (aml: ReceivedAml) => void;
  /** An ended call was told where its caller is: the screens are told as well. */
  readonly locatedLater: (callId: string, incidentId: string) => void;
  /** SIP Call-IDs that reached the dialplan lately, by Asterisk's own log. */
  readonly sawSipCall: (sipCallId: string) => boolean;
  /** Another process start is known to be dead: what it wrote is projected now. */
  readonly ofDead: (owner: string) => void;
  /** Whether something is over on record. Rejects while PostgreSQL is away. */
  readonly isOver: (thing: LiveThing) => Promise<boolean>;
  readonly projector: Projector;
  readonly stop: () => Promise<void>;
}

interface RecordsDeps extends CelLogDeps {
  postgres: Postgres;
  journal: OwnJournal;
  metrics: Metrics;
  feed: Feed;
  /** What an INVITE says of who calls and from where. */
  introduce: IntakeDeps['introduce'];
  /** Every record of an ended call is in PostgreSQL. */
  projected: (callId: string, sequence: number) => void;
  alsoWrite?: ProjectorDeps['alsoWrite'];
}

export async function startRecords(deps: RecordsDeps): Promise<RecordsRoom> {
  const { postgres, journal, directory, clock, logger, feed } = deps;
  const { registry } = deps.metrics;
  const alarms = new Counter({
    name: 'siaga_alarms_total',
    help: 'Alarms raised, by code',
    labelNames: ['code'],
    registers: [registry],
  });
  const segments = createSegments({
    drop: (segment) => journal.drop(segment),
    retire(segment) {
      void putAway(deps, segment).then((away) => {
        if (away) segments.forget(segment);
      });
    },
  });
  const projector = startProjector({
    postgres,
    clock,
    logger,
    directory,
    segments,
    ...(deps.alsoWrite === undefined ? {} : { alsoWrite: deps.alsoWrite }),
    projected(entry) {
      if (entry.kind === 'call') deps.projected(entry.callId, entry.sequence);
    },
    refused(entry, reason) {
      // An alarm about an alarm would be refused as well, without end.
      if (entry.kind !== 'alarm') alarm('record-refused', { kind: entry.kind, reason });
    },
    damaged: (segment, lines) => alarm('journal-damaged', { segment, lines }),
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
    projector.take(entry, journal.append(entry));
  };

  const alarm: RecordsRoom['alarm'] = (code, detail) => {
    const at = clock.now();
    alarms.inc({ code });
    logger.error({ code, detail }, 'alarm');
    write({ kind: 'alarm', id: newId(at), at, code, detail });
    feed.publish({ type: 'alarm.raised', callId: null, incidentId: null, detail: { code, ...detail } }, at);
  };

  const log = await followLog(deps, (call) => {
    const { origin, id: callId, incidentId, arrivedAt } = call;
    const introduction = origin ? deps.introduce(origin, { callId, incidentId, arrivedAt }) : null;
    write({ kind: 'logged-call', call: { ...call, introduction } });
  });

  const { stop: stopWatching, ofDead } = watchForDead({
    directory,
    name: journal.name,
    clock,
    logger,
    knows: (segment) => segments.knows(segment),
    adopt: (segment) => projector.adopt(segment),
  });

  return {
    routes: alarmRoutes(postgres),
    recorded(entry) {
      projector.take(entry, journal.position());
      const { callId, state, at } = entry;
      for (const { type, detail } of entry.facts) {
        // The timeline keeps that a screen was told; the screen gets the whole of it.
        const shown = type.startsWith('screen.') ? { ...detail, call: screenOfCall(state) } : detail;
        feed.publish({ type, callId, incidentId: state.incident.id, detail: shown }, at);
      }
    },
    outgoing(entry) {
      write(entry);
      const { incidentId } = entry.state;
      for (const { type, detail } of entry.facts) feed.publish({ type, callId: null, incidentId, detail }, entry.at);
    },
    notification(entry) {
      write(entry);
      const { incidentId, callId, message } = entry.state;
      // Without a call nobody can tell who may know of it.
      const hidden = callId === null && isConfidential(message.kind);
      for (const { type, detail } of entry.facts) {
        feed.publish({ type, callId, incidentId, detail: hidden ? {} : detail }, entry.at);
      }
    },
    withoutCall(entry) {
      write(entry);
      const { incidentId, about } = entry.state;
      // Without a call nobody can tell who may know of it.
      const hidden = isConfidential(about.kind);
      for (const { type, detail } of entry.facts) {
        feed.publish({ type, callId: null, incidentId, detail: hidden ? {} : detail }, entry.at);
      }
    },
    operatorChanged(change) {
      write({ kind: 'operator', ...change });
      const { at, ...detail } = change;
      feed.publish({ type: 'operator.state', callId: null, incidentId: null, detail }, at, 'line');
    },
    sessionChanged: (session) => write({ kind: 'operator-session', ...session }),
    alarm,
    keepAml: (aml) => write({ kind: 'aml', aml }),
    locatedLater(callId, incidentId) {
      // Whom the call concerns the feed may not know any more: whoever may know asks for the call.
      feed.publish({ type: 'location.added-later', callId, incidentId, detail: {} }, clock.now());
    },
    ofDead,
    sawSipCall: (sipCallId) => log?.sawSipCall(sipCallId) ?? false,
    isOver: (thing) => isOver(postgres, thing),
    projector,
    async stop() {
      stopWatching();
      log?.stop();
      if (!(await projector.drained(3_000))) {
        logger.warn({ waiting: projector.waiting() }, 'records wait in the journal; the next start brings them home');
      }
      await projector.stop();
    },
  };
}
