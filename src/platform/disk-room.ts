import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { codeOf } from './errors.ts';
import { layReserve, reserveBytes, reserveFile } from './journal-file.ts';
import type { Logger } from './logger.ts';

/** The disk that the journal is on. */
export interface DiskRoom {
  /** It has little room left, or the journal has given up its reserve. False until it was looked at. */
  readonly filling: () => boolean;
  /** Looks now; joins a look that is under way. */
  readonly look: () => Promise<void>;
  readonly stop: () => void;
}

const lookEvery = 2_000;

/**
 * Watches the room on the journal's disk, and lays the journal's reserve again once there is room for it: whoever has made
 * room need not start anything anew.
 */
export function watchDisk(deps: {
  /** The journal's. */
  directory: string;
  /** Bytes; less than that is little. */
  lowBelow: number;
  clock: Clock;
  logger: Logger;
}): DiskRoom {
  const { directory, lowBelow, clock, logger } = deps;
  const reserve = join(directory, reserveFile);
  let filling = false;
  let looking: Promise<void> | null = null;
  let failed = false;

  const lookNow = async (): Promise<void> => {
    const { bavail, bsize } = await statfs(directory);
    const low = bavail * bsize < lowBelow;
    const laid = await isLaid(reserve);
    if (!laid && !low) {
      await layReserve(reserve);
      logger.info('the journal has its reserve again');
    }
    // A reserve that was missing shows for one look at least, or nobody would know that the disk was full.
    filling = low || !laid;
  };

  const look = (): Promise<void> => {
    looking ??= lookNow()
      .then(() => void (failed = false))
      .catch((error: unknown) => {
        if (!failed) logger.error({ err: error, directory }, "the journal's disk cannot be looked at");
        failed = true;
        filling = true;
      })
      .finally(() => (looking = null));
    return looking;
  };
  const stop = clock.every(lookEvery, () => void look());
  void look();
  return { filling: () => filling, look, stop };
}

async function isLaid(reserve: string): Promise<boolean> {
  try {
    return (await stat(reserve)).size >= reserveBytes;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
