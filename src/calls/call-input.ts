import type { Dispatch, RingResult } from '../dispatch/dispatch.ts';
import type { IncidentChange } from '../incidents/incident.ts';
import type { Received } from '../location/location.ts';
import type { Decision } from '../routing/rule.ts';
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
  /** Its place in the line is another from now on: a person, or a real incident from the same place, has lifted its score. */
  | { type: 'ranked'; priority: number; by: string; reason: string }
  /** Who waits is given to the human path. */
  | { type: 'hand-over'; reason: string }
);

/** The target does not exist, is not in a state for it, no answer in time, and everything else. */
export type CommandFailure = 'gone' | 'conflict' | 'timeout' | 'failed';
