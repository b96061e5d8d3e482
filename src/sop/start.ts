import type { Agency, AgencyDirectory } from '../agencies/agency.ts';
import type { CallEntry } from '../calls/runner.ts';
import type { Config } from '../config.ts';
import type { Feed } from '../events/feed.ts';
import type { NotificationMessage } from '../notifications/message.ts';
import type { RecipientDirectory } from '../notifications/recipient.ts';
import type { NotifyWish } from '../notifications/tell.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { nothing } from '../platform/nothing.ts';
import { isUnavailable, type Postgres, type Sql } from '../platform/postgres.ts';
import { closeConnection, createProducerConnection, createWorkerConnection } from '../platform/redis.ts';
import type { ProjectorDeps } from '../records/projector.ts';
import { publishLine, type DispatchLine } from '../responders/dispatch-line.ts';
import { isConfidential } from '../routing/kind.ts';
import type { Settings } from '../settings/setting.ts';
import { createSopTimers } from './jobs.ts';
import { detailOf, lookAt, tellLimit, type LookDeps, type Looked } from './look.ts';
import { createClockMemory, type Moved } from './memory.ts';
import { lateNote } from './note.ts';
import type { SopClock } from './sop-clock.ts';
import {
  claimUntold,
  clocklessDispatches,
  dueDispatches,
  endedDispatches,
  openDispatches,
  readClocks,
  type Untold,
} from './store.ts';

export interface SopRoom {
  /** With the records of dispatches, in their transaction. */
  readonly alsoWrite: NonNullable<ProjectorDeps['alsoWrite']>;
  /** The clocks of these dispatches are looked at in this transaction; what it answers is done when that is committed. */
  readonly look: (sql: Sql, dispatchIds: readonly string[]) => Promise<() => void>;
  /** For REST, in the order in which they run. */
  readonly clocksOf: (dispatchIds: readonly string[]) => Promise<readonly SopClock[]>;
  /** An incident without a live call was changed, in this transaction. */
  readonly incidentChanged: (sql: Sql, incidentId: string) => Promise<void>;
  /** Hears of every entry of this process's calls. */
  readonly heardOf: (entry: CallEntry) => void;
  /** Hears what crews tell. */
  readonly heard: (line: DispatchLine) => void;
  /** What they tell cannot be read: the record is asked at once. */
  readonly missed: () => void;
  readonly stop: () => Promise<void>;
}

export interface SopDeps {
  config: Pick<Config, 'SIAGA_NODE' | 'SIAGA_REDIS_URL' | 'SIAGA_QUEUE_PREFIX'>;
  application: string;
  postgres: Postgres;
  clock: Clock;
  logger: Logger;
  settings: () => Settings;
  agencies: () => AgencyDirectory;
  recipients: () => RecipientDirectory;
  contactsOf: (agencyId: string) => readonly string[];
  notify: (wish: NotifyWish) => void;
  about: (incidentId: string) => Promise<{ message: NotificationMessage; callId: string | null } | undefined>;
  /** How the crew of a dispatch can say where it is; null where no links are sent. */
  linkOf: (dispatchId: string) => NotificationMessage['note'];
  feed: Feed;
  callOf: (incidentId: string) => string | null;
}

const sweepEvery = 5_000;
const atOnce = 100;
const noLimits: Agency['sop'] = { acceptSeconds: null, departSeconds: null, arriveSeconds: null };

