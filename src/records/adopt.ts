import { readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readNotes } from '../calls/adoption-notes.ts';
import { pause, type Clock } from '../platform/clock.ts';
import { codeOf } from '../platform/errors.ts';
import { adoptedSuffix, journalSuffix, projectedSuffix } from '../platform/journal-file.ts';
import { journalFiles, journalTouches } from '../platform/journal-reader.ts';
import type { Logger } from '../platform/logger.ts';

/** A journal that nobody has touched for so long belongs to a process that is dead. */
const deadAfter = 10_000;
const touchedWithin = 2_500;
/** Files of the dead stay so long, for one that was only frozen and for whoever looks into it. */
const keptFor = 24 * 3_600_000;

interface AdoptDeps {
  directory: string;
  /** The journal of this process. */
  name: string;
  clock: Clock;
  logger: Logger;
  knows: (segment: string) => boolean;
  adopt: (segment: string) => void;
}

/**
 * Looks for journals of dead process starts, now and every ten seconds, but for those that another process has taken and lives;
 * `ofDead` is for one that is known to be dead. What it wrote is projected at once then, and its files are put away when they are
 * as old as those of others.
 */
export function watchForDead(deps: AdoptDeps): { stop: () => void; ofDead: (owner: string) => void } {
  const { directory, name, clock, logger } = deps;

  const look = async (): Promise<void> => {
    const found = await journalFiles(directory);
    // The clocks of two processes may be apart: one that lives has touched its file again by now.
    await pause(clock, touchedWithin);
    const [touches, notes] = await Promise.all([journalTouches(directory), readNotes(directory)]);
    // Two that write the same rows at once wait for each other, and are both behind for it.
    const isSeenTo = (owner: string): boolean => {
      const by = notes.get(owner)?.by;
      return by !== undefined && by !== name && clock.now() - (touches.get(by) ?? 0) < deadAfter;
    };
    for (const { segment, owner, touchedAt } of found) {
      if (owner === name || clock.now() - touchedAt < deadAfter || deps.knows(segment)) continue;
      const lastOfOwner = Math.max(...found.filter((one) => one.owner === owner).map((one) => one.touchedAt));
      if (touches.get(owner) !== lastOfOwner || isSeenTo(owner)) continue;
      logger.info({ segment }, 'projecting what another process start left');
      deps.adopt(segment);
    }
    await deleteOld(directory, clock);
  };
  const lookAtOne = async (owner: string): Promise<void> => {
    for (const { segment, owner: of } of await journalFiles(directory)) {
      if (of === owner && !deps.knows(segment)) deps.adopt(segment);
    }
  };
  const failed = (error: unknown): void => logger.warn({ err: error }, 'older journals could not be looked at');
  const sweep = (): void => void look().catch(failed);
  sweep();
  return { stop: clock.every(deadAfter, sweep), ofDead: (owner) => void lookAtOne(owner).catch(failed) };
}

async function deleteOld(directory: string, clock: Clock): Promise<void> {
  const names = await readdir(directory);
  const isOld = async (name: string): Promise<boolean> =>
    clock.now() - (await stat(join(directory, name))).mtimeMs > keptFor;
  for (const name of names) {
    const path = join(directory, name);
    const isPutAway = name.endsWith(journalSuffix + projectedSuffix);
    // As long as there is a journal, nobody is to take from it what was taken.
    const owner = name.slice(0, -adoptedSuffix.length);
    const isNote = name.endsWith(adoptedSuffix) && !names.some((other) => other.startsWith(`${owner}.0`));
    if (!isPutAway && !isNote) continue;
    await unlessGone(async () => {
      if (await isOld(name)) await unlink(path);
    });
  }
}

/**
 * Puts a dead process's file away once PostgreSQL has it. It is not deleted: an owner that was only frozen writes on to
 * it, until it sees that the name is gone. Answers false when it could not be put away.
 */
export async function putAway(deps: { directory: string; clock: Clock; logger: Logger }, segment: string) {
  const path = join(deps.directory, segment);
  try {
    await unlessGone(async () => {
      // Its owner has come back to life: it is looked at again should it die.
      if (deps.clock.now() - (await stat(path)).mtimeMs >= deadAfter) await rename(path, path + projectedSuffix);
    });
    return true;
  } catch (error) {
    deps.logger.warn({ err: error, segment }, 'a projected journal file could not be put away');
    return false;
  }
}

async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
