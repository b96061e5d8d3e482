import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { PjsipObject, Provisioning } from './provisioning.ts';

/** Objects in Asterisk's configuration, kept there as they should be: by a key, what belongs together. */
export interface KeptObjects {
  /** Gives Asterisk the objects; rejects when Asterisk does not take them. */
  put(key: string, objects: PjsipObject[]): Promise<void>;
  /** Gives Asterisk all that it has not got yet, and takes away what is wanted no more. Never rejects. */
  pushChanged(): Promise<void>;
  /** Gives Asterisk everything: it may have lost them. Never rejects. */
  pushAll(): Promise<void>;
  /** Makes objects anew that are there already. Never rejects. */
  renew(key: string): Promise<void>;
  /** Takes objects away at once. Never rejects. */
  withdraw(key: string, objects: readonly Pick<PjsipObject, 'type' | 'id'>[]): Promise<void>;
  stop(): void;
}

const pushEvery = 10_000;

/**
 * Keeps objects in Asterisk; what could not be done is tried again every ten seconds. What an earlier process has put
 * and nobody wants any more is not known here, and stays.
 */
export function keepObjects(deps: {
  provisioning: Provisioning;
  wanted: () => ReadonlyMap<string, PjsipObject[]>;
  clock: Clock;
  logger: Logger;
}): KeptObjects {
  const { provisioning, logger } = deps;
  const pushed = new Map<string, { text: string; objects: PjsipObject[] }>();

  const stale = new Set<string>();

  const put = async (key: string, objects: PjsipObject[]): Promise<void> => {
    await provisioning.put(objects);
    pushed.set(key, { text: JSON.stringify(objects), objects });
  };
  const withdraw: KeptObjects['withdraw'] = async (key, objects) => {
    pushed.delete(key);
    try {
      // What names others goes first.
      await provisioning.remove([...objects].reverse());
    } catch (error) {
      logger.warn({ err: error, key }, 'objects that are wanted no more could not be taken from Asterisk');
    }
  };
  const pushOnce = async (): Promise<void> => {
    const wanted = deps.wanted();
    for (const [key, { objects }] of pushed) if (!wanted.has(key)) await withdraw(key, objects);
    for (const [key, objects] of wanted) {
      if (!stale.has(key) && pushed.get(key)?.text === JSON.stringify(objects)) continue;
      try {
        if (stale.has(key)) await provisioning.remove([...objects].reverse());
        await put(key, objects);
        stale.delete(key);
      } catch (error) {
        logger.warn({ err: error, key }, 'objects could not be given to Asterisk');
        return;
      }
    }
  };
  let running: Promise<void> = Promise.resolve();
  const pushChanged = (): Promise<void> => {
    running = running.then(pushOnce).catch((error: unknown) => {
      logger.error({ err: error }, 'what Asterisk should have could not be brought there');
    });
    return running;
  };
  const stop: Cancel = deps.clock.every(pushEvery, () => void pushChanged());
  return {
    put,
    pushChanged,
    pushAll() {
      pushed.clear();
      return pushChanged();
    },
    renew(key) {
      stale.add(key);
      return pushChanged();
    },
    withdraw,
    stop,
  };
}
