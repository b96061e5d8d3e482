import type { Cancel, Clock } from '../platform/clock.ts';
import { everyTurn } from '../platform/every-turn.ts';
import type { Logger } from '../platform/logger.ts';
import type { AriCommands } from './commands.ts';
import { readChannels } from './translate.ts';

const every = 5_000;

/** Makes up, every five seconds, for ends of legs that were not heard: a channel that is not listed has gone. */
export function watchLegs(deps: {
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  connected: () => boolean;
  /** Channels that must be there, and whose they are. */
  expected: () => readonly { readonly id: string; readonly channelId: string }[];
  gone: (id: string, channelId: string) => void;
}): Cancel {
  const { ari, logger } = deps;

  const look = async (): Promise<void> => {
    // As it was when Asterisk was asked: a leg that is rung meanwhile may not be listed.
    const expected = deps.connected() ? deps.expected() : [];
    if (expected.length === 0) return;
    const answer = await ari.send('GET', '/channels');
    if (!answer.ok) return;
    const there = new Set(readChannels(answer.body).map(({ id }) => id));
    for (const { id, channelId } of expected) if (!there.has(channelId)) deps.gone(id, channelId);
  };

  return everyTurn(deps.clock, every, look, (error) => logger.error({ err: error }, 'looking for legs failed'));
}
