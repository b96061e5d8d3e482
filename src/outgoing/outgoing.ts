import type { OutgoingVerdict } from './limits.ts';

/** A number that an operator has dialled on an idle phone, whose channel waits unanswered in our application. */
export interface DialledAtDesk {
  readonly channelId: string;
  /** The phone's. */
  readonly account: string;
  readonly operatorId: string;
  readonly number: string;
}

/** A call from the centre to the outside: plain JSON, the whole of its live state. Times are epoch milliseconds. */
export interface OutgoingCall {
  readonly id: string;
  /** The ARI application that owns it. */
  readonly application: string;
  readonly purpose: 'dial-out' | 'callback';
  readonly beganAt: number;
  /** Who asked over REST; null: the operator from his phone, or the schedule of call-backs. */
  readonly by: OutgoingPerson | null;
  /** As it was asked for; once allowed, as it is dialled. */
  number: string;
  /** SIP URI; null until it is allowed. */
  uri: string | null;
  /** The centre's own, which the outside is shown. */
  readonly shownNumber: string;
  readonly incidentId: string | null;
  /** The entry in the list of callers who gave up; null for all else. */
  readonly callbackId: string | null;
  /** Call-Info that names call and incident; empty where there is none. */
  readonly callInfo: string;
  readonly timing: OutgoingTiming;
  /** Null until the line has found one. */
  operatorId: string | null;
  assignment: { assignmentId: string; account: string } | null;
  stage: OutgoingStage;
  readonly operator: OutgoingLeg & { readonly dialled: boolean };
  readonly outside: OutgoingLeg;
  bridgeId: string | null;
  sound: string | null;
  sounds: number;
  /** Due times; the owner wakes the call with a timer input. */
  timers: Partial<Record<OutgoingTimer, number>>;
  ringingAt: number | null;
  answeredAt: number | null;
  endedAt: number | null;
  outcome: OutgoingOutcome | null;
  reason: string | null;
}

export interface OutgoingPerson {
  tokenId: string;
  role: string;
  name: string;
}

/** Milliseconds. */
export interface OutgoingTiming {
  /** The line answers within this, or it is asked no more. */
  reserve: number;
  operatorRing: number;
  outsideRing: number;
  /** The longest that the two may talk, and how long before its end the operator is warned. */
  duration: number;
  warning: number;
  /** A prompt that ends the call is over by then. */
  closing: number;
}

export type OutgoingStage =
  | 'reserving'
  | 'ringing-operator'
  | 'ringing'
  | 'talking'
  /** The operator hears why there is no conversation. */
  | 'closing'
  | 'ended';

export interface OutgoingLeg {
  readonly channelId: string;
  state: 'planned' | 'ringing' | 'entered' | 'gone';
}

export type OutgoingOutcome =
  | 'answered'
  | 'busy'
  | 'no-answer'
  | 'declined'
  | 'unreachable'
  /** The number may not be called, or not now. */
  | 'refused'
  /** The operator was not free, or did not take the phone. */
  | 'no-operator'
  /** Ended by the operator or by REST before anybody answered. */
  | 'cancelled'
  /** Asterisk did not do what it was told. */
  | 'failed';

export type OutgoingTimer = 'reserve' | 'operator' | 'outside' | 'closing' | 'warning' | 'duration';

/** Everything an outgoing call can be told; each may come late, twice or never. */
export type OutgoingInput = { at: number } & (
  | { type: 'begin'; verdict: OutgoingVerdict }
  | { type: 'reserved'; operatorId: string; assignmentId: string; account: string }
  | { type: 'reservation-refused'; reason: string }
  | { type: 'leg-ringing'; channelId: string }
  | { type: 'leg-entered'; channelId: string }
  | { type: 'leg-gone'; channelId: string; cause: number }
  | { type: 'sound-ended'; soundId: string }
  | { type: 'command-failed'; command: OutgoingEffect['do']; target: string }
  /** By a person, or null with the reason. */
  | { type: 'end'; by: OutgoingPerson | null; reason: string }
  | { type: 'timer'; name: OutgoingTimer }
);

export type OutgoingPrompt = 'callback-announcement' | 'code-refused' | 'number-refused' | 'done';

/** What a decision wants done; each safe to repeat. */
export type OutgoingEffect =
  | { do: 'reserve'; target: { operatorId: string } | { any: true }; occupied: boolean }
  | { do: 'operator-outcome'; operatorId: string; assignmentId: string; outcome: ReservationOutcome }
  /** So that a dialplan without controllers knows what the channel belongs to. */
  | { do: 'mark'; channelId: string }
  | { do: 'answer'; channelId: string }
  | { do: 'ring-operator'; channelId: string; account: string; shownNumber: string; ring: number }
  | {
      do: 'ring-outside';
      channelId: string;
      uri: string;
      shownNumber: string;
      ring: number;
      /** It is a call-back of a centre (RFC 7090). */
      callback: boolean;
      callInfo: string;
    }
  | { do: 'ring-tone'; channelId: string }
  | { do: 'stop-ring-tone'; channelId: string }
  | { do: 'play'; channelId: string; soundId: string; prompt: OutgoingPrompt }
  | { do: 'stop-sound'; channelId: string; soundId: string }
  | { do: 'make-bridge'; bridgeId: string }
  | { do: 'join'; bridgeId: string; channelId: string }
  | { do: 'destroy-bridge'; bridgeId: string }
  | { do: 'hang-up'; channelId: string };

/** What the line is told of an operator that it reserved. */
export type ReservationOutcome = 'talking' | 'no-answer' | 'busy' | 'failed' | 'not-needed' | 'finished' | 'lost';

/** What is asked for. */
export interface OutgoingSeed {
  id: string;
  application: string;
  purpose: OutgoingCall['purpose'];
  at: number;
  by: OutgoingPerson | null;
  number: string;
  shownNumber: string;
  incidentId: string | null;
  callbackId: string | null;
  callInfo: string;
  timing: OutgoingTiming;
  /** Null: whoever is free. */
  operatorId: string | null;
  /** The channel on which the operator dialled himself; null: his phone is rung. */
  channelId: string | null;
}

export function newOutgoing({ at, channelId, ...seed }: OutgoingSeed): OutgoingCall {
  return {
    ...seed,
    beganAt: at,
    uri: null,
    assignment: null,
    stage: 'reserving',
    operator: {
      channelId: channelId ?? `${seed.id}.o1`,
      dialled: channelId !== null,
      state: channelId === null ? 'planned' : 'entered',
    },
    outside: { channelId: `${seed.id}.x1`, state: 'planned' },
    bridgeId: null,
    sound: null,
    sounds: 0,
    timers: {},
    ringingAt: null,
    answeredAt: null,
    endedAt: null,
    outcome: null,
    reason: null,
  };
}

/** One journalled decision about a call to the outside. */
export interface OutgoingEntry {
  kind: 'outgoing';
  /** Counts the entries of one call. */
  sequence: number;
  at: number;
  input: OutgoingInput;
  effects: OutgoingEffect[];
  facts: OutgoingFact[];
  state: OutgoingCall;
}

/** One line of the incident's timeline; never the number. */
export interface OutgoingFact {
  type: 'outgoing.ringing' | 'outgoing.answered' | 'outgoing.ended' | 'outgoing.refused';
  detail: Record<string, string | number | boolean | null>;
}
