import { announcement } from '../dispatch/announcement.ts';
import { openKind, type DispatchAction, type DispatchContext, type DispatchStep } from '../dispatch/step.ts';
import { isPending, talks, type Dispatch } from '../dispatch/dispatch.ts';
import { incidentNumber } from '../incidents/incident-number.ts';
import type { Call } from './call.ts';
import { sentLocation } from '../location/sent-location.ts';
import { callInfoOf } from './emergency-id.ts';
import { join, joinCaller } from './line.ts';
import { hangUp, tell, type Step } from './step.ts';

export function contextOf(call: Call): DispatchContext {
  return {
    callId: call.id,
    incidentId: call.incident.id,
    application: call.application,
    callerNumber: call.origin.callerNumber,
    kind: openKind(call.incident.kind),
    callInfo: callInfoOf(call.emergency),
    location: sentLocation(call.location),
    callerChannelId: call.channelId,
  };
}

/** What is known at this moment: the kind may have been changed since the dispatch was asked for. */
function announcementOf({ incident, location }: Call, { mode }: Dispatch): string[] {
  return announcement({
    kind: incident.kind,
    district: incident.district ?? location.best?.district ?? null,
    incidentNumber: incidentNumber(incident.id),
    drill: false,
    listens: mode === 'listen',
  });
}

export function dispatchOfChannel(call: Call, channelId: string): Dispatch | undefined {
  return call.dispatches.find((dispatch) => dispatch.attempts.some((attempt) => attempt.channelId === channelId));
}

/** An agency is on its way to talk with the caller, or is only muted: an operator who hangs up now leaves him to it. */
export function expectsAgency(call: Call): boolean {
  return call.dispatches.some((one) => talks(one) && (isPending(one) || (one.state === 'joined' && one.muted)));
}

/** Turns a dispatch's actions into the call's own effects, timers and facts. */
export function applyDispatchStep(step: Step, result: DispatchStep): void {
  const { call } = step;
  const { dispatch } = result;
  call.dispatches = call.dispatches.map((one) => (one.id === dispatch.id ? dispatch : one));
  for (const action of result.actions) apply(step, dispatch, action);
}

function apply(step: Step, dispatch: Dispatch, action: DispatchAction): void {
  const { call } = step;
  switch (action.do) {
    case 'ring':
      step.effects.push({ do: 'ring-agency', job: action.job });
      return;
    case 'announce':
      step.effects.push({
        do: 'announce',
        channelId: action.channelId,
        soundId: action.soundId,
        prompts: announcementOf(call, dispatch),
      });
      return;
    case 'stop-announcing':
      step.effects.push({
        do: 'stop-sound',
        channelId: action.channelId,
        soundId: action.soundId,
        music: false,
      });
      return;
    case 'join':
      // Who only listens does not take a waiting caller from his music.
      if (!dispatch.muted) joinCaller(step);
      join(step, action.channelId);
      return;
    case 'mute':
    case 'unmute':
      step.effects.push({ do: action.do, channelId: action.channelId });
      return;
    case 'tie': {
      const { channelId, heard } = action;
      step.effects.push({ do: 'tie-to-caller', channelId, callerChannelId: heard ? call.channelId : null });
      return;
    }
    case 'notify':
      step.effects.push({
        do: 'notify',
        dispatchId: dispatch.id,
        agencyId: dispatch.agencyId,
        incidentId: call.incident.id,
      });
      return;
    case 'hang-up':
      hangUp(step, action.channelId);
      return;
    case 'wake':
      if (action.at === null) Reflect.deleteProperty(call.timers, `dispatch:${dispatch.id}`);
      else call.timers[`dispatch:${dispatch.id}`] = action.at;
      return;
    case 'tell':
      tell(step, action.type, action.detail);
      return;
  }
}
