// What becomes of a supervisor's leg, and of what he hears by. Whatever fails ends the monitor, never the call.

import { isHangUp, outcomeOfCause } from '../asterisk/cause.ts';
import type { CommandFailure } from './call-input.ts';
import { endMonitor, notComing, notReached } from './decide-monitor-end.ts';
import { enact, joinOwn, snoopLost } from './decide-monitor-hear.ts';
import { monitorOf, type Monitor } from './monitor.ts';
import { report, tell, type Step } from './step.ts';

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
  // Not before: it is mixed into what he hears.
  monitor.assist = false;
  const soundId = `${monitor.channelId}.s`;
  step.effects.push({ do: 'whisper', channelId: monitor.channelId, soundId, prompt: 'assist-announcement' });
}

/** A supervisor's phone, or what he hears by, is out of the call. */
export function monitorGone(step: Step, monitor: Monitor, channelId: string, cause: number): void {
  if (channelId !== monitor.channelId) return snoopLost(step, monitor);
  if (monitor.state === 'ringing') return notReached(step, monitor, outcomeOfCause(cause));
  const hungUp = isHangUp(cause);
  endMonitor(
    step,
    monitor,
    hungUp ? 'the supervisor hung up' : "the supervisor's phone was lost",
    hungUp ? 'finished' : 'lost',
  );
}

/** What was to come has not come in time. */
export function monitorTimedOut(step: Step, timer: string): void {
  const { call } = step;
  const monitor = call.monitors.find(({ id }) => timer === `monitor:${id}`);
  if (monitor === undefined) return;
  if (monitor.state === 'reserving') return notComing(step, monitor, 'the line did not answer');
  if (monitor.state === 'ringing') return notReached(step, monitor, 'no-answer');
  endMonitor(step, monitor, 'he could not be joined in time');
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
  else if (command === 'make-bridge') endMonitor(step, monitor, 'no bridge could be made');
  else if (command === 'join') joinFailed(step, monitor, target, bridgeId);
  return true;
}

function joinFailed(step: Step, monitor: Monitor, target: string, bridgeId: string | undefined): void {
  if (bridgeId !== undefined && bridgeId !== (monitor.bridgeId ?? step.call.bridge?.id)) return;
  if (!monitor.awaited.includes(target)) return;
  if (target === monitor.snoopId) snoopLost(step, monitor);
  else endMonitor(step, monitor, 'he could not be joined');
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
  endMonitor(step, monitor, 'he could not be joined');
  return true;
}
