import type { Call } from './call.ts';
import { isHangUp, outcomeOfCause } from '../asterisk/cause.ts';
import type { OperatorOutcome, ReservationTarget } from './call-effect.ts';
import type { CommandFailure } from './call-input.ts';
import { becomeOperator } from './decide-take-over.ts';
import { join, joinCaller } from './line.ts';
import { monitorOf, monitorsAtOnce, newMonitor, type Monitor, type MonitorMode } from './monitor.ts';
import { hangUp, refuse, report, tell, type Step } from './step.ts';

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
  if (monitor !== undefined) end(step, monitor, `ended by ${by}`);
}

/** Every monitor ends with the call. */
export function endMonitors(step: Step, reason: string): void {
  for (const monitor of step.call.monitors) end(step, monitor, reason);
}

const keys: Readonly<Record<string, MonitorMode>> = { '1': 'listen', '2': 'whisper', '3': 'barge' };

/** A key on a supervisor's phone; nobody else hears it. */
export function supervisorPressed(step: Step, monitor: Monitor, key: string): void {
  const by = monitor.operatorId ?? monitor.by;
  const mode = keys[key];
  if (mode !== undefined) changeMonitor(step, monitor.id, mode, by);
  else if (key === '4') takeOver(step, monitor.id, by);
}

/** A supervisor has answered, or what he hears by is there. */
export function monitorEntered(step: Step, monitor: Monitor, channelId: string): void {
  if (channelId === monitor.snoopId) {
    if (monitor.bridgeId !== null) joinOwn(step, monitor.bridgeId, channelId);
    return;
  }
  if (monitor.state !== 'ringing' || monitor.assignmentId === null || monitor.operatorId === null) return;
  const { operatorId, assignmentId } = monitor;
  tell(step, 'monitor.answered', { monitorId: monitor.id, operatorId });
  report(step, { operatorId, assignmentId }, 'talking');
  enact(step, monitor);
}

export function monitorJoined(step: Step, channelId: string, bridgeId: string): void {
  const { call } = step;
  const monitor = monitorOf(call.monitors, channelId);
  if (monitor?.state !== 'entered' || bridgeId !== (monitor.bridgeId ?? call.bridge?.id)) return;
  monitor.awaited = monitor.awaited.filter((one) => one !== channelId);
  if (monitor.awaited.length > 0) return;
  monitor.state = 'joined';
  Reflect.deleteProperty(call.timers, `monitor:${monitor.id}`);
  const { id, operatorId, mode } = monitor;
  tell(step, 'monitor.joined', { monitorId: id, operatorId, mode });
  if (!monitor.assist) return;
  // Not before: Asterisk joins no channel while it plays to it.
  monitor.assist = false;
  const soundId = `${monitor.channelId}.s`;
  step.effects.push({ do: 'play', channelId: monitor.channelId, soundId, prompt: 'assist-announcement' });
}

/** A supervisor's phone, or what he hears by, is out of the call. */
export function monitorGone(step: Step, monitor: Monitor, channelId: string, cause: number): void {
  if (channelId !== monitor.channelId) return snoopLost(step, monitor);
  if (monitor.state === 'ringing') return notReached(step, monitor, outcomeOfCause(cause));
  const hungUp = isHangUp(cause);
  end(
    step,
    monitor,
    hungUp ? 'the supervisor hung up' : "the supervisor's phone was lost",
    hungUp ? 'finished' : 'lost',
  );
}

/** What was to come has not come in time. */
export function monitorTimedOut(step: Step, timer: string): void {
  const { call } = step;
  Reflect.deleteProperty(call.timers, timer);
  const monitor = call.monitors.find(({ id }) => timer === `monitor:${id}`);
  if (monitor === undefined) return;
  if (monitor.state === 'reserving') return notComing(step, monitor, 'the line did not answer');
  if (monitor.state === 'ringing') return notReached(step, monitor, 'no-answer');
  end(step, monitor, 'he could not be joined in time');
}

/** A command for a monitor failed: that ends the monitor, never the call. False: it was for something else. */
export function monitorCommandFailed(
  step: Step,
  input: { command: string; target: string; failure: CommandFailure; bridgeId?: string },
): boolean {
  const { command, target, failure, bridgeId } = input;
  const { monitors } = step.call;
  const monitor = monitors.find((one) => one.bridgeId === target) ?? monitorOf(monitors, target);
  if (monitor === undefined) return false;
  // What was asked for twice is there.
  if (failure === 'conflict' && command !== 'join') return true;
  if (command === 'ring-supervisor' && monitor.state === 'ringing') notReached(step, monitor, 'failed');
  else if (command === 'snoop') snoopLost(step, monitor);
  else if (command === 'make-bridge') end(step, monitor, 'no bridge could be made');
  else if (command === 'join') joinFailed(step, monitor, target, bridgeId);
  return true;
}

