// What somebody wants of supervisors on a call, and whom the line gives for it. Their legs: decide-monitor-leg; what they hear:
// decide-monitor-hear.

import type { Call } from './call.ts';
import type { ReservationTarget } from './call-effect.ts';
import { endMonitor, notComing, refuseAssist } from './decide-monitor-end.ts';
import { enact } from './decide-monitor-hear.ts';
import { monitorsAtOnce, newMonitor, type Monitor, type MonitorMode } from './monitor.ts';
import { report, tell, type Step } from './step.ts';

/** The line answers at once; should its answer be lost, nobody waits for it longer. Milliseconds. */
const reservationLimit = 3_000;

/** Somebody wants a supervisor on the call. */
export function monitorRequested(
  step: Step,
  input: { monitorId: string; operatorId: string; mode: MonitorMode; by: string },
): void {
  const { call } = step;
  const { monitorId, operatorId, mode, by } = input;
  if (call.monitors.some(({ id }) => id === monitorId)) return;
  const reason = whyNot(call, operatorId);
  if (reason !== null) return tell(step, 'monitor.refused', { monitorId, operatorId, mode, by, reason });
  tell(step, 'monitor.requested', { monitorId, operatorId, mode, by });
  reserve(step, { id: monitorId, operatorId, mode, assist: false, by }, { operatorId });
}

/** An operator asks for help: any supervisor who is free is rung, and speaks to him alone. */
export function askAssist(step: Step, by: string): void {
  const { call } = step;
  tell(step, 'assist.requested', { by });
  const coming = call.monitors.some((one) => one.assist && (one.state === 'reserving' || one.state === 'ringing'));
  const reason = coming ? 'a supervisor is being rung' : whyNot(call, null);
  if (reason !== null) return refuseAssist(step, reason);
  reserve(
    step,
    { id: `${call.id}.m${call.counters.leg + 1}`, operatorId: null, mode: 'whisper', assist: true, by },
    { tier: 'supervisor' },
  );
}

function whyNot(call: Call, operatorId: string | null): string | null {
  if (call.endedAt !== null) return 'the call has ended';
  if (call.monitors.length >= monitorsAtOnce) return 'too many supervisors are on the call';
  if (operatorId === null) return null;
  if (call.operator?.operatorId === operatorId) return 'it is his own call';
  const there = [...call.others, ...call.parties, ...call.monitors].some((one) => one.operatorId === operatorId);
  return there ? 'he is on the call already' : null;
}

function reserve(
  step: Step,
  wish: Pick<Monitor, 'id' | 'operatorId' | 'mode' | 'assist' | 'by'>,
  target: ReservationTarget,
): void {
  const { call } = step;
  call.counters.leg += 1;
  call.monitors.push(newMonitor({ ...wish, channelId: `${call.id}.m${call.counters.leg}`, since: step.at }));
  call.timers[`monitor:${wish.id}`] = step.at + reservationLimit;
  step.effects.push({ do: 'reserve-operator', requestId: wish.id, target, evenPaused: true });
}

/** The line gives a supervisor. False: the request is none of a monitor. */
export function supervisorReserved(
  step: Step,
  input: { requestId: string; operatorId: string; assignmentId: string; account: string },
): boolean {
  const { call } = step;
  if (call.monitors.some(({ assignmentId }) => assignmentId === input.assignmentId)) return true;
  const monitor = call.monitors.find(({ id }) => id === input.requestId);
  if (monitor === undefined) return false;
  if (monitor.state !== 'reserving' || call.settled.includes(input.assignmentId)) {
    report(step, input, 'not-needed');
    return true;
  }
  monitor.operatorId = input.operatorId;
  monitor.assignmentId = input.assignmentId;
  monitor.state = 'ringing';
  call.timers[`monitor:${monitor.id}`] = step.at + call.timing.operatorRing;
  step.effects.push({
    do: 'ring-supervisor',
    channelId: monitor.channelId,
    account: input.account,
    callerNumber: call.origin.callerNumber,
    callerName: call.origin.callerName,
    ring: call.timing.operatorRing + 5_000,
  });
  return true;
}

export function reservationRefused(step: Step, requestId: string, reason: string): void {
  const monitor = step.call.monitors.find(({ id }) => id === requestId);
  if (monitor?.state === 'reserving') notComing(step, monitor, reason);
}

/** He asks for another way to be on the call, or somebody does for him. */
export function changeMonitor(step: Step, monitorId: string, mode: MonitorMode, by: string): void {
  const monitor = step.call.monitors.find(({ id }) => id === monitorId);
  if (monitor === undefined || (monitor.mode === mode && !monitor.takesOver)) return;
  monitor.takesOver = false;
  if (monitor.mode === mode) return;
  monitor.mode = mode;
  tell(step, 'monitor.changed', { monitorId, operatorId: monitor.operatorId, mode, by });
  if (monitor.state === 'entered' || monitor.state === 'joined') enact(step, monitor);
}

/** He becomes the call's operator as soon as he is in its bridge; until then the first one stays. */
export function takeOver(step: Step, monitorId: string, by: string): void {
  const monitor = step.call.monitors.find(({ id }) => id === monitorId);
  if (monitor === undefined || monitor.takesOver) return;
  changeMonitor(step, monitorId, 'barge', by);
  monitor.takesOver = true;
  tell(step, 'monitor.takes-over', { monitorId, operatorId: monitor.operatorId, by });
}

export function endMonitoring(step: Step, monitorId: string, by: string): void {
  const monitor = step.call.monitors.find(({ id }) => id === monitorId);
  if (monitor !== undefined) endMonitor(step, monitor, `ended by ${by}`);
}

const keys: Readonly<Record<string, MonitorMode>> = { '1': 'listen', '2': 'whisper', '3': 'barge' };

/** A key on a supervisor's phone; nobody else hears it. */
export function supervisorPressed(step: Step, monitor: Monitor, key: string): void {
  const by = monitor.operatorId ?? monitor.by;
  const mode = keys[key];
  if (mode !== undefined) changeMonitor(step, monitor.id, mode, by);
  else if (key === '4') takeOver(step, monitor.id, by);
}
