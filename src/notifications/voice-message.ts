import { spokenKind, spokenNumber } from '../incidents/spoken.ts';
import type { SpokenMessage } from './message.ts';
import type { SendResult } from './notification.ts';

/** One try to tell somebody by telephone: plain JSON, the whole of its state. Times are epoch milliseconds. */
export interface VoiceMessage {
  /** The try's, and the channel's in Asterisk. */
  readonly id: string;
  readonly notificationId: string;
  readonly prompts: readonly string[];
  readonly timing: VoiceTiming;
  readonly beganAt: number;
  state: 'ringing' | 'speaking' | 'listening' | 'thanking' | 'ended';
  /** How often the message was begun, and the sound that plays. */
  plays: number;
  sound: string | null;
  dueAt: number | null;
}

/** Milliseconds. */
export interface VoiceTiming {
  readonly ring: number;
  /** No message is longer than this. */
  readonly speak: number;
  /** How long a key is waited for after the message. */
  readonly listen: number;
  readonly thank: number;
  /** It is not said again after this, whatever key is pressed. */
  readonly whole: number;
}

export const voiceTiming: VoiceTiming = {
  ring: 40_000,
  speak: 40_000,
  listen: 6_000,
  thank: 5_000,
  whole: 100_000,
};

/** Everything a voice message can be told; each may come late, twice or never. */
export type VoiceInput = { at: number } & (
  | { type: 'not-rung'; reason: string }
  | { type: 'leg-entered' }
  | { type: 'sound-ended'; soundId: string }
  | { type: 'key-pressed'; key: string }
  | { type: 'leg-gone'; cause: number }
  /** It is not needed any more. */
  | { type: 'stop' }
  | { type: 'timer' }
);

/** What a decision wants done; each safe to repeat. */
export type VoiceEffect =
  | { do: 'play'; soundId: string; prompts: readonly string[] }
  | { do: 'stop-sound'; soundId: string }
  | { do: 'hang-up' }
  | { do: 'outcome'; outcome: SendResult };

export function newVoiceMessage(
  seed: Pick<VoiceMessage, 'id' | 'notificationId' | 'prompts'>,
  at: number,
  timing = voiceTiming,
): VoiceMessage {
  const dueAt = at + timing.ring;
  return { ...seed, timing, beganAt: at, state: 'ringing', plays: 0, sound: null, dueAt };
}

/**
 * The prompts of a message, by name: the telephone of a leader says kind and number alone, whoever may hear it. What nobody
 * has classified has no kind to say.
 */
export function promptsOf({
  kind,
  incidentNumber,
  drill,
}: Pick<SpokenMessage, 'kind' | 'incidentNumber' | 'drill'>): string[] {
  return [
    ...(drill ? ['drill'] : []),
    'message-intro',
    ...spokenKind(kind),
    ...spokenNumber(incidentNumber),
    'message-keys',
  ];
}
