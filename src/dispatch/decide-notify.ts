// A dispatch whose agency is told by a message: nobody is rung for it, and it goes on when its call has ended.

import { finish, tell, wake, type DispatchInput, type DispatchStep } from './step.ts';

/** Milliseconds: by then all channels of all contacts have been tried. */
const toldWithin = 1_800_000;

/** One step of a dispatch of mode `notify`. A call that ends calls it off no more than a message that was sent. */
export function notify(step: DispatchStep, input: DispatchInput): void {
  const { dispatch } = step;
  if (dispatch.endedAt !== null) return;
  switch (input.type) {
    case 'start':
      return begin(step, input.at);
    case 'notified':
      if (dispatch.startedAt === null) return;
      return input.outcome === 'failed' ? failed(step, input.reason, input.at) : told(step, input.outcome, input.at);
    case 'timer':
      return failed(step, 'nobody said what came of it', input.at);
    case 'cancel':
      if (input.reason === 'call-ended') return begin(step, input.at);
      finish(step, 'cancelled', input.reason, input.at);
      return tell(step, 'dispatch.cancelled', { reason: input.reason });
    // Nobody is rung for it: it has no leg.
    case 'ring-result':
    case 'leg-ringing':
    case 'leg-entered':
    case 'leg-joined':
    case 'leg-gone':
    case 'key-pressed':
    case 'mute':
    case 'mute-failed':
  }
}

function begin(step: DispatchStep, at: number): void {
  if (step.dispatch.startedAt !== null) return;
  step.dispatch.startedAt = at;
  tell(step, 'dispatch.requested', { mode: 'notify' });
  wake(step, at + toldWithin);
  step.actions.push({ do: 'notify' });
}

function told(step: DispatchStep, outcome: 'delivered' | 'acknowledged', at: number): void {
  finish(step, 'told', outcome, at);
  tell(step, 'dispatch.told', { outcome });
}

function failed(step: DispatchStep, reason: string | null, at: number): void {
  finish(step, 'failed', 'unreachable', at);
  tell(step, 'dispatch.failed', { reason, attempts: 0 });
}
