import { phoneAccount, tlsTransport, type PjsipObject, type Provisioning } from '../asterisk/provisioning.ts';
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

const pushEvery = 10_000;

/** Keeps the accounts in Asterisk as the desks are; what could not be done is tried again every ten seconds. */
export function createAccounts(deps: {
  provisioning: Provisioning;
  people: () => StoredPeople;
  clock: Clock;
  logger: Logger;
}): Accounts {
  const { provisioning, people, logger } = deps;
  const pushed = new Map<string, string>();
  // Asked once for each start of Asterisk: its configuration is read then.
  let tls: boolean | null = null;

  const takesTls = async (): Promise<boolean> => (tls ??= await provisioning.hasTransport(tlsTransport));
  const objectsOf = (desk: StoredDesk): PjsipObject[] => {
    const { account, passwordDigest, media } = desk;
    const owner = people().operators.find(({ id }) => id === desk.owner);
    const callerId = `"112" <${owner?.extension ?? '112'}>`;
    return phoneAccount({ account, passwordDigest, callerId, media });
  };
  const push = async (desk: StoredDesk): Promise<void> => {
    const objects = objectsOf(desk);
    await provisioning.put(objects);
    pushed.set(desk.account, JSON.stringify(objects));
  };
  const pushChanged = async (): Promise<void> => {
    for (const desk of people().desks) {
      try {
        if (pushed.get(desk.account) !== JSON.stringify(objectsOf(desk))) await push(desk);
      } catch (error) {
        logger.warn({ err: error, deskId: desk.id }, "a desk's account could not be given to Asterisk");
        return;
      }
    }
  };
  const stop = deps.clock.every(pushEvery, () => void pushChanged());

  return {
    push,
    pushChanged,
    pushAll() {
      pushed.clear();
      tls = null;
      return pushChanged();
    },
    async takesTls() {
      try {
        return await takesTls();
      } catch (error) {
        logger.warn({ err: error }, 'Asterisk did not tell whether it takes phones over TLS');
        return null;
      }
    },
    async withdraw(account) {
      pushed.delete(account);
      const types = ['endpoint', 'aor', 'auth'] as const;
      try {
        await provisioning.remove(types.map((type) => ({ type, id: account })));
      } catch (error) {
        logger.warn({ err: error, account }, "a deleted desk's account could not be taken from Asterisk");
      }
    },
    stop,
  };
}
