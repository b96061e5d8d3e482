import type { WaitingLine } from '../acd/mailbox.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { CallRunner } from './runner.ts';

const lookEvery = 2_000;
/** A shift may change, a network blink; longer than this, the human path has the better chance. */
const patience = 30_000;

/**
 * With nobody at any desk, whoever has waited is given to the human path: it rings paused phones as well, and the
 * overflow trunk.
 */
export function sweepUnstaffed(deps: { runner: CallRunner; line: () => WaitingLine; clock: Clock }): Cancel {
  const { runner, clock } = deps;
  let since: number | null = null;
  return clock.every(lookEvery, () => {
    const at = clock.now();
    if (deps.line().staffed()) since = null;
    else since ??= at;
    if (since === null || at - since < patience) return;
    for (const call of runner.all()) {
      if (call.stage === 'waiting' && at - call.claimedAt >= patience) {
        runner.tell(call.id, { type: 'hand-over', at, reason: 'nobody is at any desk' });
      }
    }
  });
}
