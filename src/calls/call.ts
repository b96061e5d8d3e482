import type { Place } from '../acd/operator.ts';
import { type CallQueue, emergencyQueue } from '../acd/queue.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import { openIncident, type Incident } from '../incidents/incident.ts';
import type { CallLocation } from '../location/location.ts';
import type { AsteriskLocation } from '../location/pidf-lo/asterisk-location.ts';
import type { EarlierAttempt } from '../triage/redial.ts';
import type { CallNuisance } from '../triage/score.ts';
import type { EmergencyIdentifiers } from './emergency-id.ts';
import type { CallerHistory } from './history.ts';
import type { CallerIdentity } from './identity.ts';
import { type Silence, unheard } from './silence.ts';
import type { Media } from './media.ts';
import type { Monitor } from './monitor.ts';
import type { Party } from './party.ts';
import type { Sound } from './prompt.ts';

/** A citizen's 112 call from the INVITE to the hang-up: the whole of its live state, plain JSON. */
export interface Call {
  readonly id: string;
  /** Name of the Asterisk node; with channelId the key of the call. */
  readonly node: string;
  /** The caller's channel; Asterisk's uniqueid. */
  readonly channelId: string;
  readonly channelName: string;
  /** The ARI application that owns the call. */
  application: string;
  /** When this owner took the call: entries of a later owner come after those of an earlier one. */
  claimedAt: number;
  readonly arrivedAt: number;
  readonly origin: CallOrigin;
  readonly identity: CallerIdentity;
  readonly emergency: EmergencyIdentifiers;
  readonly timing: CallTiming;
  stage: CallStage;
  caller: CallerLeg;
  location: CallLocation;
  /** Null until it was read. */
  history: CallerHistory | null;
  /** The first look at what is on record of the caller is over, however it went. */
  looked: boolean;
  /** `replaces`: bridges before it, which legs may still be leaving. */
  bridge: { id: string; replaces?: string[] } | null;
  /** Channels told to join the bridge of which nobody has said yet that they are in; the join timer runs for them. */
  joining: string[];
  operator: OperatorLeg | null;
  /** Phones that ring for the call beside the operator's: who answers first is its operator. */
  others: OperatorLeg[];
  /** Whom the operator brought, or is bringing. */
  parties: Party[];
  /** The latest parties that were asked for: one that is asked for again is rung once. */
  asked: string[];
  /** The caller is out of the bridge and hears music: for his operator, or while somebody is consulted. */
  hold: Hold | null;
  /** The others do not hear the operator. */
  muted: boolean;
  /** The operator's own phone holds the call. */
  phoneHold: { since: number } | null;
  /** Whoever's phone holds the call, by channel: Asterisk plays music to the others, and on when such a one goes. */
  holding?: string[];
  /** Channels of agencies that hear nothing while somebody is consulted. */
  deaf?: string[];
  /** The keys of a code that the operator has not typed to its end. */
  typed: string;
  /** The operator who talked with the caller; the latest of several. Stays when he has left. */
  talkedWith: string | null;
  /** Everyone who has talked on the call, in order: each may know what it was about. */
  talked: string[];
  /** The operator who left the call to the agencies, or a supervisor, asks to be rung: until the line has answered. */
  returning: { requestId: string; operatorId: string; at: number } | null;
  /** The latest assignments whose outcome the line was told: one that comes again rings nobody. */
  settled: string[];
  /** The place in the waiting line; null while an operator rings or talks. */
  line: { since: number } | null;
  queue: CallQueue;
  /** What the line last said of its place; null while it is not known. */
  place: Place | null;
  silence: Silence;
  /** Absent until somebody talks. */
  media?: Media;
  /** The caller's nuisance score, should it matter; null for a call that is served like any other. */
  nuisance: CallNuisance | null;
  /** He was asked for a key before any phone rang; null when he was not. */
  challenge: { askedAt: number; answeredAt: number | null } | null;
  /** The same caller's call before this one, abandoned or still under way; null when there is none. */
  readonly earlier: EarlierAttempt | null;
  incident: Incident;
  dispatches: Dispatch[];
  /** Recipients whom the rules had told. */
  told?: string[];
  /** Supervisors who listen, whisper or have barged in. */
  monitors: Monitor[];
  /** Due times in epoch milliseconds; the owner wakes the call with a timer input. */
  timers: Partial<Record<TimerName, number>> &
    Record<`dispatch:${string}` | `monitor:${string}` | `party:${string}`, number>;
  /** `unrung`: operators in a row whose phone Asterisk was told to ring, and did not. */
  counters: { leg: number; sound: number; bridge: number; rebuilt: number; unrung: number; returned: number };
  answeredAt: number | null;
  firstTalkAt: number | null;
  endedAt: number | null;
  outcome: CallOutcome | null;
  reason: string | null;
}

