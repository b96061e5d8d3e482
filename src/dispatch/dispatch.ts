import type { PrintedAsteriskLocation } from '../location/pidf-lo/asterisk-location.ts';
import { speaks, type Mode } from '../routing/rule.ts';

/** One agency engaged for one incident, and the attempts to reach it. */
export interface Dispatch {
  readonly id: string;
  readonly agencyId: string;
  readonly agencyName: string;
  readonly mode: Mode;
  readonly requestedAt: number;
  /** Who asked for it: a rule of a version, or a person by token. */
  readonly reason: DispatchReason;
  readonly acceptance: 'key' | 'answer';
  /** Paths in the order they are tried. */
  readonly trunks: readonly TrunkPath[];
  readonly timing: DispatchTiming;
  /** Dispatches of earlier stages: this one starts when each of them is accepted or over. */
  readonly after: readonly string[];
  /** Planned beforehand: it starts should this one end without a person of the agency having accepted. */
  readonly fallback: Dispatch | null;
  /** In the call without being heard: one who listens, or who was muted. */
  muted: boolean;
  state: DispatchState;
  /** Why it ended where it ended, in a word; null while it goes on. */
  outcome: AttemptOutcome | 'cancelled' | 'call-ended' | 'told' | 'delivered' | 'acknowledged' | null;
  /** When its turn came; null while it waits for an earlier stage. */
  startedAt: number | null;
  acceptedAt: number | null;
  joinedAt: number | null;
  endedAt: number | null;
  attempts: Attempt[];
}

export type DispatchReason =
  | { by: 'rule'; ruleSetVersion: number; ruleId: string }
  | { by: 'person'; tokenId: string }
  /** Nobody answered here for too long. */
  | { by: 'line' }
  /** Another dispatch, by its id, ended without acceptance. */
  | { by: 'fallback'; of: string };

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
  | 'cancelled'
  /** Mode `notify`: somebody of the agency has its message. */
  | 'told';

/** A way to the agency, as it was when the dispatch was made: a later edit of the agency changes nothing in flight. */
export interface TrunkPath {
  id: string;
  /** The PJSIP endpoint it is rung by. An older version's paths have none: `agency`. */
  endpoint?: string;
  /** SIP URI that is rung; null: whatever is registered with the endpoint. */
  uri: string | null;
  /** The number shown there, where it is not the caller's. */
  shows?: string;
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
  /** How often the announcement was begun. */
  announced: number;
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

/** The endpoint by which SIP trunks of agencies are rung; the only one that takes the caller's location along. */
export const agencyEndpoint = 'agency';

/** What a worker needs to ring one trunk, in whichever process it runs; plain JSON. */
export interface RingJob {
  attemptId: string;
  callId: string;
  incidentId: string;
  dispatchId: string;
  mode: Mode;
  /** Null for what is not classified, or is confidential. */
  kind: string | null;
  /** The ARI application that owns the call. */
  application: string;
  channelId: string;
  /** The PJSIP endpoint of the trunk. */
  endpoint: string;
  /** SIP URI of the trunk; null: whatever is registered with the endpoint. */
  uri: string | null;
  callerNumber: string | null;
  /** Call-Info that names call and incident to other centres. */
  callInfo: string;
  location: PrintedAsteriskLocation | null;
  /** Whom the dialplan takes the leg to without a controller; null for one who listens, and where no caller is live: to nobody. */
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

/** A dispatch as an older version has written it, with what dispatches have by now. */
export function completedDispatch(written: Dispatch): Dispatch {
  const startedAt = written.attempts[0]?.requestedAt ?? null;
  const missing: Partial<Dispatch> = { fallback: null, muted: false, startedAt };
  return { ...missing, ...written };
}

export function currentAttempt(dispatch: Dispatch): Attempt | undefined {
  const last = dispatch.attempts.at(-1);
  return last !== undefined && last.endedAt === null ? last : undefined;
}

/** A person of the agency took it, or nobody will. */
export function isSettled(dispatch: Dispatch): boolean {
  return dispatch.acceptedAt !== null || dispatch.endedAt !== null;
}

/** A later stage waits for it no more; how long a message takes, nobody waits for. */
export function isOutOfTheWay(dispatch: Dispatch): boolean {
  return isSettled(dispatch) || (dispatch.mode === 'notify' && !isPlanned(dispatch));
}

/** Waits for an earlier stage: nobody has been rung yet. */
export function isPlanned(dispatch: Dispatch): boolean {
  return dispatch.startedAt === null && dispatch.endedAt === null;
}

/** By `one` an agency is engaged already for what is `wanted`: by a message it is for another message alone. */
export function engages(
  one: Pick<Dispatch, 'agencyId' | 'mode' | 'endedAt'>,
  wanted: Pick<Dispatch, 'agencyId' | 'mode'>,
): boolean {
  return (
    one.agencyId === wanted.agencyId && one.endedAt === null && (one.mode === 'notify') === (wanted.mode === 'notify')
  );
}

/** Its agency is being told by a message, and nobody knows yet what came of it. */
export function awaitsMessage({ mode, startedAt, endedAt }: Dispatch): boolean {
  return mode === 'notify' && startedAt !== null && endedAt === null;
}

/** Its person is to speak with the caller: no mere listener, nor one who is told by a message. */
export function talks({ mode }: Dispatch): boolean {
  return speaks(mode);
}

/** Still on the way to a person of the agency. */
export function isPending(dispatch: Dispatch): boolean {
  return ['requested', 'ringing', 'announced', 'accepted'].includes(dispatch.state);
}