/** The clocks of agencies' operating procedures: they warn, and tell one person after the other that an agency is late. */
export function startSop(deps: SopDeps): SopRoom {
  const { postgres, clock, logger, application, config } = deps;
  const looking: LookDeps = {
    sopOf: (agencyId) => deps.agencies().find(agencyId)?.sop ?? noLimits,
    ladderOf: (agencyId) => ({
      contacts: deps.contactsOf(agencyId),
      leaders: deps
        .recipients()
        .leaders()
        .map(({ id }) => id),
      every: deps.settings().sopEscalateSeconds * 1_000,
    }),
  };
  const memory = createClockMemory(looking);
  const producer = createProducerConnection(config.SIAGA_REDIS_URL, { logger, name: `${application}-sop` });
  const worker = createWorkerConnection(config.SIAGA_REDIS_URL, { logger, name: `${application}-sop-worker` });
  const { SIAGA_NODE: node, SIAGA_QUEUE_PREFIX: prefix } = config;
  const timers = createSopTimers({ node, prefix, producer, worker, clock, logger, due: (id) => lookNow([id]) });

  const tell = (one: Untold, message: NotificationMessage, callId: string | null): void => {
    const { dispatchId, clock: name, incidentId, agencyId, toTell } = one;
    const reason = { by: 'sop' as const, dispatchId, clock: name };
    const notify = (recipientIds: readonly string[], link: NotificationMessage['note']): void => {
      const note = lateNote(one.agencyName, name, one.seconds, link);
      if (recipientIds.length > 0)
        deps.notify({ incidentId, recipientIds, reason, message: { ...message, note }, callId });
    };
    // Leaders are told that the crew is late; where it is, its own agency says.
    const contacts = deps.contactsOf(agencyId);
    notify(
      toTell.filter((id) => contacts.includes(id)),
      deps.linkOf(dispatchId),
    );
    notify(
      toTell.filter((id) => !contacts.includes(id)),
      null,
    );
  };

  /** What is not on record in time the sweep tells again. */
  const tellSoon = (one: Untold): void => {
    deps
      .about(one.incidentId)
      .then((incident) => {
        if (incident !== undefined) tell(one, incident.message, incident.callId);
      })
      .catch((error: unknown) => logger.warn({ err: error, dispatchId: one.dispatchId }, 'somebody is told later'));
  };

  const finish = (looked: Looked) => (): void => {
    for (const one of looked.tell) tellSoon(one);
    for (const one of looked.wake) void timers.add(one);
  };

  const look: SopRoom['look'] = async (sql, dispatchIds) =>
    finish(await lookAt(sql, dispatchIds, looking, clock.now()));

  const lookNow = async (dispatchIds: readonly string[]): Promise<void> => {
    (await postgres.transaction((sql) => look(sql, dispatchIds)))();
  };

  const sweep = async (): Promise<void> => {
    const at = clock.now();
    const [due, clockless] = await Promise.all([
      dueDispatches(postgres, at, atOnce),
      clocklessDispatches(postgres, atOnce),
    ]);
    // Each by itself: what one fails at costs the others nothing.
    for (const id of new Set([...due, ...clockless])) {
      await lookNow([id]).catch((error: unknown) => {
        if (isUnavailable(error)) throw error;
        logger.error({ err: error, dispatchId: id }, 'the clocks of a dispatch cannot be looked at');
      });
    }
    for (const one of await claimUntold(postgres, at, at + tellLimit, atOnce)) tellSoon(one);
    memory.ended(await endedDispatches(postgres, memory.open()), at);
  };

  let sweeping = false;
  const sweepNow = (): void => {
    if (sweeping) return;
    sweeping = true;
    sweep()
      .catch((error: unknown) => {
        if (!isUnavailable(error)) logger.error({ err: error }, 'clocks cannot be looked at');
      })
      .finally(() => (sweeping = false));
  };
  const stopSweep = clock.every(sweepEvery, sweepNow);

  const fromMemory = (moved: Moved): void => {
    const { clock: one, incidentId, callId, message, agencyId, agencyName } = moved;
    for (const type of moved.events) {
      const confidential = isConfidential(message.kind);
      const line = { type, incidentId, confidential, at: clock.now(), detail: detailOf(one, moved) };
      publishLine({ feed: deps.feed, callOf: deps.callOf }, line);
    }
    if (moved.tell.length === 0) return;
    const { dispatchId, clock: name, seconds } = one;
    const late = { dispatchId, clock: name, seconds, incidentId, agencyId, agencyName, toTell: [...moved.tell] };
    tell(late, message, callId);
  };
  const stopMemory = clock.every(1_000, () => {
    for (const one of memory.move(clock.now(), postgres.reachable() === false)) fromMemory(one);
  });

  return {
    look,
    clocksOf: (dispatchIds) => readClocks(postgres, dispatchIds),
    heardOf: (entry) => memory.heardOf(entry),
    heard: (line) => memory.heard(line),
    missed: sweepNow,
    async alsoWrite(sql, entries) {
      const { dispatchIds, incidentIds } = concerned(entries);
      if (dispatchIds.length + incidentIds.length === 0) return nothing;
      // The records come first: what fails here takes none of them with it, and the sweep finds it.
      await sql.execute('savepoint sop');
      try {
        const after = await look(sql, [...new Set([...dispatchIds, ...(await openDispatches(sql, incidentIds))])]);
        await sql.execute('release savepoint sop');
        return after;
      } catch (error) {
        if (isUnavailable(error)) throw error;
        await sql.execute('rollback to savepoint sop');
        logger.error({ err: error }, 'clocks were not looked at with the records');
        return nothing;
      }
    },
    async incidentChanged(sql, incidentId) {
      // Nobody is told of what has ended: nothing is left to do when it is committed.
      await look(sql, await openDispatches(sql, [incidentId]));
    },
    async stop() {
      stopSweep();
      stopMemory();
      await timers.stop();
      closeConnection(producer);
      closeConnection(worker);
    },
  };
}

/** Which dispatches, and which incidents, entries tell something of: by their facts, whatever machine they come from. */
function concerned(entries: Parameters<NonNullable<ProjectorDeps['alsoWrite']>>[1]): {
  dispatchIds: string[];
  incidentIds: string[];
} {
  const dispatchIds: string[] = [];
  const incidentIds: string[] = [];
  for (const entry of entries) {
    if (!('facts' in entry)) continue;
    for (const { type, detail } of entry.facts) {
      const dispatchId: unknown = detail['dispatchId'];
      if (type.startsWith('dispatch.') && typeof dispatchId === 'string') dispatchIds.push(dispatchId);
      if (type === 'incident.changed' && entry.kind === 'call') incidentIds.push(entry.state.incident.id);
    }
  }
  return { dispatchIds, incidentIds };
}
