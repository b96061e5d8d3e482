import { z } from 'zod';
import type { AriCommands } from '../asterisk/commands.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

/** It speaks every 2 s; so long without a word means that it is gone. */
const silentLimit = 8_000;

/** Watches the guardian channel of the dialplan, and starts it again when it is gone. */
export function watchGuardian(deps: {
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  /** Asterisk is connected; without it there is nothing to watch. */
  connected: () => boolean;
  alarm: (code: string, detail: Record<string, string | number>) => void;
}): { seen: () => void; stop: () => void } {
  const { ari, clock, logger } = deps;
  let seenAt = clock.monotonic();

  const check = async (): Promise<void> => {
    const silent = clock.monotonic() - seenAt;
    if (!deps.connected() || silent < silentLimit) return;
    const listed = await ari.send('GET', '/channels');
    if (!listed.ok) return;
    const there = z
      .array(z.object({ name: z.string() }))
      .parse(listed.body)
      .some(({ name }) => name.startsWith('Local/s@guardian'));
    deps.alarm('guardian-silent', { silentMilliseconds: Math.round(silent), channel: there ? 'present' : 'gone' });
    seenAt = clock.monotonic();
    if (there) return;
    const started = await ari.send('POST', '/channels', {
      endpoint: 'Local/s@guardian/n',
      context: 'guardian',
      extension: 'sleep',
      priority: 1,
    });
    if (started.ok) logger.info('the guardian channel was started again');
    else logger.error({ reason: started.reason }, 'the guardian channel could not be started');
  };

  const stop = clock.every(2_000, () => {
    check().catch((error: unknown) => logger.error({ err: error }, 'watching the guardian failed'));
  });
  return { seen: () => (seenAt = clock.monotonic()), stop };
}
