import { conflict, unavailable } from '../platform/problem.ts';
import type { Call } from './call.ts';
import type { CallInput } from './call-input.ts';
import type { CallRunner } from './runner.ts';

/**
 * The call under way that reported an incident; of several, the latest: a redial takes the incident over. One that was given
 * back to the human path is none: it stays only to be claimed again, and another controller may have claimed it.
 */
export function liveCallOf(runner: Pick<CallRunner, 'all'>, incidentId: string): Call | undefined {
  return runner
    .all()
    .filter((call) => call.incident.id === incidentId && call.outcome !== 'returned')
    .sort((a, b) => b.arrivedAt - a.arrivedAt)[0];
}

/**
 * Hands a person's command to a call and resolves when the decision is on the disk; `done` is told when it is made.
 * @throws Problem 409 when the call is not here any more, 503 when the disk did not confirm in time.
 */
export async function tellCall(
  runner: CallRunner,
  callId: string,
  input: CallInput,
  done: () => void = () => undefined,
): Promise<void> {
  const told = await runner.command(callId, input);
  if (!told.known) throw conflict('calls.ended', 'The call ended a moment ago; try again.');
  done();
  if (told.durable) return;
  throw unavailable('journal.unavailable', 'It was done, but the journal could not confirm it. Look before repeating.');
}
