import { isRefusal, outcomeOfCause } from '../asterisk/cause.ts';
import type { OutgoingOutcome } from './outgoing.ts';
import { close, end, play, report, tell, type Step } from './step.ts';

/** Rings the other side; the operator hears that it rings, or, of a call-back, whom he is calling. */
export function ringOutside(step: Step): void {
  const { call, effects } = step;
  if (call.uri === null) return;
  report(step, 'talking');
  call.stage = 'ringing';
  call.outside.state = 'ringing';
  call.timers.outside = step.at + call.timing.outsideRing;
  if (call.purpose === 'callback') play(step, 'callback-announcement');
  else effects.push({ do: 'ring-tone', channelId: call.operator.channelId });
  effects.push({
    do: 'ring-outside',
    channelId: call.outside.channelId,
    uri: call.uri,
    shownNumber: call.shownNumber,
    ring: call.timing.outsideRing,
    callback: call.purpose === 'callback',
    callInfo: call.callInfo,
  });
}

/** The other side rings. */
export function ringing(step: Step): void {
  const { call } = step;
  if (call.stage !== 'ringing' || call.ringingAt !== null) return;
  call.ringingAt = step.at;
  tell(step, 'outgoing.ringing');
}

/** The other side has answered: the two are brought together, for as long as a call may take. */
export function outsideEntered(step: Step): void {
  const { call, effects } = step;
  if (call.stage !== 'ringing') return;
  const operator = call.operator.channelId;
  const bridgeId = `${call.id}.b1`;
  call.stage = 'talking';
  call.outside.state = 'entered';
  call.answeredAt = step.at;
  call.bridgeId = bridgeId;
  delete call.timers.outside;
  call.timers.duration = step.at + call.timing.duration;
  if (call.timing.warning < call.timing.duration) {
    call.timers.warning = call.timers.duration - call.timing.warning;
  }
  if (call.sound === null) effects.push({ do: 'stop-ring-tone', channelId: operator });
  else effects.push({ do: 'stop-sound', channelId: operator, soundId: call.sound });
  call.sound = null;
  effects.push({ do: 'make-bridge', bridgeId });
  for (const channelId of [operator, call.outside.channelId]) effects.push({ do: 'join', bridgeId, channelId });
  tell(step, 'outgoing.answered');
}

/** The other side has gone, or never came. */
export function outsideGone(step: Step, cause: number): void {
  const { call } = step;
  const { state } = call.outside;
  if (state === 'gone' || state === 'planned') return;
  call.outside.state = 'gone';
  if (call.stage === 'talking') return end(step, 'answered', 'the other side hung up');
  if (call.stage === 'ringing') close(step, outcomeOf(cause), `cause ${cause}`, 'code-refused');
}

function outcomeOf(cause: number): OutgoingOutcome {
  if (isRefusal(cause)) return 'declined';
  const outcome = outcomeOfCause(cause);
  return outcome === 'failed' ? 'unreachable' : outcome;
}
