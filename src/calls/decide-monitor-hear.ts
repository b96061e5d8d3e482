// What a supervisor on a call hears, and who hears him. The call's own bridge is touched only for one who barges in.

import type { Call } from './call.ts';
import { endMonitor } from './decide-monitor-end.ts';
import { join, joinCaller } from './line.ts';
import type { Monitor } from './monitor.ts';
import { hangUp, tell, type Step } from './step.ts';

/** What has to hold of monitors after every input, once it is settled who is the operator and whether the caller is on hold. */
export function settleMonitors(step: Step): void {
  const { call } = step;
  for (const monitor of call.monitors) {
    const { mode, snooped } = monitor;
    if (mode === 'listen' && !call.caller.live) endMonitor(step, monitor, 'the caller is gone');
    else if (snooped === null) continue;
    else if (mode === 'whisper' && snooped !== whispersTo(call)) fallBack(step, monitor);
    else if (mode === 'listen' && snooped !== listensTo(call)) enact(step, monitor);
  }
}

/** Puts a supervisor who is on the phone where his mode wants him. */
export function enact(step: Step, monitor: Monitor): void {
  const { call } = step;
  const { channelId } = monitor;
  const before = { snoopId: monitor.snoopId, bridgeId: monitor.bridgeId };
  const fresh = monitor.state === 'ringing';
  monitor.state = 'entered';
  call.timers[`monitor:${monitor.id}`] = step.at + 2 * call.timing.join;
  if (monitor.mode === 'barge') {
    monitor.snoopId = monitor.snooped = monitor.bridgeId = null;
    monitor.awaited = [channelId];
    // Whoever speaks to the caller is sent to him, should every controller die.
    step.effects.push({ do: 'tie-to-caller', channelId, callerChannelId: call.channelId });
    joinCaller(step);
    join(step, channelId);
  } else {
    if (monitor.bridgeId === null) {
      call.joining = call.joining.filter((one) => one !== channelId);
      call.counters.bridge += 1;
      monitor.bridgeId = `${call.id}.b${call.counters.bridge}`;
      if (!fresh) step.effects.push({ do: 'tie-to-caller', channelId, callerChannelId: null });
      step.effects.push({ do: 'make-bridge', bridgeId: monitor.bridgeId });
      monitor.awaited = [channelId];
      joinOwn(step, monitor.bridgeId, channelId);
    }
    hear(step, monitor);
  }
  if (before.snoopId !== null) hangUp(step, before.snoopId);
  if (before.bridgeId !== null && monitor.bridgeId === null) {
    step.effects.push({ do: 'destroy-bridge', bridgeId: before.bridgeId });
  }
}

/** Lets him hear the caller's channel; the operator's if he speaks to him, or if the caller is on hold. */
function hear(step: Step, monitor: Monitor): void {
  const { call } = step;
  const operatorChannel = monitor.mode === 'whisper' ? whispersTo(call) : null;
  if (monitor.mode === 'whisper' && operatorChannel === null) nobodyToWhisperTo(step, monitor);
  const { snoopId: old } = monitor;
  call.counters.leg += 1;
  const snoopId = `${call.id}.n${call.counters.leg}`;
  monitor.snoopId = snoopId;
  monitor.snooped = operatorChannel ?? listensTo(call);
  monitor.awaited = [...monitor.awaited.filter((one) => one !== old), snoopId];
  step.effects.push({ do: 'snoop', channelId: snoopId, snooped: monitor.snooped, whisper: operatorChannel !== null });
}

function whispersTo({ operator }: Call): string | null {
  return operator === null || operator.state === 'ringing' ? null : operator.channelId;
}

/** Who is on hold hears music: who listens hears what the operator does. */
function listensTo(call: Call): string {
  return (call.hold === null ? null : whispersTo(call)) ?? call.channelId;
}

function nobodyToWhisperTo(step: Step, monitor: Monitor): void {
  monitor.mode = 'listen';
  const { id: monitorId, operatorId } = monitor;
  tell(step, 'monitor.changed', { monitorId, operatorId, mode: 'listen', by: 'no operator is there' });
}

/** The operator to whom he spoke has gone: he hears the caller from now on, and nobody hears him. */
function fallBack(step: Step, monitor: Monitor): void {
  nobodyToWhisperTo(step, monitor);
  enact(step, monitor);
}

export function snoopLost(step: Step, monitor: Monitor): void {
  if (monitor.mode === 'whisper') return fallBack(step, monitor);
  // The operator's own end may not have been told yet. Once: what was lost on the way is not tried for ever.
  if (monitor.snooped !== step.call.channelId && monitor.state === 'joined') return enact(step, monitor);
  endMonitor(step, monitor, 'the call cannot be heard any more');
}

export function joinOwn(step: Step, bridgeId: string, channelId: string): void {
  step.effects.push({ do: 'join', bridgeId, channelId, absorbKeys: true });
}
