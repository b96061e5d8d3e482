import type { PrintedAsteriskLocation } from '../location/pidf-lo/asterisk-location.ts';

/** One agency engaged for one incident, and the attempts to reach it. */
export interface Dispatch {
  readonly id: string;
  readonly agencyId: string;
  readonly agencyName: string;
  readonly mode: DispatchMode;
  readonly requestedAt: number;
  /** Who asked for it: a rule of a version, or a person by token. */
  readonly reason: DispatchReason;
  readonly acceptance: 'key' | 'answer';
  /** Paths in the order they are tried. */
  readonly trunks: readonly TrunkPath[];
  readonly timing: DispatchTiming;
  /** Dispatches of earlier stages: this one starts when each of them is accepted or over. */
  readonly after: readonly string[];
  state: DispatchState;
  /** Why it ended where it ended, in a word; null while it goes on. */
  outcome: AttemptOutcome | 'cancelled' | 'call-ended' | 'told' | null;
  acceptedAt: number | null;
  joinedAt: number | null;
  endedAt: number | null;
  attempts: Attempt[];
}

/** The modes in which an agency can be dispatched. */
export const dispatchModes = ['bridge', 'transfer'] as const;
export type DispatchMode = (typeof dispatchModes)[number];

export type DispatchReason =
  | { by: 'rule'; ruleSetVersion: number; ruleId: string }
  | { by: 'person'; tokenId: string }
  /** Nobody answered here for too long. */
  | { by: 'line' };

export type DispatchState =
  | 'requested'
  | 'ringing'
  | 'announced'
  | 'accepted'
  | 'joined'
  | 'left'
  | 'declined'
  | 'no-answer'
  | 'failed'
  | 'cancelled';

/** A way to the agency, as it was when the dispatch was made: a later edit of the agency changes nothing in flight. */
export interface TrunkPath {
  id: string;
  /** SIP URI that is rung. */
  uri: string;
}

/** All in milliseconds. */
export interface DispatchTiming {
  /** A job later than this does nothing. */
  jobExpires: number;
  ring: number;
  accept: number;
}

export interface Attempt {
  readonly number: number;
  /** Also the id of the channel: a second originate under it is refused while the first lives. */
  readonly channelId: string;
  readonly trunkId: string;
  readonly requestedAt: number;
  /** The caller's location went with it. */
  readonly located: boolean;
  /** When Asterisk took the originate. */
  takenAt: number | null;
  ringingAt: number | null;
  answeredAt: number | null;
  endedAt: number | null;
  outcome: AttemptOutcome | null;
}

export type AttemptOutcome =
  | 'accepted'
  | 'declined'
  | 'busy'
  | 'refused'
  | 'no-answer'
  | 'not-accepted'
  | 'unreachable'
  /** The trunk made nothing of an INVITE that brought a location: it is rung again without. */
  | 'not-understood'
  | 'job-lost'
  | 'withdrawn';

/** What a worker needs to ring one trunk, in whichever process it runs; plain JSON. */
export interface RingJob {
  attemptId: string;
  callId: string;
  incidentId: string;
  dispatchId: string;
  mode: DispatchMode;
  /** The ARI application that owns the call. */
  application: string;
  channelId: string;
  /** SIP URI of the trunk. */
  uri: string;
  callerNumber: string | null;
  /** Call-Info that names call and incident to other centres. */
  callInfo: string;
  location: PrintedAsteriskLocation | null;
  /** Null where no caller is live. */
  callerChannelId: string | null;
  /** Milliseconds the agency's phone may ring. */
  ring: number;
  /** An earlier job was lost: this one does not go through the queue. */
  inLine: boolean;
  /** Epoch milliseconds after which the job does nothing. */
  expiresAt: number;
}

/** How a ring job ended: taken means that Asterisk rings; all else is a failed attempt. */
export type RingResult =
  { result: 'taken' } | { result: 'gone' } | { result: 'expired' } | { result: 'refused'; reason: string };

export function currentAttempt(dispatch: Dispatch): Attempt | undefined {
  const last = dispatch.attempts.at(-1);
  return last !== undefined && last.endedAt === null ? last : undefined;
}

/** A person of the agency took it, or nobody will. */
export function isSettled(dispatch: Dispatch): boolean {
  return dispatch.acceptedAt !== null || dispatch.endedAt !== null;
}

/** Waits for an earlier stage: nobody has been rung yet. */
export function isPlanned(dispatch: Dispatch): boolean {
  return dispatch.state === 'requested' && dispatch.attempts.length === 0 && dispatch.endedAt === null;
}

/** Still on the way to a person of the agency. */
export function isPending(dispatch: Dispatch): boolean {
  return ['requested', 'ringing', 'announced', 'accepted'].includes(dispatch.state);
}
