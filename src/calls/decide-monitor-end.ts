// How a supervisor goes off a call: nothing of him is left behind, and the call goes on without him.

import type { OperatorOutcome } from './call-effect.ts';
import type { Monitor } from './monitor.ts';
import { hangUp, refuse, report, tell, type Step } from './step.ts';

/** Every monitor ends with the call. */
export function endMonitors(step: Step, reason: string): void {
  for (const monitor of step.call.monitors) endMonitor(step, monitor, reason);
}

export function notReached(step: Step, monitor: Monitor, outcome: 'busy' | 'no-answer' | 'failed'): void {
  if (monitor.assist) refuseAssist(step, outcome);
  endMonitor(step, monitor, outcome, outcome);
}

export function notComing(step: Step, monitor: Monitor, reason: string): void {
  const { id: monitorId, operatorId, mode, by } = monitor;
  if (monitor.assist) refuseAssist(step, reason);
  else tell(step, 'monitor.refused', { monitorId, operatorId, mode, by, reason });
  endMonitor(step, monitor, reason);
}

/** The operator hears that nobody comes, and so do the screens. */
export function refuseAssist(step: Step, reason: string): void {
  const { call } = step;
  refuse(step, 'assist.refused', { reason, operatorId: call.operator?.operatorId ?? null });
}

/** Takes a supervisor off the call, whatever he was doing, and leaves nothing of him behind. */
export function endMonitor(step: Step, monitor: Monitor, reason: string, outcome?: OperatorOutcome): void {
  const { call } = step;
  const { id: monitorId, operatorId, assignmentId, mode, state, channelId, snoopId, bridgeId } = monitor;
  if (!call.monitors.includes(monitor)) return;
  call.monitors = call.monitors.filter((one) => one !== monitor);
  Reflect.deleteProperty(call.timers, `monitor:${monitorId}`);
  call.joining = call.joining.filter((one) => one !== channelId);
  if (state !== 'reserving') hangUp(step, channelId, outcome === 'no-answer' ? 'no-answer' : 'normal');
  if (snoopId !== null) hangUp(step, snoopId);
  if (bridgeId !== null) step.effects.push({ do: 'destroy-bridge', bridgeId });
  if (operatorId !== null && assignmentId !== null) {
    report(step, { operatorId, assignmentId }, outcome ?? (state === 'ringing' ? 'not-needed' : 'finished'));
  }
  tell(step, 'monitor.ended', { monitorId, operatorId, mode, reason });
}
