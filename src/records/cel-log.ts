import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import type { Logger } from '../platform/logger.ts';
import { createCelGatherer, readCelLine } from './cel.ts';
import { followFile } from './cel-tail.ts';
import type { LoggedCall } from './entry.ts';

export interface CelLogDeps {
  /** Where the place in the log is kept. */
  directory: string;
  /** Asterisk's channel event log; null when it is not on this machine. */
  celFile: string | null;
  node: string;
  clock: Clock;
  logger: Logger;
  /** A call that this controller knows and goes on with. */
  ownsChannel: (channelId: string) => boolean;
}

/** A controller that takes the call of the log is given this long to say so. */
const celPatience = 3_000;
/** How much of the log is read again at most: at the very first start, or after its place was lost. */
const mostReadAgain = 64 * 1024 * 1024;

/**
 * Makes records of calls that this controller does not know to their end. The place that is kept is where the oldest call
 * begins that is still open or not written yet: whoever reads on from there misses none. What is read twice changes
 * nothing (write.ts), so that in doubt the log is read from its beginning.
 */
export async function followLog(
  deps: CelLogDeps,
  write: (call: LoggedCall) => void,
): Promise<{ stop: () => void; sawSipCall: (sipCallId: string) => boolean } | null> {
  const { celFile, clock, logger } = deps;
  if (celFile === null) return null;
  const unwritten = new Map<string, number>();
  const gatherer = createCelGatherer({
    node: deps.node,
    onEnded(call, start) {
      unwritten.set(call.channelId, start);
      // The log can be faster than the event socket.
      clock.after(celPatience, () => {
        if (!deps.ownsChannel(call.channelId)) write(call);
        unwritten.delete(call.channelId);
      });
    },
  });
  const position = diskCopy(join(deps.directory, 'cel-position.json'), z.object({ bytes: z.number() }), logger);
  const from = (await position.read())?.bytes ?? Math.max(0, (await sizeOf(celFile)) - mostReadAgain);
  let kept = from;
  const { stop } = followFile({
    path: celFile,
    from,
    clock,
    logger,
    onLine(line, start) {
      const event = readCelLine(line);
      if (event !== null) gatherer.take(event, start);
    },
    onPosition(read) {
      const bytes = Math.min(read, gatherer.oldest() ?? read, ...unwritten.values());
      if (bytes === kept) return;
      kept = bytes;
      position.write({ bytes }).catch((error: unknown) => logger.debug({ err: error }, 'log position not kept'));
    },
  });
  return { stop, sawSipCall: gatherer.sawSipCall };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
