import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Contact } from '../asterisk/contact-monitor.ts';
import { keepObjects } from '../asterisk/kept-objects.ts';
import {
  phoneAccount,
  trunkProbe,
  trunkProbes,
  type PjsipObject,
  type Provisioning,
} from '../asterisk/provisioning.ts';
import type { RecordAudit } from '../audit/audit.ts';
import type { Config } from '../config.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import type { AgencyDirectory, SipTrunk, Trunk, TrunkState } from './agency.ts';
import type { AgenciesRoom } from './start.ts';
import type { TrunkAccount } from './store.ts';
import { startTrunkAccounts } from './trunk-accounts.ts';
import { trunkRoutes } from './trunk-routes.ts';
import { watchTrunks } from './trunk-watch.ts';
import { trunkUri, wayTo, type Way } from './way.ts';

export interface TrunksRoom {
  readonly routes: Route[];
  readonly wayTo: (trunk: Trunk) => Way | { readonly unusable: string };
  /** Synchronous, from memory. */
  readonly stateOf: (trunkId: string) => TrunkState | undefined;
  /** An attempt of a call of this controller said something of a trunk; told to every controller. */
  readonly attempted: (trunkId: string, result: 'heard' | 'failed') => void;
  /** What Asterisk says of a phone or trunk. */
  readonly contact: (contact: Contact) => void;
  /** Gives Asterisk everything anew. Never rejects. */
  readonly pushAll: () => Promise<void>;
  /** After a change of the settings. */
  readonly look: () => void;
  /** Lets Asterisk ask every trunk anew: it tells of changes only, and what it said before nobody heard. Never rejects. */
  readonly askAnew: () => Promise<void>;
  readonly stop: () => void;
}

interface TrunkSettings {
  readonly outgoingTrunk: { readonly host: string; readonly port: number } | null;
  readonly outgoingNumber: string;
  readonly trunkOptionsSeconds: number;
}

interface TrunksDeps {
  readonly postgres: Postgres;
  readonly stateDir: string;
  readonly application: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly audit: RecordAudit;
  readonly provisioning: Provisioning;
  readonly agencies: () => AgencyDirectory;
  readonly onAgencies: AgenciesRoom['onChange'];
  readonly settings: () => TrunkSettings;
  readonly config: Pick<Config, 'SIAGA_RANK' | 'SIAGA_SIP_HOST' | 'SIAGA_SIP_PORT'>;
  readonly publish: (type: 'trunk.down' | 'trunk.up', detail: Record<string, unknown>) => void;
  readonly alarm: (code: 'trunk-down', detail: Record<string, string>) => void;
}

/** So long edits of agencies are gathered, in milliseconds. */
const gathering = 1_000;

/** NOTIFY on it tells every controller what attempts said of trunks. */
const attemptsChannel = 'siaga_trunk_attempts';
const attemptTold = z.object({ from: z.string(), trunkId: z.string(), result: z.enum(['heard', 'failed']) });

