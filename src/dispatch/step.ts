import type { PrintedAsteriskLocation } from '../location/pidf-lo/asterisk-location.ts';
import { isConfidential } from '../routing/kind.ts';
import type { Dispatch, DispatchState, RingJob, RingResult } from './dispatch.ts';

/** What a dispatch can be told about the attempt under way. Late ones, of an attempt that is over, change nothing. */
export type DispatchInput = { at: number } & (
  | { type: 'start' }
  | { type: 'ring-result'; attemptId: string; ring: RingResult }
  | { type: 'leg-ringing'; channelId: string }
  | { type: 'leg-entered'; channelId: string }
  | { type: 'leg-joined'; channelId: string }
  | { type: 'leg-gone'; channelId: string; cause: number }
  | { type: 'key-pressed'; channelId: string; key: string }
  | { type: 'timer' }
  /** Whether the others are to hear it; what Asterisk did not do of that. */
  | { type: 'mute'; muted: boolean; by: string }
  | { type: 'mute-failed'; channelId: string; muted: boolean; unknown: boolean }
  /** Mode `notify`: what came of the message. */
  | { type: 'notified'; outcome: 'delivered' | 'acknowledged' | 'failed'; reason: string | null }
  | { type: 'cancel'; reason: 'cancelled' | 'call-ended' }
);

/** What the call has to do for its dispatch. */
export type DispatchAction =
  | { do: 'ring'; job: RingJob }
  /** `soundId`: another for each time. */
  | { do: 'announce'; channelId: string; soundId: string }
  | { do: 'stop-announcing'; channelId: string; soundId: string }
  | { do: 'join'; channelId: string }
  | { do: 'hang-up'; channelId: string }
  | { do: 'mute' | 'unmute'; channelId: string }
  /** Whether the caller has somebody in it, should every controller die. */
  | { do: 'tie'; channelId: string; heard: boolean }
  | { do: 'notify' }
  | { do: 'wake'; at: number | null }
  | { do: 'tell'; type: string; detail: Record<string, string | number | boolean | null> };

/** The call a dispatch belongs to, as far as an attempt needs it. */
export interface DispatchContext {
  callId: string;
  incidentId: string;
  application: string;
  callerNumber: string | null;
  /** What the incident is, as far as the way to the agency may know it. */
  kind: string | null;
  callInfo: string;
  location: PrintedAsteriskLocation | null;
  callerChannelId: string | null;
}

export interface DispatchStep {
  dispatch: Dispatch;
  actions: DispatchAction[];
}

export function finish(step: DispatchStep, state: DispatchState, outcome: Dispatch['outcome'], at: number): void {
  step.dispatch.state = state;
  step.dispatch.outcome = outcome;
  step.dispatch.endedAt = at;
  wake(step, null);
}

export function wake(step: DispatchStep, at: number | null): void {
  step.actions.push({ do: 'wake', at });
}

export function tell(step: DispatchStep, type: string, detail: Record<string, string | number | boolean | null>): void {
  step.actions.push({
    do: 'tell',
    type,
    detail: { dispatchId: step.dispatch.id, agencyId: step.dispatch.agencyId, ...detail },
  });
}

/** With the caller's number, a confidential kind would tell every network on the way who was beaten: the agency hears it. */
export function openKind(kind: string | null): string | null {
  return isConfidential(kind) ? null : kind;
}
