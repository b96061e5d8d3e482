import type { AgencyDirectory } from '../agencies/agency.ts';
import { agencyTrunk, type Provisioning } from '../asterisk/provisioning.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { trunkEndpoint } from './plan.ts';

/** Keeps Asterisk's trunks the same as the directory's. */
export interface TrunkKeeper {
  /** Gives Asterisk every trunk anew: after its restart, or when it may have lost them. */
  pushAll(): Promise<void>;
  stop(): void;
}

export function keepTrunks(deps: {
  provisioning: Provisioning;
  current: () => AgencyDirectory;
  onChange: (fn: () => void) => () => void;
  clock: Clock;
  logger: Logger;
}): TrunkKeeper {
  const { provisioning, clock, logger } = deps;
  const pushed = new Map<string, string>();
  let running: Promise<void> | null = null;
  let again = false;

  const push = async (): Promise<void> => {
    const wanted = new Map<string, string>();
    try {
      for (const agency of deps.current().agencies) {
        for (const trunk of agency.trunks) {
          const endpoint = trunkEndpoint(trunk.id);
          const content = JSON.stringify(trunk);
          wanted.set(endpoint, content);
          if (pushed.get(endpoint) === content) continue;
          await provisioning.put(agencyTrunk(endpoint, trunk.host, trunk.port, trunk.transport));
          pushed.set(endpoint, content);
        }
      }
      for (const endpoint of pushed.keys()) {
        if (wanted.has(endpoint)) continue;
        const types = ['endpoint', 'aor'] as const;
        await provisioning.remove(types.map((type) => ({ type, id: endpoint })));
        pushed.delete(endpoint);
      }
    } catch (error) {
      logger.warn({ err: error }, 'the trunks could not be given to Asterisk; trying again');
    }
  };

  const run = async (): Promise<void> => {
    // One at a time; a change that comes meanwhile is pushed right after.
    again = true;
    running ??= (async () => {
      while (again) {
        again = false;
        await push();
      }
    })().finally(() => (running = null));
    await running;
  };

  const stopWatching = deps.onChange(() => void run());
  const stopRepeating = clock.every(10_000, () => void run());
  void run();
  return {
    pushAll() {
      pushed.clear();
      return run();
    },
    stop() {
      stopWatching();
      stopRepeating();
    },
  };
}
