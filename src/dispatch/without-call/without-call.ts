import type { PrintedAsteriskLocation } from '../../location/pidf-lo/asterisk-location.ts';
import type { NotificationMessage } from '../../notifications/message.ts';
import type { ReservationOutcome } from '../../outgoing/outgoing.ts';
import type { Announced } from '../announcement.ts';
import type { Dispatch, RingJob, RingResult } from '../dispatch.ts';

/**
 * Dispatches that were made at one moment for an incident without a live call: those that the rules want for a report from an
 * app, or the one that a person asks for after the call. Plain JSON, the whole of its live state. Times are epoch milliseconds.
 */
export interface WithoutCall {
  readonly id: string;
  readonly incidentId: string;
  readonly beganAt: number;
  readonly about: Announced;
  /** Shown to the agencies. */
  readonly callerNumber: string | null;
  /** Call-Info that names call and incident; empty where there is none. */
  readonly callInfo: string;
  readonly location: PrintedAsteriskLocation | null;
  readonly timing: WithoutCallTiming;
  /** Whom the rules want told; null: nobody. */
  readonly tell: ToldByRules | null;
  /** The ARI application that owns it. */
  application: string;
  /** Orders its owners; with the sequence of their entries it orders their states. */
  claimedAt: number;
  /** What has to be done once has been done. */
  begun: boolean;
  dispatches: Dispatch[];
  /** Dispatches whose agency was told by the announcement and has nobody to talk with. */
  told: string[];
  /** Who asked for it and is to be connected; null: nobody is there to connect. */
  operator: OperatorLeg | null;
  bridgeId: string | null;
  /** How often it was said to an agency that has accepted, by the channel. */
  said: Record<string, number>;
  /** Due times; the owner wakes it with a timer input. */
  timers: Record<string, number>;
  endedAt: number | null;
}

export interface ToldByRules {
  readonly ruleSetVersion: number;
  readonly incidentVersion: number;
  readonly recipients: readonly { recipientId: string; ruleId: string }[];
  readonly message: NotificationMessage;
}

/** Milliseconds. */
export interface WithoutCallTiming {
  /** The line answers within this, or the operator is not waited for. */
  readonly reserve: number;
  readonly operatorRing: number;
  /** How long an agency that is told may stay on the line. */
  readonly told: number;
  /** The longest that operator and agency may talk. */
  readonly talk: number;
}

export interface OperatorLeg {
  readonly operatorId: string;
  readonly channelId: string;
  assignment: { assignmentId: string; account: string } | null;
  state: 'planned' | 'reserving' | 'ringing' | 'entered' | 'gone';
}

/** Everything it can be told; each may come late, twice or never. */
export type WithoutCallInput = { at: number } & (
  | { type: 'begin' }
  /** Another process goes on with it. */
  | { type: 'resumed' }
  | { type: 'ring-result'; attemptId: string; ring: RingResult }
  /** Whether a leg of the owner before is still there. */
  | { type: 'followed'; channelId: string; there: boolean }
  | { type: 'leg-ringing'; channelId: string }
  | { type: 'leg-entered'; channelId: string }
  | { type: 'leg-joined'; channelId: string }
  | { type: 'leg-gone'; channelId: string; cause: number }
  | { type: 'key-pressed'; channelId: string; key: string }
  | { type: 'reserved'; operatorId: string; assignmentId: string; account: string }
  | { type: 'reservation-refused'; reason: string }
  | { type: 'command-failed'; command: WithoutCallEffect['do']; target: string }
  /** Mode `notify`: what came of the message. */
  | { type: 'notified'; dispatchId: string; outcome: 'delivered' | 'acknowledged' | 'failed'; reason: string | null }
  | { type: 'cancel'; dispatchId: string; by: string }
  | { type: 'timer'; name: string }
);

/** What a decision wants done; each safe to repeat. */
export type WithoutCallEffect =
  | { do: 'ring-agency'; job: RingJob }
  | { do: 'tell'; told: ToldByRules }
  | { do: 'notify-agency'; dispatchId: string; agencyId: string }
  /** Nobody of the agency accepted or was told, nor anybody in its place. */
  | { do: 'alarm'; dispatchId: string; agencyId: string }
  | { do: 'reserve'; operatorId: string }
  | { do: 'operator-outcome'; operatorId: string; assignmentId: string; outcome: ReservationOutcome }
  /** Hears of a leg that the owner before has rung, and whether it is there. */
  | { do: 'follow'; channelId: string }
  /** Repeated while the agency's person thinks. */
  | { do: 'announce'; channelId: string; soundId: string; prompts: readonly string[] }
  | { do: 'stop-sound'; channelId: string; soundId: string }
  | { do: 'ring-tone'; channelId: string }
  | { do: 'stop-ring-tone'; channelId: string }
  | { do: 'ring-operator'; channelId: string; account: string; shownNumber: string | null; ring: number }
  | { do: 'make-bridge'; bridgeId: string }
  | { do: 'join'; bridgeId: string; channelId: string }
  | { do: 'destroy-bridge'; bridgeId: string }
  | { do: 'hang-up'; channelId: string };

/** One line of the incident's timeline; never a number. */
export interface WithoutCallFact {
  type: string;
  detail: Record<string, string | number | boolean | null>;
}

/** One journalled decision. */
export interface WithoutCallEntry {
  kind: 'without-call';
  /** Counts the entries of one owner. */
  sequence: number;
  at: number;
  input: WithoutCallInput;
  effects: WithoutCallEffect[];
  facts: WithoutCallFact[];
  state: WithoutCall;
}

/** What is asked for. */
export interface WithoutCallSeed {
  id: string;
  incidentId: string;
  application: string;
  at: number;
  about: Announced;
  callerNumber: string | null;
  callInfo: string;
  location: PrintedAsteriskLocation | null;
  timing: WithoutCallTiming;
  dispatches: readonly Dispatch[];
  tell?: ToldByRules | null;
  /** Null: nobody is to be connected. */
  operatorId: string | null;
}

export function newWithoutCall({ at, operatorId, dispatches, tell, ...seed }: WithoutCallSeed): WithoutCall {
  return {
    ...seed,
    tell: tell ?? null,
    beganAt: at,
    claimedAt: at,
    begun: false,
    dispatches: [...dispatches],
    told: [],
    operator:
      operatorId === null ? null : { operatorId, channelId: `${seed.id}.o1`, assignment: null, state: 'planned' },
    bridgeId: null,
    said: {},
    timers: {},
    endedAt: null,
  };
}
