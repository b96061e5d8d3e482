import { pause, type Clock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';

/** A part of the process, by name, and how it ends. */
export type Stop = readonly [string, () => unknown];

const eachWithin = 6_000;

/** On SIGTERM or SIGINT: lets the calls end, then stops every part in order, each with a limit. A second signal skips the wait. */
export function stopOnSignal(deps: {
  logger: Logger;
  clock: Clock;
  drain: () => Promise<void>;
  stops: readonly Stop[];
}): void {
  const { logger, clock } = deps;
  let signals = 0;
  let skip: () => void = () => undefined;
  const skipped = new Promise<void>((resolve) => (skip = resolve));

  const stop = async (signal: string): Promise<void> => {
    logger.info({ signal }, 'stopping: no more calls are claimed');
    await Promise.race([deps.drain(), skipped]);
    for (const [part, end] of deps.stops) {
      try {
        const ended = Promise.resolve(end()).then(() => true);
        const inTime = await Promise.race([ended, pause(clock, eachWithin).then(() => false)]);
        if (!inTime) logger.warn({ part }, 'a part did not stop in time');
      } catch (error) {
        logger.warn({ part, err: error }, 'a part did not stop cleanly');
      }
    }
    logger.info('stopped');
    process.exit(process.exitCode ?? 0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals === 1) void stop(signal);
      else skip();
    });
  }
}
