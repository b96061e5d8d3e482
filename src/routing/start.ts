import { join } from 'node:path';
import type { AgenciesRoom } from '../agencies/start.ts';
import type { RecordAudit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { startLiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import { evaluate } from './evaluate.ts';
import { localTime } from './local-time.ts';
import { ruleRoutes } from './routes.ts';
import { defaultRuleId, ruleSetSchema, type Decision, type Facts, type RuleSet, type RuleSetContent } from './rule.ts';
import { activate, insertVersion, readActive, rulesChannel } from './store.ts';
import { validate } from './validate.ts';

export interface RoutingRoom {
  readonly routes: Route[];
  /** The active rule set; synchronous, from memory. */
  readonly current: () => RuleSet;
  /** Asks the active rules about an incident at a moment, in the city's own time. */
  readonly decide: (incident: Pick<Facts, 'kind' | 'severity' | 'district'>, epochMs: number) => Decision;
  readonly stop: () => Promise<void>;
}

interface RoutingDeps {
  readonly postgres: Postgres;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: RecordAudit;
  readonly agencies: Pick<AgenciesRoom, 'current' | 'lockAndRead' | 'guardDeletion'>;
  readonly districts: () => readonly string[];
  readonly timeZone: () => string;
  /** The city's own rules: version 1 at the first start, and in force until PostgreSQL was seen once. */
  readonly seed: RuleSetContent;
}

/** The routing rules. */
export async function startRouting(deps: RoutingDeps): Promise<RoutingRoom> {
  const { postgres, logger, agencies } = deps;
  const copy = await startLiveCopy<RuleSet>({
    name: 'rules',
    channel: rulesChannel,
    postgres,
    clock: deps.clock,
    logger,
    read: async () => (await readActive(postgres)) ?? (await postgres.transaction((sql) => seed(sql, deps))),
    disk: diskCopy(join(deps.stateDir, 'rules.json'), ruleSetSchema, logger),
    builtIn: { ...deps.seed, version: 0 },
  });
  agencies.guardDeletion(async (sql, agencyId) => {
    const active = await readActive(sql);
    return active ? rulesNaming(active, agencyId) : [];
  });
  return {
    routes: ruleRoutes({
      postgres,
      audit: deps.audit,
      clock: deps.clock,
      current: copy.current,
      reload: copy.reload,
      agencies: agencies.current,
      lockAndReadAgencies: agencies.lockAndRead,
      districts: deps.districts,
      timeZone: deps.timeZone,
    }),
    current: copy.current,
    decide: (incident, epochMs) => evaluate(copy.current(), { ...incident, ...localTime(epochMs, deps.timeZone()) }),
    stop: () => {
      copy.stop();
      return Promise.resolve();
    },
  };
}

async function seed(sql: Sql, deps: RoutingDeps): Promise<RuleSet> {
  const agencies = await deps.agencies.lockAndRead(sql);
  const found = await readActive(sql);
  if (found) return found;
  const faults = validate(deps.seed, { agencies, districts: deps.districts() });
  // Rules with a fault still serve better than none; an admin sees it and the log says it.
  if (faults.length > 0) deps.logger.error({ faults }, "the city's rules do not fit the agencies stored");
  const version = await insertVersion(sql, deps.seed, 'city-profile');
  await activate(sql, version, 'city-profile');
  deps.logger.info({ version }, 'rules of the city stored');
  return { ...deps.seed, version };
}

function rulesNaming(ruleSet: RuleSet, agencyId: string): string[] {
  const names = ruleSet.rules
    .filter((rule) => rule.then.some((action) => action.agencyId === agencyId))
    .map(({ id }) => `rule ${id}`);
  const inDefault = ruleSet.default.some((action) => action.agencyId === agencyId);
  return inDefault ? [...names, `rule ${defaultRuleId}`] : names;
}
