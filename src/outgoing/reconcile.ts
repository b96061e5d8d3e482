import type { AriCommands } from '../asterisk/commands.ts';
import { readChannels } from '../asterisk/translate.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { OutgoingRunner } from './runner.ts';

const every = 5_000;

/** Makes up, every five seconds, for ends of legs that were not heard: a channel that is not listed has gone. */
export function reconcileOutgoing(deps: {
  ari: AriCommands;
  runner: OutgoingRunner;
  clock: Clock;
  logger: Logger;
  connected: () => boolean;
}): Cancel {
  const { ari, runner, clock, logger } = deps;

  const once = async (): Promise<void> => {
    // As it was when Asterisk was asked: a leg that is rung meanwhile may not be listed.
    const expected = runner
      .all()
      .filter((call) => call.endedAt === null)
      .flatMap((call) =>
        [
          ...(call.operator.state === 'entered' ? [call.operator] : []),
          ...(call.outside.state === 'entered' || call.ringingAt !== null ? [call.outside] : []),
        ].map(({ channelId }) => ({ id: call.id, channelId })),
      );
    if (expected.length === 0) return;
    const answer = await ari.send('GET', '/channels');
    if (!answer.ok) return;
    const there = new Set(readChannels(answer.body).map(({ id }) => id));
    for (const { id, channelId } of expected) {
      if (!there.has(channelId)) runner.tell(id, { type: 'leg-gone', at: clock.now(), channelId, cause: 0 });
    }
  };

  let busy = false;
  return clock.every(every, () => {
    if (busy || !deps.connected()) return;
    busy = true;
    once()
      .catch((error: unknown) => logger.error({ err: error }, 'reconciling calls to the outside failed'))
      .finally(() => (busy = false));
  });
}
