import { keepObjects } from '../asterisk/kept-objects.ts';
import {
  accountObjects,
  phoneAccount,
  tlsTransport,
  type PjsipObject,
  type Provisioning,
} from '../asterisk/provisioning.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { StoredDesk, StoredPeople } from './desk.ts';

/** The desks' accounts in Asterisk. */
export interface Accounts {
  /** Gives Asterisk the account; rejects when Asterisk does not take it. */
  push(desk: StoredDesk): Promise<void>;
  /** Gives Asterisk every account that it has not got yet. Never rejects. */
  pushChanged(): Promise<void>;
  /** Gives Asterisk every account: it may have lost them. Never rejects. */
  pushAll(): Promise<void>;
  /** Whether Asterisk is set up for phones over TLS; null when it does not say. Never rejects. */
  takesTls(): Promise<boolean | null>;
  /** Takes an account from Asterisk. Never rejects. */
  withdraw(account: string): Promise<void>;
  stop(): void;
}

/** Keeps the accounts in Asterisk as the desks are. */
export function createAccounts(deps: {
  provisioning: Provisioning;
  people: () => StoredPeople;
  clock: Clock;
  logger: Logger;
}): Accounts {
  const { provisioning, people, logger } = deps;
  // Asked once for each start of Asterisk: its configuration is read then.
  let tls: boolean | null = null;

  const takesTls = async (): Promise<boolean> => (tls ??= await provisioning.hasTransport(tlsTransport));
  const objectsOf = (desk: StoredDesk): PjsipObject[] => {
    const { account, passwordDigest, media } = desk;
    const owner = people().operators.find(({ id }) => id === desk.owner);
    const callerId = `"112" <${owner?.extension ?? '112'}>`;
    return phoneAccount({ context: 'from-operator', account, passwordDigest, callerId, media });
  };
  const kept = keepObjects({
    ...deps,
    wanted: () => new Map(people().desks.map((desk) => [desk.account, objectsOf(desk)])),
  });

  return {
    push: (desk) => kept.put(desk.account, objectsOf(desk)),
    pushChanged: () => kept.pushChanged(),
    pushAll() {
      tls = null;
      return kept.pushAll();
    },
    async takesTls() {
      try {
        return await takesTls();
      } catch (error) {
        logger.warn({ err: error }, 'Asterisk did not tell whether it takes phones over TLS');
        return null;
      }
    },
    withdraw: (account) => kept.withdraw(account, accountObjects(account)),
    stop: () => kept.stop(),
  };
}
