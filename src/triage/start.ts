import { join } from 'node:path';
import { z } from 'zod';
import { e164 } from '../calls/identity.ts';
import type { RecordAudit } from '../audit/audit.ts';
import type { IntakeDeps } from '../calls/intake.ts';
import type { CallEntry, CallRunner } from '../calls/runner.ts';
import type { Feed } from '../events/feed.ts';
import type { Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { messageOf } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { startLiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import { nothing } from '../platform/nothing.ts';
import { isUnavailable, type Postgres, type Sql } from '../platform/postgres.ts';
import { closeConnection, createProducerConnection, createWorkerConnection } from '../platform/redis.ts';
import type { Route } from '../platform/route.ts';
import type { ProjectorDeps } from '../records/projector.ts';
import type { Settings } from '../settings/setting.ts';
import { listReported } from './callback-listing.ts';
import { callbackRoutes, type CallbackRouteDeps } from './callback-routes.ts';
import { callbacksChannel, notify } from './callback-store.ts';
import { createCallbacks, type Callbacks } from './callbacks.ts';
import { createCallbackJobs } from './jobs.ts';
import { createLifter } from './lift.ts';
import { nuisanceChannel, readScored, scoreIncident } from './nuisance-store.ts';
import type { AbandonedCall } from './redial.ts';
import { createRedialIndex } from './redial-index.ts';
import { abandonedSchema, readAbandoned } from './redial-store.ts';
import { nuisanceRoutes } from './routes.ts';
import { keysOf, nuisanceOf, nuisanceReasons, scoreOf, type Contribution, type NuisanceKey } from './score.ts';
import { workOf, writeTriage } from './write.ts';

export interface TriageRoom {
  readonly routes: Route[];
  /** For calls that arrive: from memory, and never a throw. */
  readonly nuisanceOf: IntakeDeps['nuisanceOf'];
  readonly earlierOf: IntakeDeps['earlierOf'];
  /** Hears of every entry of this process's calls, right after it was written. */
  readonly recorded: (entry: CallEntry) => void;
  /** With the records of calls, in their transaction. */
  readonly alsoWrite: NonNullable<ProjectorDeps['alsoWrite']>;
  /** An incident whose calls are over was changed by a person, in this transaction. */
  readonly incidentChanged: (sql: Sql, incidentId: string) => Promise<void>;
  readonly callbacks: Callbacks;
  /** In a transaction: lists who wants to be called back after a report; what it answers is done when that is committed. */
  readonly listReported: (
    sql: Sql,
    wish: Omit<Parameters<typeof listReported>[1], 'id' | 'at' | 'number'> & { number: string },
  ) => Promise<() => void>;
  readonly stop: () => Promise<void>;
}

const contribution = z.object({
  kind: z.enum(['number', 'imei']),
  key: z.string(),
  at: z.number(),
  reason: z.enum(nuisanceReasons),
  points: z.number(),
  callId: z.string(),
}) satisfies z.ZodType<Contribution>;

/** Calls that may be none: nuisance scores, abandoned calls, redials. */
export async function startTriage(deps: {
  postgres: Postgres;
  stateDir: string;
  clock: Clock;
  logger: Logger;
  audit: RecordAudit;
  feed: Feed;
  settings: () => Settings;
  runner: () => CallRunner;
  closeIncident: CallbackRouteDeps['closeIncident'];
  alarm: (code: string, detail: Record<string, string>) => void;
  node: string;
  application: string;
  redisUrl: string;
  queuePrefix: string;
}): Promise<TriageRoom> {
  const { postgres, clock, logger, settings, stateDir } = deps;
  const common = { postgres, clock, logger };
  const [scores, abandoned] = await Promise.all([
    startLiveCopy<Contribution[]>({
      ...common,
      name: 'nuisance',
      channel: nuisanceChannel,
      read: () => {
        const { nuisance, identityLimit } = settings();
        const { lowerAt, challengeAt, halfLifeHours } = nuisance;
        // Somewhat less than what counts: a setting may be lowered between two looks.
        const from = Math.min(lowerAt, challengeAt ?? lowerAt) / 2;
        return readScored(postgres, { at: clock.now(), halfLifeHours, from, identityLimit });
      },
      disk: diskCopy(join(stateDir, 'nuisance.json'), z.array(contribution), logger),
      builtIn: [],
    }),
    startLiveCopy<AbandonedCall[]>({
      ...common,
      name: 'abandoned calls',
      channel: callbacksChannel,
      read: () => {
        const { redialSeconds, identityLimit } = settings();
        return readAbandoned(postgres, { since: clock.now() - redialSeconds * 1_000, identityLimit });
      },
      disk: diskCopy(join(stateDir, 'abandoned-calls.json'), z.array(abandonedSchema), logger),
      builtIn: [],
    }),
  ]);

  let byKey = group(scores.current());
  const lifter = createLifter({ runner: deps.runner });
  const redials = createRedialIndex({
    stored: abandoned.current,
    calls: () => deps.runner().all(),
    redialSeconds: () => settings().redialSeconds,
  });

  const scoreOfCaller = (keys: readonly NuisanceKey[], at: number) => {
    const { nuisance } = settings();
    const found = keys.map((key) => scoreOf(byKey.get(`${key.kind} ${key.key}`) ?? [], nuisance, at));
    const highest = found.sort((a, b) => b.score - a.score)[0];
    return highest === undefined ? null : nuisanceOf(highest, nuisance);
  };
  scores.onChange((contributions) => {
    byKey = group(contributions);
    const at = clock.now();
    const why = { by: 'triage', reason: 'the score was lifted' };
    lifter.lift((call) => scoreOfCaller(keysOf(call.identity), at) === null, why, at);
  });

  const producer = createProducerConnection(deps.redisUrl, { logger, name: `${deps.application}-callbacks` });
  const worker = createWorkerConnection(deps.redisUrl, { logger, name: `${deps.application}-callbacks-worker` });
  const callbacks = createCallbacks({
    ...common,
    feed: deps.feed,
    settings,
    jobs: (due) => createCallbackJobs({ ...common, node: deps.node, prefix: deps.queuePrefix, producer, worker, due }),
  });

  /** A fault here must not cost a caller his call: he is served like any other. */
  const safely = <T>(what: string, work: () => T | null): T | null => {
    try {
      return work();
    } catch (error) {
      logger.error({ err: error }, `${what} failed`);
      return null;
    }
  };
  const limits = () => {
    const { nuisance, redialSeconds, identityLimit } = settings();
    return { weights: nuisance, redialSeconds, identityLimit };
  };
  let troubled = false;

  return {
    callbacks,
    nuisanceOf: (identity, at) => safely('scoring a caller', () => scoreOfCaller(keysOf(identity), at)),
    earlierOf: (identity, callId, at) =>
      safely('looking for an earlier call', () => redials.earlierOf(identity, callId, at)),
    recorded(entry) {
      safely('noting a call for redials', () => {
        redials.recorded(entry);
        lifter.recorded(entry);
        return null;
      });
    },
    async alsoWrite(sql, entries, logged) {
      const work = workOf(entries, logged);
      if (work === null) return nothing;
      // The records of the calls come first: what fails here takes none of them with it.
      await sql.execute('savepoint triage');
      try {
        const changes = await writeTriage(sql, work, { ...limits(), newId: () => newId(clock.now()) });
        await sql.execute('release savepoint triage');
        troubled = false;
        return () => callbacks.tell(changes);
      } catch (error) {
        if (isUnavailable(error)) throw error;
        await sql.execute('rollback to savepoint triage');
        logger.error({ err: error }, 'scores and callbacks were not written');
        // Once, not for every call: the sweep lists what was missed.
        return () => {
          if (!troubled) deps.alarm('triage-failed', { reason: messageOf(error) });
          troubled = true;
        };
      }
    },
    async listReported(sql, { number, ...wish }) {
      const at = clock.now();
      const one = await listReported(sql, { ...wish, id: newId(at), at, number: e164(number) });
      return () => callbacks.tell({ listed: one === null ? [] : [one], changed: [] });
    },
    async incidentChanged(sql, incidentId) {
      await scoreIncident(sql, incidentId, { ...limits(), at: clock.now() });
      await notify(sql);
    },
    routes: [
      ...nuisanceRoutes({
        ...common,
        audit: deps.audit,
        weights: () => settings().nuisance,
        async lifted(key, by, reason) {
          const isHis = ({ identity }: { identity: Parameters<typeof keysOf>[0] }): boolean =>
            keysOf(identity).some((one) => one.kind === key.kind && one.key === key.key);
          lifter.lift(isHis, { by, reason }, clock.now());
          await scores.reload();
        },
      }),
      ...callbackRoutes({
        ...common,
        audit: deps.audit,
        changed: (one) => callbacks.tell({ listed: [], changed: [one] }),
        closeIncident: deps.closeIncident,
      }),
    ],
    async stop() {
      scores.stop();
      abandoned.stop();
      await callbacks.stop();
      closeConnection(producer);
      closeConnection(worker);
    },
  };
}

function group(contributions: readonly Contribution[]): Map<string, Contribution[]> {
  const groups = new Map<string, Contribution[]>();
  for (const one of contributions) {
    const key = `${one.kind} ${one.key}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}
