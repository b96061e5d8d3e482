import { z } from 'zod';
import type { AriCommands } from '../asterisk/commands.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';

/** The guardian looks every 0.5 s, and acts after 2 s without a new beat of any controller (extensions.conf). */
const beatEvery = 500;
const lookEvery = 2_000;
/** So long without a beat heard means that the guardian is gone. */
const silentLimit = 8_000;

const variable = z.object({ value: z.string() });

/**
 * Tells the guardian channel of the dialplan that this controller lives, watches that it hears so, and starts it again
 * when it is gone.
 */
export function watchGuardian(deps: {
  /** Makes the beats of two controllers differ. */
  application: string;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  /** Asterisk is there, its events come in, and this process keeps up: its callers are in good hands. */
  inControl: () => boolean;
  alarm: (code: string, detail: Record<string, string | number>) => void;
}): { beat: () => void; stop: () => void } {
  const { ari, clock, logger } = deps;
  let beats = 0;
  let beating = false;
  let heard = '';
  let heardAt = clock.monotonic();

  const tell = async (): Promise<void> => {
    const value = `${deps.application}:${(beats += 1)}`;
    const answer = await ari.send('POST', '/asterisk/variable', { variable: 'SIAGA_HEARTBEAT', value });
    if (!answer.ok) logger.warn({ reason: answer.reason }, 'the guardian could not be told that this controller lives');
  };

  const look = async (): Promise<void> => {
    // Who tells it nothing is not heard.
    if (!deps.inControl()) return void (heardAt = clock.monotonic());
    const answer = await ari.send('GET', '/asterisk/variable', { variable: 'SIAGA_HEARTBEAT_HEARD' });
    if (!answer.ok) return;
    const { value } = variable.parse(answer.body);
    if (value !== heard) {
      heard = value;
      heardAt = clock.monotonic();
    }
    const silent = clock.monotonic() - heardAt;
    if (silent >= silentLimit) await startAgain(silent);
  };

  const startAgain = async (silent: number): Promise<void> => {
    const listed = await ari.send('GET', '/channels');
    if (!listed.ok) return;
    const there = z
      .array(z.object({ name: z.string() }))
      .parse(listed.body)
      .some(({ name }) => name.startsWith('Local/s@guardian'));
    deps.alarm('guardian-silent', { silentMilliseconds: Math.round(silent), channel: there ? 'present' : 'gone' });
    heardAt = clock.monotonic();
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

  const beat = (): void => {
    if (beating || !deps.inControl()) return;
    beating = true;
    void tell().finally(() => (beating = false));
  };

  const stopBeating = clock.every(beatEvery, beat);
  const stopLooking = clock.every(lookEvery, () => {
    look().catch((error: unknown) => logger.error({ err: error }, 'watching the guardian failed'));
  });
  return {
    /** At once, as after a connect: callers come in the next moment. */
    beat,
    stop() {
      stopBeating();
      stopLooking();
    },
  };
}
