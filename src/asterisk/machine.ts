import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { AriCommands } from './commands.ts';
import type { AsteriskEvent } from './translate.ts';

/** What has channels of its own beside the calls of citizens. */
export interface Machine {
  /** Takes an event of Asterisk that concerns one of its channels; false: it concerns none. */
  readonly take: (event: AsteriskEvent) => boolean;
  readonly owns: (channelId: string) => boolean;
}

/** What it needs of its process, whatever it does. */
export interface MachineDeps {
  /** The ARI application. */
  application: string;
  ari: AriCommands;
  postgres: Postgres;
  clock: Clock;
  logger: Logger;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
  /** Resolves true when all that was journalled is on the disk. */
  synced: () => Promise<boolean>;
  alarm: (code: string, detail: Record<string, string>) => void;
}