/** How agencies' trunks are rung, and how they do: OPTIONS and registrations by Asterisk, and what attempts say. */
export async function startTrunks(deps: TrunksDeps): Promise<TrunksRoom> {
  const { postgres, application, config, clock, logger, settings, agencies } = deps;
  const accounts = await startTrunkAccounts(deps);
  const accountOf = (trunkId: string): TrunkAccount | undefined =>
    accounts.current().find((one) => one.trunkId === trunkId);
  const way = (trunk: Trunk): ReturnType<typeof wayTo> => {
    const { outgoingTrunk, outgoingNumber } = settings();
    return wayTo(trunk, { outgoingTrunk, outgoingNumber, accountOf: (id) => accountOf(id)?.account });
  };

  const watch = watchTrunks({
    ...deps,
    directory: agencies,
    unusable: (trunk) => {
      const found = way(trunk);
      return 'unusable' in found ? found.unusable : null;
    },
    // Asterisk tells of the first OPTIONS that was lost: two more are sent.
    silence: (trunk) => (trunk.type === 'desk' ? 0 : settings().trunkOptionsSeconds * 2_000),
    changed({ type, trunkId, agencyId, health, why }) {
      deps.publish(type, { trunkId, agencyId, health, why });
      // Every controller of the node sees it, and one says it.
      if (type === 'trunk.down' && config.SIAGA_RANK === 0) deps.alarm('trunk-down', { trunkId, agencyId, why });
    },
  });

  const objectsOf = ({ account, passwordDigest }: TrunkAccount): PjsipObject[] =>
    phoneAccount({ context: 'from-agency', account, passwordDigest, callerId: '"112" <112>', media: 'rtp' });
  const sipTrunks = (): SipTrunk[] =>
    agencies().agencies.flatMap((agency) => agency.trunks.filter((trunk) => trunk.type === 'sip'));
  const wanted = (): Map<string, PjsipObject[]> => {
    const every = settings().trunkOptionsSeconds;
    const uris = every === 0 ? [] : sipTrunks().map(trunkUri);
    const phones = accounts.current().map((one): [string, PjsipObject[]] => [one.account, objectsOf(one)]);
    return new Map([...phones, [trunkProbes, [trunkProbe({ uris, every })]]]);
  };
  const kept = keepObjects({ ...deps, wanted });
  const pushChanged = (): void => void kept.pushChanged();
  let cancelSoon: Cancel | undefined;
  // Agencies are often edited one after the other: all trunks are asked anew for each push. The leader is first, and who
  // comes later finds it done.
  const pushSoon = (): void => {
    cancelSoon ??= clock.after(gathering * (1 + 2 * config.SIAGA_RANK), () => {
      cancelSoon = undefined;
      pushChanged();
    });
  };
  const cancelAgencies = deps.onAgencies(pushSoon);
  const cancelAccounts = accounts.onChange(pushChanged);
  pushChanged();

  const cancelListen = postgres.listen(attemptsChannel, (payload) => {
    const told = attemptTold.safeParse(parseJson(payload));
    if (!told.success || told.data.from === application) return;
    watch.tell(told.data.trunkId, { type: 'attempt', result: told.data.result, at: clock.now() });
  });

  return {
    routes: trunkRoutes({
      ...deps,
      sip: { host: config.SIAGA_SIP_HOST, port: config.SIAGA_SIP_PORT },
      newAccount: () => `ag-${randomBytes(8).toString('hex')}`,
      newPassword: () => randomBytes(18).toString('base64url'),
      reload: accounts.reload,
      async pushNow(account) {
        try {
          await kept.put(account.account, objectsOf(account));
          return true;
        } catch (error) {
          logger.warn({ err: error, trunkId: account.trunkId }, 'an account waits for Asterisk to take it');
          return false;
        }
      },
    }),
    wayTo: way,
    stateOf: (trunkId) => watch.stateOf(trunkId),
    attempted(trunkId, result) {
      watch.tell(trunkId, { type: 'attempt', result, at: clock.now() });
      const payload = JSON.stringify({ from: application, trunkId, result });
      postgres.execute('SELECT pg_notify($1, $2)', [attemptsChannel, payload]).catch((error: unknown) => {
        logger.debug({ err: error, trunkId }, 'the other controllers do not hear of an attempt');
      });
    },
    contact({ endpoint, present, uri }) {
      const trunkIds =
        endpoint === trunkProbes
          ? sipTrunks().flatMap((trunk) => (trunkUri(trunk) === uri ? [trunk.id] : []))
          : accounts.current().flatMap(({ account, trunkId }) => (account === endpoint ? [trunkId] : []));
      for (const trunkId of trunkIds) watch.tell(trunkId, { type: 'contact', present, at: clock.now() });
    },
    pushAll: () => kept.pushAll(),
    look: pushChanged,
    askAnew: () => kept.renew(trunkProbes),
    stop() {
      cancelSoon?.();
      kept.stop();
      watch.stop();
      accounts.stop();
      cancelAgencies();
      cancelAccounts();
      cancelListen();
    },
  };
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined; // somebody else's words
  }
}