/** What the network said about the call, as it came. */
export interface CallOrigin {
  sipCallId: string | null;
  callerNumber: string | null;
  callerName: string | null;
  carrier: string | null;
  dialled: string | null;
  /** Address and port the INVITE came from. */
  source: string | null;
  /** SIP header values by the header's name, undecoded. */
  headers: Record<string, string>;
  /** What Asterisk read of a location in the INVITE's body; null where there was none. */
  location: AsteriskLocation | null;
}

/** Milliseconds, taken from the settings when the call arrived. */
export interface CallTiming {
  operatorRing: number;
  /** A join that nobody confirmed within this is a failed one. */
  join: number;
  /** Between two spoken assurances in the line. */
  comfort: number;
  /** The line is asked again this often, should an answer have been lost. */
  lineCheck: number;
  /** Whether who waits is told his place. */
  announcePosition: boolean;
  /** Nothing was heard from the caller for so long: he is a silent one. */
  silence: number;
  /** Who asks a silent caller for a key: his operator when he wants to, or the line by itself. */
  silentQuestion: 'operator' | 'line';
  /** A caller on hold is back with his operator after so long. */
  hold: number;
  /** Nothing came from one who talks for so long: it is told. Absent or 0: nobody looks. */
  mediaStops?: number;
}

/** `by`: the operator's or the token's id. */
export interface Hold {
  readonly since: number;
  readonly because: 'operator' | 'consult';
  readonly by: string;
}

export type CallStage = 'waiting' | 'ringing' | 'talking' | 'returned' | 'ended';

export interface CallerLeg {
  live: boolean;
  joined: boolean;
  /** Asterisk said that the channel left the application; without it, a refused command is no more than a suspicion. */
  left: boolean;
  sound: Sound | null;
}

export interface OperatorLeg {
  readonly operatorId: string;
  readonly assignmentId: string;
  readonly channelId: string;
  readonly assignedAt: number;
  state: 'ringing' | 'entered' | 'joined';
  /** His screen was told of the call. */
  popped: boolean;
  ringingAt: number | null;
  /** Since when he and the caller hear each other. */
  talkingAt: number | null;
  /** He asked to be rung: an agency that talks with the caller is no reason to let him be. */
  asked?: boolean;
}

export type TimerName =
  | 'challenge'
  | 'ring'
  | 'join'
  | 'comfort'
  | 'line'
  | 'left'
  | 'pop'
  | 'silence'
  | 'packets'
  | 'media'
  | 'question'
  | 'hold'
  | 'phone-hold'
  | 'typed';

/** How a call ended. */
export type CallOutcome =
  /** Somebody talked with the caller. */
  | 'answered'
  /** The caller hung up before anybody answered. */
  | 'abandoned'
  /** Given back to the dialplan: the human path went on with it. */
  | 'returned';

export function newCall(seed: {
  id: string;
  incidentId: string;
  node: string;
  channelId: string;
  channelName: string;
  application: string;
  arrivedAt: number;
  claimedAt: number;
  origin: CallOrigin;
  identity: CallerIdentity;
  emergency: EmergencyIdentifiers;
  location: CallLocation;
  timing: CallTiming;
  queue?: CallQueue;
  /** Another process may have had this call before. */
  earlierOwners: boolean;
  nuisance?: CallNuisance | null;
  earlier?: EarlierAttempt | null;
}): Call {
  const {
    incidentId,
    earlierOwners,
    queue = structuredClone(emergencyQueue),
    nuisance = null,
    earlier = null,
    ...rest
  } = seed;
  // A bridge's id is never used twice, nor a leg's: who takes a call over counts on from where no earlier owner has been.
  const first = earlierOwners ? seed.claimedAt % 1_000_000_000 : 0;
  return {
    ...rest,
    stage: 'waiting',
    history: null,
    looked: false,
    caller: { live: true, joined: false, left: false, sound: null },
    bridge: null,
    joining: [],
    operator: null,
    others: [],
    parties: [],
    asked: [],
    hold: null,
    muted: false,
    phoneHold: null,
    typed: '',
    talkedWith: null,
    talked: [],
    returning: null,
    settled: [],
    line: null,
    queue,
    place: null,
    silence: unheard(seed.arrivedAt),
    nuisance,
    challenge: null,
    earlier,
    incident: earlier?.relation === 'joined' ? earlier.incident : openIncident(incidentId, seed.arrivedAt),
    dispatches: [],
    monitors: [],
    timers: {},
    counters: { leg: first, sound: first, bridge: first, rebuilt: 0, unrung: 0, returned: 0 },
    answeredAt: null,
    firstTalkAt: null,
    endedAt: null,
    outcome: null,
    reason: null,
  };
}