function joinFailed(step: Step, monitor: Monitor, target: string, bridgeId: string | undefined): void {
  if (bridgeId !== undefined && bridgeId !== (monitor.bridgeId ?? step.call.bridge?.id)) return;
  if (!monitor.awaited.includes(target)) return;
  if (target === monitor.snoopId) snoopLost(step, monitor);
  else end(step, monitor, 'he could not be joined');
}

/** What has to hold of monitors after every input. */
export function settleMonitors(step: Step): void {
  const { call } = step;
  // First: to whom he whispered may be another one by then.
  becomeOperator(step);
  for (const monitor of call.monitors) {
    if (monitor.mode === 'whisper' && monitor.snooped !== null && monitor.snooped !== whispersTo(call)) {
      fallBack(step, monitor);
    }
    if (monitor.mode === 'listen' && !call.caller.live) end(step, monitor, 'the caller is gone');
  }
}

/** Puts a supervisor who is on the phone where his mode wants him. */
function enact(step: Step, monitor: Monitor): void {
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

/** Lets him hear the caller's channel, or the operator's if he speaks to him. */
function hear(step: Step, monitor: Monitor): void {
  const { call } = step;
  const operatorChannel = monitor.mode === 'whisper' ? whispersTo(call) : null;
  if (monitor.mode === 'whisper' && operatorChannel === null) nobodyToWhisperTo(step, monitor);
  const { snoopId: old } = monitor;
  call.counters.leg += 1;
  const snoopId = `${call.id}.n${call.counters.leg}`;
  monitor.snoopId = snoopId;
  monitor.snooped = operatorChannel ?? call.channelId;
  monitor.awaited = [...monitor.awaited.filter((one) => one !== old), snoopId];
  step.effects.push({ do: 'snoop', channelId: snoopId, snooped: monitor.snooped, whisper: operatorChannel !== null });
}

function whispersTo({ operator }: Call): string | null {
  return operator === null || operator.state === 'ringing' ? null : operator.channelId;
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

function snoopLost(step: Step, monitor: Monitor): void {
  if (monitor.mode === 'whisper') fallBack(step, monitor);
  else end(step, monitor, 'the call cannot be heard any more');
}

function joinOwn(step: Step, bridgeId: string, channelId: string): void {
  step.effects.push({ do: 'join', bridgeId, channelId, absorbKeys: true });
}

function notReached(step: Step, monitor: Monitor, outcome: 'busy' | 'no-answer' | 'failed'): void {
  if (monitor.assist) refuseAssist(step, outcome);
  end(step, monitor, outcome, outcome);
}

function notComing(step: Step, monitor: Monitor, reason: string): void {
  const { id: monitorId, operatorId, mode, by } = monitor;
  if (monitor.assist) refuseAssist(step, reason);
  else tell(step, 'monitor.refused', { monitorId, operatorId, mode, by, reason });
  end(step, monitor, reason);
}

/** The operator hears that nobody comes, and so do the screens. */
function refuseAssist(step: Step, reason: string): void {
  const { call } = step;
  refuse(step, 'assist.refused', { reason, operatorId: call.operator?.operatorId ?? null });
}

/** Takes a supervisor off the call, whatever he was doing, and leaves nothing of him behind. */
function end(step: Step, monitor: Monitor, reason: string, outcome?: OperatorOutcome): void {
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

/** The call moves to another bridge: those who barged in are to join it anew. */
export function moveBarging(step: Step): void {
  for (const monitor of step.call.monitors) {
    if (monitor.mode !== 'barge' || monitor.state !== 'joined') continue;
    monitor.state = 'entered';
    monitor.awaited = [monitor.channelId];
    step.call.timers[`monitor:${monitor.id}`] = step.at + 2 * step.call.timing.join;
  }
}

/** The supervisor whose join into the call's bridge was not confirmed, or was refused: the call goes on without him. */
export function bargeFailed(step: Step, channelId: string): boolean {
  const monitor = monitorOf(step.call.monitors, channelId);
  if (monitor === undefined) return false;
  end(step, monitor, 'he could not be joined');
  return true;
}
