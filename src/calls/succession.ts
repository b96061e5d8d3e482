import { join } from 'node:path';
import type { AriCommands } from '../asterisk/commands.ts';
import type { AsteriskChannel } from '../asterisk/translate.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import { journalOwners, journalTouches } from '../platform/journal-reader.ts';
import type { Logger } from '../platform/logger.ts';
import { leaveRestSocket } from '../platform/rest-sockets.ts';
import { announcePresence, askPresence } from '../platform/presence.ts';
import { readNotes } from './adoption-notes.ts';
import { createAdopter, type AdopterDeps } from './adopt.ts';
import { otherControllers, watchControllers } from './dead-controllers.ts';
import { watchOrphans } from './orphans.ts';

export interface Succession {
  /** The applications of dead controllers that this process hears. */
  readonly heard: () => readonly string[];
  /** A caller has come into an application of ours: true if he is a dead controller's, and goes on as such. */
  readonly came: (channel: AsteriskChannel) => boolean;
  /** The caller's call is a dead controller's, and is kept here for him. */
  readonly knows: (channelId: string) => boolean;
  /** Looks for what dead controllers left from now on. */
  readonly begin: () => void;
  /** Looks now. */
  readonly look: () => void;
  readonly stop: () => Promise<void>;
}

/** Says that this process lives, and goes on with what other controllers of the node leave when they die. */
export async function startSuccession(
  deps: Omit<AdopterDeps, 'presences' | 'directory'> & {
    stateDir: string;
    rank: number;
    connected: () => boolean;
    held: () => boolean;
    isOurs: (channelId: string) => boolean;
    /** Ends the process at once. */
    leave: (why: string) => void;
    /** Calls of this process go on. */
    live: () => number;
    alarm: (code: string, detail: Record<string, string | number>) => void;
    ari: AriCommands;
    clock: Clock;
    logger: Logger;
  },
): Promise<Succession> {
  const { stateDir, application, clock, logger, node } = deps;
  const directory = join(stateDir, 'journal');
  const presences = join(stateDir, 'lives');
  const presence = await announcePresence({ directory: presences, name: application, logger });
  const touches = () => journalTouches(directory);
  const controllers = watchControllers({
    clock,
    rank: deps.rank,
    presenceOf: (name) => askPresence(presences, name, clock),
    journalTouchedAt: touches,
  });
  const adopter = createAdopter({ ...deps, directory, presences });
  const journals = async (): Promise<Iterable<string>> => {
    const notes = await readNotes(directory);
    // Somebody has taken this one for dead, though it never heard so: two would act on one call.
    if (notes.has(application)) deps.leave('another controller has taken this one for dead');
    // Also one whose records are all in PostgreSQL by now: whether its callers are still there, only Asterisk can tell.
    const open = [...(await journalOwners(directory)), ...notes.keys()].filter(
      (name) => notes.get(name)?.stage !== 'done',
    );
    const takers = [...notes.values()].filter(({ stage }) => stage !== 'done').map(({ by }) => by);
    return [...open, ...takers];
  };
  // Before anything is claimed: a caller of one who is known to be dead is to come back to his own call.
  const others = otherControllers([...(await journals())], node, application);
  await adopter.prepare([...(await controllers.deadAmong(others)).keys()]).catch((error: unknown) => {
    logger.error({ err: error }, 'what dead controllers left cannot be read yet');
  });
  let orphans: { sweep: () => Promise<void>; stop: Cancel } | null = null;
  return {
    heard: () => adopter.heard(),
    came: (channel) => adopter.came(channel),
    knows: (channelId) => adopter.knows(channelId),
    begin() {
      orphans ??= watchOrphans({ ...deps, controllers, adopter, journals });
    },
    look() {
      orphans?.sweep().catch((error: unknown) => logger.error({ err: error }, 'looking for dead controllers failed'));
    },
    async stop() {
      orphans?.stop();
      const toOthers = deps.live() > 0;
      // First: whoever then takes the calls takes it away.
      if (toOthers) await leaveRestSocket(presences, application, deps.rank);
      await presence.stop(toOthers);
    },
  };
}
