import { join } from 'node:path';
import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { startLiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import { type Postgres, type Sql } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import {
  agencySchema,
  directoryOf,
  type AgencyDirectory,
  type AgencyDraft,
  type Trunk,
  type TrunkHealth,
  type TrunkState,
} from './agency.ts';
import { agencyRoutes } from './routes.ts';
import { validateAgency } from './validate.ts';
import { agenciesChannel, lockConfiguration, readAgencies, readTrunkAccounts, seedAgencies } from './store.ts';
import { usableWith } from './way.ts';

export interface AgenciesRoom {
  readonly routes: Route[];
  /** Synchronous, from memory. */
  readonly current: () => AgencyDirectory;
  /** Called after each change, with the whole directory. */
  readonly onChange: (fn: (directory: AgencyDirectory) => void) => Cancel;
  /** A deletion is refused while any of these names something that needs the agency. */
  readonly guardDeletion: (neededBy: NeededBy) => void;
  /** An edit is refused while any of these names something that needs a trunk which it takes away. */
  readonly guardTrunks: (neededBy: TrunksNeededBy) => void;
  /** What agencies may name; until this is said, anything. */
  readonly checkAgainst: (known: Known) => void;
  /** Inside a transaction: the agencies that have a recipient among their contacts, as `agency/<id>`. */
  readonly naming: (sql: Sql, recipientId: string) => Promise<string[]>;
  /** A trunk that is a desk has an account, as far as this process knows. */
  readonly hasAccount: (trunkId: string) => boolean;
  /** Inside a transaction: locks agencies and rules against other changes and answers what is stored now. */
  readonly lockAndRead: (sql: Sql) => Promise<AgencyDirectory>;
  readonly stop: () => Promise<void>;
}

type NeededBy = (sql: Sql, agencyId: string) => Promise<string[]>;
type TrunksNeededBy = (sql: Sql, agencyId: string, change: { removed: string[]; left: number }) => Promise<string[]>;

interface Known {
  readonly districts: () => readonly string[];
  readonly recipients: () => readonly string[];
}

interface AgenciesDeps {
  readonly postgres: Postgres;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: RecordAudit;
  /** The city's own, stored at the first start and used as they are until PostgreSQL was seen once. */
  readonly seed: readonly AgencyDraft[];
  /** Undefined: nothing is known of it. */
  readonly trunkState?: (trunkId: string) => TrunkState | undefined;
  /** The settings name a trunk to the outside. */
  readonly outgoing: () => boolean;
}

const unknownState: TrunkState = { health: 'unknown', since: null, why: 'nothing is known', unusable: false };

/** The agencies and their trunks. */
export async function startAgencies(deps: AgenciesDeps): Promise<AgenciesRoom> {
  const { postgres, logger } = deps;
  const copy = await startLiveCopy({
    name: 'agencies',
    channel: agenciesChannel,
    postgres,
    clock: deps.clock,
    logger,
    // An empty table is a first start, also when PostgreSQL was away at ours.
    read: async () => {
      const stored = await readAgencies(postgres);
      if (stored.length > 0) return stored;
      if (await postgres.transaction((sql) => seedAgencies(sql, deps.seed))) logger.info('agencies of the city stored');
      return readAgencies(postgres);
    },
    disk: diskCopy(join(deps.stateDir, 'agencies.json'), z.array(agencySchema), logger),
    builtIn: deps.seed.map((agency) => ({ ...agency, version: 1 })),
  });
  const stateOf = (trunkId: string): TrunkState => deps.trunkState?.(trunkId) ?? unknownState;
  const health = (trunkId: string): TrunkHealth => stateOf(trunkId).health;
  const usable = (trunk: Trunk): boolean => !stateOf(trunk.id).unusable;
  let directory = directoryOf(copy.current(), health, usable);
  const watchers = new Set<(directory: AgencyDirectory) => void>();
  copy.onChange((agencies) => {
    directory = directoryOf(agencies, health, usable);
    for (const watcher of watchers) watcher(directory);
  });
  const guards: NeededBy[] = [];
  const trunkGuards: TrunksNeededBy[] = [];
  let known: Known | undefined;
  return {
    routes: agencyRoutes({
      postgres,
      audit: deps.audit,
      current: () => directory,
      stateOf,
      reload: copy.reload,
      neededBy: async (sql, agencyId) => {
        const needs: string[] = [];
        for (const guard of guards) needs.push(...(await guard(sql, agencyId)));
        return needs;
      },
      trunksNeededBy: async (sql, agencyId, change) => {
        const needs: string[] = [];
        for (const guard of trunkGuards) needs.push(...(await guard(sql, agencyId, change)));
        return needs;
      },
      faultsOf: (agencyId, body, agencies) =>
        known === undefined
          ? []
          : validateAgency(agencyId, body, { agencies, districts: known.districts(), recipients: known.recipients() }),
    }),
    current: () => directory,
    onChange(fn) {
      watchers.add(fn);
      return () => watchers.delete(fn);
    },
    guardDeletion: (neededBy) => void guards.push(neededBy),
    guardTrunks: (neededBy) => void trunkGuards.push(neededBy),
    checkAgainst(surroundings) {
      known = surroundings;
    },
    naming: async (sql, recipientId) =>
      (await readAgencies(sql))
        .filter(({ contacts }) => contacts.includes(recipientId))
        .map(({ id }) => `agency/${id}`),
    hasAccount: (trunkId) => directory.findTrunk(trunkId)?.trunk.type === 'desk' && !stateOf(trunkId).unusable,
    lockAndRead: async (sql) => {
      await lockConfiguration(sql);
      const desks = new Set((await readTrunkAccounts(sql)).map(({ trunkId }) => trunkId));
      return directoryOf(
        await readAgencies(sql),
        health,
        usableWith(deps.outgoing(), (id) => desks.has(id)),
      );
    },
    stop: () => {
      copy.stop();
      return Promise.resolve();
    },
  };
}
