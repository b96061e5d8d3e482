import { pause, type Clock } from '../platform/clock.ts';
import type { Intake } from './intake.ts';
import type { CallRunner } from './runner.ts';

/**
 * Before a stop: claims nothing more, gives those who still wait to the human path, and lets conversations end, up to
 * `limit` milliseconds.
 */
export async function drain(runner: CallRunner, intake: Intake, clock: Clock, limit: number): Promise<void> {
  intake.stopClaiming();
  const until = clock.monotonic() + limit;
  for (;;) {
    const live = runner.all().filter((call) => call.endedAt === null);
    for (const call of live) {
      if (call.stage === 'waiting')
        runner.tell(call.id, { type: 'hand-over', at: clock.now(), reason: 'the controller stops' });
    }
    if (live.length === 0 || clock.monotonic() > until) break;
    await pause(clock, 100);
  }
  for (const call of runner.all()) {
    if (call.endedAt === null && call.stage !== 'talking')
      runner.tell(call.id, { type: 'hand-over', at: clock.now(), reason: 'the controller stops' });
  }
}
