// What an agency's person hears before he accepts, from its beginning to its end.

import type { Attempt } from './dispatch.ts';
import { tell, wake, type DispatchStep } from './step.ts';

export function announce(step: DispatchStep, attempt: Attempt): void {
  attempt.announced += 1;
  step.actions.push({ do: 'announce', channelId: attempt.channelId, soundId: soundOf(attempt) });
}

export function hushAnnouncement(step: DispatchStep, attempt: Attempt): void {
  step.actions.push({ do: 'stop-announcing', channelId: attempt.channelId, soundId: soundOf(attempt) });
}

/**
 * From its beginning, with what is known by now. The first time he has the time for his key anew: that he pressed one says
 * that a person listens, and the announcement fills most of that time. Only once, so that a key that comes again and again
 * (a line that hears its own tones) keeps nobody from the next trunk.
 */
export function repeatAnnouncement(step: DispatchStep, attempt: Attempt, at: number): void {
  hushAnnouncement(step, attempt);
  if (attempt.announced === 1) wake(step, at + step.dispatch.timing.accept);
  announce(step, attempt);
  tell(step, 'dispatch.announced-again', { trunkId: attempt.trunkId, times: attempt.announced });
}

/** Another for each time: the one before may still be ending when the next begins. */
function soundOf({ channelId, announced }: Attempt): string {
  return `${channelId}.s${announced}`;
}
