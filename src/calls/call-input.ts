import type { Dispatch, RingResult } from '../dispatch/dispatch.ts';
import type { IncidentChange } from '../incidents/incident.ts';
import type { Received } from '../location/location.ts';
import type { Decision } from '../routing/rule.ts';
import type { PartyPurpose, PartyTarget } from './party.ts';
import type { CallEffect } from './call-effect.ts';
import type { CallerHistory } from './history.ts';

/** Everything a call can be told. Each may come late, twice or never. `at` is epoch milliseconds. */
export type CallInput = { at: number } & (
  | { type: 'arrived'; up: boolean }
  | { type: 'caller-up' }
  | { type: 'caller-gone'; cause: number }
  /** The caller's channel left the application without hanging up. */
  | { type: 'caller-left' }
  | { type: 'sound-ended'; soundId: string }
  | { type: 'operator-assigned'; assignmentId: string; operatorId: string; account: string }
  /** What the line says to a call that asked for an operator. */
  | { type: 'operator-reserved'; requestId: string; operatorId: string; assignmentId: string; account: string }
  | { type: 'reservation-refused'; requestId: string; reason: string }
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
    }
  | { type: 'dispatch-requested'; dispatch: Dispatch }
  | { type: 'dispatch-cancelled'; dispatchId: string; by: string }
  | { type: 'call-ended-by'; by: string }
  /** Who waits is given to the human path. */
  | { type: 'hand-over'; reason: string }
);

/** The target does not exist, is not in a state for it, no answer in time, and everything else. */
export type CommandFailure = 'gone' | 'conflict' | 'timeout' | 'failed';
