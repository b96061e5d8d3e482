import type { RingJob } from '../dispatch/dispatch.ts';
import type { CallQueue } from '../acd/queue.ts';
import type { Prompt } from './prompt.ts';
import type { PartyPurpose } from './party.ts';

/** What a decision wants done; carried out in order per channel and bridge, each safe to repeat. */
export type CallEffect =
  | { do: 'answer'; channelId: string }
  | { do: 'play'; channelId: string; soundId: string; prompt: Prompt; then?: Prompt[] }
  /** Says a prompt to one of those who talk: nobody else hears it, and all go on hearing each other. */
  | { do: 'whisper'; channelId: string; soundId: string; prompt: Prompt }
  /** Said over and over until it is stopped; prompts that are not there are left out. */
  | { do: 'announce'; channelId: string; soundId: string; prompts: readonly string[] }
  | { do: 'stop-sound'; channelId: string; soundId: string; music: boolean }
  | { do: 'music'; channelId: string }
  | { do: 'make-bridge'; bridgeId: string }
  | { do: 'destroy-bridge'; bridgeId: string }
  /** `muted`, and `deaf`: before it is in the bridge, and not at all if that cannot be done. */
  | { do: 'join'; bridgeId: string; channelId: string; absorbKeys: boolean; muted?: boolean; deaf?: boolean }
  /** Tells from now on when the channel's side begins and ceases to speak. */
  | { do: 'detect-talk'; channelId: string }
  /** Asks how many packets have come from the channel. */
  | { do: 'count-packets'; channelId: string }
  /** Out of the bridge, and kept. */
  | { do: 'leave-bridge'; bridgeId: string; channelId: string }
  /** Whether the others hear him. */
  | { do: 'mute'; channelId: string }
  | { do: 'unmute'; channelId: string }
  /** Whether he hears the others. */
  | { do: 'deafen'; channelId: string }
  | { do: 'let-hear'; channelId: string }
  | { do: 'hang-up'; channelId: string; cause: 'normal' | 'answered-elsewhere' | 'no-answer' }
  | { do: 'return-to-dialplan'; channelId: string }
  | {
      do: 'ring-operator';
      channelId: string;
      account: string;
      callerNumber: string | null;
      callerName: string | null;
      /** Milliseconds Asterisk lets the phone ring, longer than our own limit: ours is the one that decides. */
      ring: number;
      callerChannelId: string;
      /** Of a colleague who is brought to the call. */
      rungFor?: RungFor;
    }
  | {
      do: 'ring-outside';
      channelId: string;
      uri: string;
      /** The centre's own. */
      callerNumber: string;
      /** Milliseconds, as for an operator. */
      ring: number;
      limitMilliseconds: number;
      /** Null: he is asked by the operator alone, and without a controller he ends. */
      callerChannelId: string | null;
    }
  | { do: 'ring-agency'; job: RingJob }
  /** Somebody of the agency is to have a message; what came of it is told by `notified`. */
  | { do: 'notify'; dispatchId: string; agencyId: string; incidentId: string }
  /** Who that is, that was typed; the answer is a request for a party, or a refusal. */
  | { do: 'look-up-target'; text: string; purpose: PartyPurpose; by: string }
  | { do: 'enter-line'; since: number; queue: CallQueue }
  | { do: 'rank-in-line'; queue: CallQueue }
  | { do: 'leave-line' }
  /** Asks the line for an operator beside the calls that wait; it answers with an input. */
  | { do: 'reserve-operator'; requestId: string; target: ReservationTarget; evenPaused: boolean }
  /** As `ring-operator`, for a leg that is never thrown at the caller. */
  | {
      do: 'ring-supervisor';
      channelId: string;
      account: string;
      callerNumber: string | null;
      rungFor: RungFor;
      ring: number;
    }
  /** Makes a channel that hears another, and that only who is on it hears, if whispered to. */
  | { do: 'snoop'; channelId: string; snooped: string; whisper: boolean }
  /** Whom the dialplan takes a leg to when no controller lives; null: to nobody. */
  | { do: 'tie-to-caller'; channelId: string; callerChannelId: string | null }
  /** An operator is on the call by an assignment (or with `requestId`, a reservation) of another controller's line. */
  | {
      do: 'keep-operator';
      operatorId: string;
      assignmentId: string;
      state: 'ringing' | 'talking';
      requestId: string | null;
      since: number;
      queue: CallQueue;
    }
  | { do: 'operator-outcome'; operatorId: string; assignmentId: string; outcome: OperatorOutcome };

/** What somebody is rung for who is not to take the caller as his own: his phone shows it, with whom it is about. */
export interface RungFor {
  readonly what: 'assist' | 'listen' | 'return' | PartyPurpose;
  /** The call's operator; null while it has none. */
  readonly operatorId: string | null;
}

/** The effects that are ARI commands. The others go to the line and to the jobs. */
export type AriEffect = Exclude<
  CallEffect,
  {
    do:
      | 'enter-line'
      | 'rank-in-line'
      | 'leave-line'
      | 'keep-operator'
      | 'operator-outcome'
      | 'ring-agency'
      | 'notify'
      | 'reserve-operator'
      | 'look-up-target';
  }
>;

/** Whom a reservation asks for: one operator, or anybody who is free. */
export type ReservationTarget = { operatorId: string } | { tier: 'supervisor' } | { any: true };

/** What the line is told of an operator it assigned. */
export type OperatorOutcome = 'talking' | 'no-answer' | 'busy' | 'failed' | 'not-needed' | 'finished' | 'lost';

/** One line of the timeline: what happened, in the field's words. */
export interface Fact {
  type: string;
  detail: Record<string, string | number | boolean | null>;
}
