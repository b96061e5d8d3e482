import type { AriCommands } from '../asterisk/commands.ts';
import type { Clock } from '../platform/clock.ts';
import type { LoadWatch } from '../platform/load.ts';
import type { Condition } from './start.ts';

const askEvery = 2_000;

/** How a worker alone is: it is ready while Redis gives it jobs; without Asterisk it can ring nobody. */
export function workerCondition(deps: {
  worker: { readonly takesJobs: () => boolean };
  ari: AriCommands;
  clock: Clock;
  load: Pick<LoadWatch, 'overloaded'>;
}): Condition & { readonly stop: () => void } {
  const { worker, ari, clock, load } = deps;
  let asteriskAway = false;
  let asking = false;
  const ask = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    // Never throws; each has its limit.
    asteriskAway = !(await ari.send('GET', '/asterisk/ping')).ok;
    asking = false;
  };
  const stop = clock.every(askEvery, () => void ask());
  return {
    stop,
    seen: () => ({ 'asterisk-away': asteriskAway, 'redis-away': !worker.takesJobs(), overloaded: load.overloaded() }),
    ready: worker.takesJobs,
    parts: () => ({ asterisk: asteriskAway ? 'away' : 'up', redis: worker.takesJobs() ? 'up' : 'away' }),
  };
}
