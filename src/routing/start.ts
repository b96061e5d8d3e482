import { join } from 'node:path';
import { directoryOf } from '../agencies/agency.ts';
import type { AgenciesRoom } from '../agencies/start.ts';
import { usableWith } from '../agencies/way.ts';
import type { RecordAudit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { startLiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import type { RecipientsRoom } from '../notifications/recipients.ts';
import type { Route } from '../platform/route.ts';
import { evaluate } from './evaluate.ts';
import { evaluateAndExplain } from './explain.ts';
import { explainer, type StoredTrace } from './explain-stored.ts';
import { evaluateRoute } from './evaluate-routes.ts';
import { completeFacts, type Facts, type KnownFacts } from './facts.ts';
import { rulesCutOff, rulesLosing, rulesNaming, rulesTelling } from './naming.ts';
import { ruleRoutes } from './routes.ts';
import { ruleSetSchema, type Decision, type RuleSet, type RuleSetContent } from './rule.ts';
import { activate, insertVersion, readActive, readActiveVersion, rulesChannel } from './store.ts';
import { validate } from './validate.ts';

export interface RoutingRoom {
  readonly routes: Route[];
  /** The active rule set; synchronous, from memory. */
  readonly current: () => RuleSet;
  /** Asks the active rules about an incident at a moment: in the city's own time, with its agencies as they are. */
  readonly decide: (known: KnownFacts, epochMs: number) => Decision;
  /** The traces of stored decisions with every rule: also why the others did not match. Rejects while PostgreSQL is away. */
  readonly explainStored: (decisions: readonly StoredTrace[]) => Promise<Decision['trace'][]>;
  /** Why the settings cannot do without a trunk to the outside; undefined: no active rule depends on it. */
  readonly needsOutgoing: () => string | undefined;
  readonly stop: () => Promise<void>;
}

interface RoutingDeps {
  readonly postgres: Postgres;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: RecordAudit;
  readonly agencies: Pick<AgenciesRoom, 'current' | 'lockAndRead' | 'guardDeletion' | 'guardTrunks' | 'hasAccount'>;
  readonly districts: () => readonly string[];
  readonly timeZone: () => string;
  /** Local dates, YYYY-MM-DD. */
  readonly holidays: () => readonly string[];
  readonly recipients: Pick<RecipientsRoom, 'current' | 'guardDeletion'>;
  /** The city's own rules: version 1 at the first start, and in force until PostgreSQL was seen once. */
  readonly seed: RuleSetContent;
}

/** The routing rules. */
export async function startRouting(deps: RoutingDeps): Promise<RoutingRoom> {
  const { postgres, logger, agencies } = deps;
  let last: RuleSet | undefined;
  const copy = await startLiveCopy<RuleSet>({
    name: 'rules',
    channel: rulesChannel,
    postgres,
    clock: deps.clock,
    logger,
    // A version never changes: the one that is here need not be read again.
    read: async () => {
      if (last !== undefined && last.version === (await readActiveVersion(postgres))) return last;
      last = (await readActive(postgres)) ?? (await postgres.transaction((sql) => seed(sql, deps)));
      return last;
    },
    disk: diskCopy(join(deps.stateDir, 'rules.json'), ruleSetSchema, logger),
    builtIn: { ...deps.seed, version: 0 },
  });
  agencies.guardDeletion(async (sql, agencyId) => {
    const active = await readActive(sql);
    const trunks = agencies.current().find(agencyId)?.trunks ?? [];
    return active ? rulesNaming(active, agencyId, trunks) : [];
  });
  agencies.guardTrunks(async (sql, agencyId, change) => {
    const active = await readActive(sql);
    return active ? rulesLosing(active, agencyId, change) : [];
  });
  deps.recipients.guardDeletion(async (sql, recipientId) => {
    const active = await readActive(sql);
    return active ? rulesTelling(active, recipientId) : [];
  });
  const complete = (known: KnownFacts, at: number): Facts =>
    completeFacts(known, { at, timeZone: deps.timeZone(), holidays: deps.holidays(), directory: agencies.current() });
  const shared = {
    postgres,
    current: copy.current,
    districts: deps.districts,
    recipients: () => recipientIds(deps),
  };
  return {
    routes: [
      ...ruleRoutes({
        ...shared,
        audit: deps.audit,
        reload: copy.reload,
        lockAndReadAgencies: agencies.lockAndRead,
      }),
      evaluateRoute({ ...shared, clock: deps.clock, agencies: agencies.current, complete }),
    ],
    current: copy.current,
    needsOutgoing() {
      const [now, later] = [true, false].map((outgoing) =>
        directoryOf(agencies.current().agencies, undefined, usableWith(outgoing, agencies.hasAccount)),
      );
      const cutOff = now && later ? [...rulesCutOff(copy.current(), now, later)] : [];
      if (cutOff.length === 0) return undefined;
      const needs = cutOff.slice(0, 5).map(([agencyId, rules]) => `${agencyId} (${rules.slice(0, 5).join(', ')})`);
      return `The active rules ring agencies over outgoingTrunk only: ${needs.join('; ')}. Give them other trunks first.`;
    },
    decide(known, epochMs) {
      const ruleSet = copy.current();
      // The built-in rules are stored nowhere: what is not said now cannot be said later.
      const ask = ruleSet.version > 0 ? evaluate : evaluateAndExplain;
      return ask(ruleSet, complete(known, epochMs));
    },
    explainStored: explainer({ postgres, current: copy.current }),
    stop: () => {
      copy.stop();
      return Promise.resolve();
    },
  };
}

function recipientIds({ recipients }: RoutingDeps): string[] {
  return recipients.current().recipients.map(({ id }) => id);
}

async function seed(sql: Sql, deps: RoutingDeps): Promise<RuleSet> {
  const agencies = await deps.agencies.lockAndRead(sql);
  const found = await readActive(sql);
  if (found) return found;
  const { faults } = validate(deps.seed, {
    agencies,
    districts: deps.districts(),
    recipients: recipientIds(deps),
  });
  // Rules with a fault still serve better than none; an admin sees it and the log says it.
  if (faults.length > 0) deps.logger.error({ faults }, "the city's rules do not fit the agencies stored");
  const version = await insertVersion(sql, deps.seed, 'city-profile');
  await activate(sql, version, 'city-profile');
  deps.logger.info({ version }, 'rules of the city stored');
  return { ...deps.seed, version };
}
