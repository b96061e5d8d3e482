import { readFile, stat } from 'node:fs/promises';
import { Gauge } from 'prom-client';
import { codeOf } from '../platform/errors.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';

/** One of Asterisk's queues (task processors) in which something waits. */
export interface AsteriskQueue {
  readonly name: string;
  readonly depth: number;
  /** From here on Asterisk itself counts it as overloaded. */
  readonly highWater: number;
}

/** A queue that is half as long as what Asterisk takes for an overload is too long. */
const tooLong = 0.5;

const row = /^(\S.*?) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$/;
const lastLine = /^\d+ taskprocessors$/;

/**
 * Reads what watch-queues.sh has written: lines of `core show taskprocessors`, the longest queue first. Null when it is not
 * whole, or not of that form.
 */
export function readQueues(text: string): AsteriskQueue[] | null {
  const lines = text.split('\n').filter((line) => line !== '');
  if (!lastLine.test(lines.at(-1) ?? '')) return null;
  const queues = lines.slice(0, -1).map((line) => {
    const [, name, , depth, , , highWater] = row.exec(line) ?? [];
    return name === undefined ? null : { name, depth: Number(depth), highWater: Number(highWater) };
  });
  if (!queues.every((queue) => queue !== null)) return null;
  return queues.sort((one, other) => other.depth - one.depth);
}

/** The longest of the queues that are too long, measured by what Asterisk takes for an overload of each. */
export function longestTooLong(queues: readonly AsteriskQueue[]): AsteriskQueue | null {
  const share = ({ depth, highWater }: AsteriskQueue): number => depth / Math.max(1, highWater);
  const [first] = queues.filter((one) => share(one) > tooLong).sort((one, other) => share(other) - share(one));
  return first ?? null;
}

/** How Asterisk's queues are. */
export interface QueueWatch {
  /** `unknown` when nothing new was written for 20 s; null when nothing is written at all: no file is set. */
  readonly state: () => 'up' | 'behind' | 'unknown' | null;
  /** The one that is too long, when one is. */
  readonly longest: () => AsteriskQueue | null;
  readonly stop: () => void;
}

const lookEvery = 2_000;
const staleAfter = 20_000;

/** Watches the file in which Asterisk's side writes how long its queues are. Without a file nothing is watched. */
export function watchQueues(deps: {
  file: string | undefined;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}): QueueWatch {
  const { file, clock, logger } = deps;
  let queues: AsteriskQueue[] = [];
  let written = 0;
  let newAt = clock.monotonic();
  let looking = false;
  let complained = false;

  const complain = (reason: string, error?: unknown): void => {
    if (!complained) logger.warn({ file, err: error }, reason);
    complained = true;
  };
  const look = async (path: string): Promise<void> => {
    const { mtimeMs } = await stat(path);
    if (mtimeMs === written) return;
    const read = readQueues(await readFile(path, 'utf8'));
    if (read === null) {
      complain("what is written of Asterisk's queues cannot be read");
      return;
    }
    queues = read;
    written = mtimeMs;
    newAt = clock.monotonic();
    complained = false;
  };
  const stop =
    file === undefined
      ? (): void => undefined
      : clock.every(lookEvery, () => {
          if (looking) return;
          looking = true;
          look(file)
            .catch((error: unknown) => {
              // Asterisk may not have begun to write.
              if (codeOf(error) !== 'ENOENT') complain("what is written of Asterisk's queues cannot be opened", error);
            })
            .finally(() => (looking = false));
        });

  const known = (): boolean => file !== undefined && clock.monotonic() - newAt < staleAfter;
  const longest = (): AsteriskQueue | null => (known() ? longestTooLong(queues) : null);
  const depth = (): number => (known() ? (queues[0]?.depth ?? 0) : 0);
  new Gauge({
    name: 'siaga_asterisk_queue_depth',
    help: "How many wait in the longest of Asterisk's queues",
    registers: [deps.metrics.registry],
    collect() {
      this.set(depth());
    },
  });
  return {
    longest,
    state() {
      if (file === undefined) return null;
      if (!known()) return 'unknown';
      return longest() === null ? 'up' : 'behind';
    },
    stop,
  };
}
