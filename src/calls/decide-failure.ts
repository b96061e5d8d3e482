import type { CallInput } from './call-input.ts';
import { agencyInput } from './decide-dispatch.ts';
import { callerGone, callerLeft, giveBack } from './decide-end.ts';
import { operatorGone, rebuildBridge } from './decide-operator.ts';
import { hangUp, musicToCaller, tell, type Step } from './step.ts';

type Failed = Extract<CallInput, { type: 'command-failed' }>;

/** Asterisk did not do what it was told: what that means for the call. */
export function commandFailed(step: Step, input: Failed): void {
  const { call } = step;
  const { command, target, failure } = input;
  tell(step, 'command.failed', { command, target, failure });
  if (call.endedAt !== null) return;
  switch (command) {
    case 'answer':
      if (failure === 'gone') return callerGone(step, 0);
      if (failure === 'conflict') return callerLeft(step);
      return giveBack(step, 'the call could not be answered', true);
    case 'play':
      return target === call.channelId ? playFailed(step, failure) : undefined;
    case 'music':
      if (target !== call.channelId) return;
      call.caller.sound = null;
      if (failure === 'gone') return callerGone(step, 0);
      if (failure === 'conflict') return callerLeft(step);
      return;
    case 'make-bridge':
      return target === call.bridge?.id ? rebuildBridge(step, 'no bridge could be made') : undefined;
    case 'join':
      return joinFailed(step, target, failure);
    case 'ring-operator':
      if (target === call.operator?.channelId && call.operator.state === 'ringing') operatorGone(step, 27);
      return;
    case 'return-to-dialplan':
    case 'stop-sound':
    case 'destroy-bridge':
    case 'hang-up':
    case 'ring-agency':
    case 'enter-line':
    case 'leave-line':
    case 'operator-outcome':
      return;
  }
}

function playFailed(step: Step, failure: Failed['failure']): void {
  if (failure === 'gone') return callerGone(step, 0);
  if (failure === 'conflict') return callerLeft(step);
  step.call.caller.sound = null;
  if (!step.call.caller.joined) musicToCaller(step);
}

function joinFailed(step: Step, target: string, failure: Failed['failure']): void {
  const { call } = step;
  if (failure === 'timeout' || failure === 'failed') return rebuildBridge(step, 'a join failed');
  if (target === call.channelId) return failure === 'gone' ? callerGone(step, 0) : callerLeft(step);
  // The leg is gone or left the application between its answer and the join.
  if (failure === 'conflict') hangUp(step, target);
  if (target === call.operator?.channelId) return operatorGone(step, 41);
  agencyInput(step, { type: 'leg-gone', at: step.at, channelId: target, cause: 41 });
}
