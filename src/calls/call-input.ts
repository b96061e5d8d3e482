import type { Dispatch, RingResult } from '../dispatch/dispatch.ts';
import type { IncidentChange } from '../incidents/incident.ts';
import type { Received } from '../location/location.ts';
import type { Decision } from '../routing/rule.ts';
import type { PartyPurpose, PartyTarget } from './party.ts';
import type { CallEffect } from './call-effect.ts';
import type { CallQueue } from '../acd/queue.ts';
import type { Place } from '../acd/operator.ts';
import type { CallerHistory } from './history.ts';
import type { MonitorMode } from './monitor.ts';

/** Everything a call can be told. Each may come late, twice or never. `at` is epoch milliseconds. */
export type CallInput = { at: number } & (
  | { type: 'arrived'; up: boolean }
  | { type: 'caller-up' }
  | { type: 'caller-gone'; cause: number }
  /** The caller's channel left the application without hanging up. */
  | { type: 'caller-left' }
  /** Asterisk ended with every leg of the call, and the caller had not hung up. */
  | { type: 'cut-off' }
  | { type: 'sound-ended'; soundId: string }
  /** `together`: while others ring for it as well. */
  | { type: 'operator-assigned'; assignmentId: string; operatorId: string; account: string; together?: boolean }
  /** What the line says of a waiting call's place. */
  | ({ type: 'placed' } & Place)
  /** Somebody, or what became known of the caller, gives the call another place in the line. */
  | { type: 'ranked'; queue: Partial<Omit<CallQueue, 'id'>>; by: string; reason: string }
  /** While he talks: `by` is the operator's id, or that of the token. */
  | { type: 'hold'; by: string }
  | { type: 'resume'; by: string }
  | { type: 'mute'; muted: boolean; by: string }
  | { type: 'party-requested'; partyId: string; purpose: PartyPurpose; target: PartyTarget; by: string }
  /** Whom he typed, nobody can be. */
  | { type: 'party-refused'; purpose: PartyPurpose; reason: string; by: string }
  | { type: 'party-changed'; partyId: string; purpose: PartyPurpose; by: string }
  | { type: 'party-ended'; partyId: string; by: string }
  /** The hold button of a phone. */
  | { type: 'held-by-phone'; channelId: string; held: boolean }
  | { type: 'leg-ringing'; channelId: string }
  | { type: 'leg-entered'; channelId: string }
  | { type: 'leg-joined'; channelId: string; bridgeId: string }
  | { type: 'leg-gone'; channelId: string; cause: number }
  | { type: 'key-pressed'; channelId: string; key: string }
  /** Asterisk hears somebody speak, or ceased to. */
  | { type: 'talk-detected'; channelId: string; talking: boolean }
  /** Packets of media that came from the channel so far; null: it could not be asked. */
  | { type: 'packets-counted'; channelId: string; received: number | null }
  /** A person wants the caller asked for a key. */
  | { type: 'silent-asked'; by: string }
  | { type: 'ring-result'; attemptId: string; ring: RingResult }
  /** `bridgeId` is that of a failed join: one into a bridge that was given up long ago says nothing. */
  | { type: 'command-failed'; command: CallEffect['do']; target: string; failure: CommandFailure; bridgeId?: string }
  | { type: 'timer'; name: string }
  /** Something about where the caller is; also long after the arrival, and after the end. `aml`: the message's digest. */
  | { type: 'located'; received: Received; by?: string; aml?: string }
  /** What is on record of the caller. */
  | { type: 'caller-known'; history: CallerHistory }
  /** All that could be looked up at once has been told: a screen need not wait any longer. */
  | { type: 'looked-up' }
  | {
      type: 'incident-changed';
      change: IncidentChange;
      by: string;
      dispatches: Dispatch[];
      /** What the rules said, with why: journalled with the call, so that it can be explained for ever. */
      decision?: Decision;
      /** Those of the decision who are told now; absent: all of them. */
      tell?: Decision['tell'];
    }
  | { type: 'dispatch-requested'; dispatch: Dispatch }
  | { type: 'dispatch-cancelled'; dispatchId: string; by: string }
  /** Whether an agency in the call is heard. */
  | { type: 'dispatch-muted'; dispatchId: string; muted: boolean; by: string }
  /** What came of a message to an agency that is told and not rung. */
  | { type: 'notified'; dispatchId: string; outcome: 'delivered' | 'acknowledged' | 'failed'; reason: string | null }
  /** The operator leaves the caller to the agencies, and is rung again. */
  | { type: 'leave'; by: string }
  | { type: 'return'; requestId: string; operatorId: string; by: string }
  | { type: 'call-ended-by'; by: string }
  /** The line gives the operator that was asked for (`requestId`), or says why it cannot. */
  | { type: 'operator-reserved'; requestId: string; operatorId: string; assignmentId: string; account: string }
  | { type: 'reservation-refused'; requestId: string; reason: string }
  /** A supervisor is to hear the call, or to speak in it. */
  | { type: 'monitor-requested'; monitorId: string; operatorId: string; mode: MonitorMode; by: string }
  | { type: 'monitor-changed'; monitorId: string; mode: MonitorMode; by: string }
  | { type: 'monitor-ended'; monitorId: string; by: string }
  | { type: 'taken-over'; monitorId: string; by: string }
  /** The operator wants a supervisor's help. */
  | { type: 'assist-requested'; by: string }
  /** Who waits is given to the human path. */
  | { type: 'hand-over'; reason: string }
  /**
   * Its controller is dead, and `application` is who goes on with it. `channels` are those of the call's that Asterisk has,
   * `bridges` all bridges there are, `startedAt` when Asterisk started (null, or absent: it does not say).
   */
  | {
      type: 'adopted';
      application: string;
      channels: readonly HeldChannel[];
      bridges: readonly string[];
      startedAt?: number | null;
    }
);

/** A channel of a call as Asterisk has it. */
export interface HeldChannel {
  readonly channelId: string;
  /** A leg of ours rings, or it was answered; anything else is on the way to that. */
  readonly state: 'ringing' | 'up' | 'other';
  /** The bridge that it is in. */
  readonly bridgeId: string | null;
  /** In an application whose events this controller hears, and not in the dialplan. */
  readonly here: boolean;
}

/** The target does not exist, is not in a state for it, no answer in time, and everything else. */
export type CommandFailure = 'gone' | 'conflict' | 'timeout' | 'failed';
