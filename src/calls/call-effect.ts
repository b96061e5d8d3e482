import type { RingJob } from '../dispatch/dispatch.ts';
import type { Prompt } from './call.ts';
import type { PartyPurpose } from './party.ts';

/** What a decision wants done; carried out in order per channel and bridge, each safe to repeat. */
export type CallEffect =
  | { do: 'answer'; channelId: string }
  | { do: 'play'; channelId: string; soundId: string; prompt: Prompt }
  | { do: 'stop-sound'; channelId: string; soundId: string; music: boolean }
  | { do: 'music'; channelId: string }
  | { do: 'make-bridge'; bridgeId: string }
  | { do: 'destroy-bridge'; bridgeId: string }
  | { do: 'join'; bridgeId: string; channelId: string; absorbKeys: boolean }
  /** Out of the bridge, and kept. */
  | { do: 'leave-bridge'; bridgeId: string; channelId: string }
  /** Whether the others hear him. */
  | { do: 'mute'; channelId: string }
  | { do: 'unmute'; channelId: string }
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
      callerChannelId: string;
    }
  | { do: 'ring-agency'; job: RingJob }
  /** The line is asked for an operator; its answer is an input. */
  | {
      do: 'reserve-operator';
      requestId: string;
      target: { operatorId: string } | { tier: 'supervisor' } | { any: true };
      evenPaused: boolean;
    }
  /** Who that is, that was typed; the answer is a request for a party, or a refusal. */
  | { do: 'look-up-target'; text: string; purpose: PartyPurpose; by: string }
  | { do: 'enter-line'; since: number }
  | { do: 'leave-line' }
  | { do: 'operator-outcome'; operatorId: string; assignmentId: string; outcome: OperatorOutcome };

/** What the line is told of an operator it assigned. */
export type OperatorOutcome = 'talking' | 'no-answer' | 'busy' | 'failed' | 'not-needed' | 'finished' | 'lost';

/** One line of the timeline: what happened, in the field's words. */
export interface Fact {
  type: string;
  detail: Record<string, string | number | boolean | null>;
}
