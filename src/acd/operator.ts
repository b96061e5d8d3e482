import type { CallQueue } from './queue.ts';

/** When a person is asked: the regular ones at once, those on standby and the supervisors when callers wait long. */
export const tiers = ['regular', 'standby', 'supervisor'] as const;
type Tier = (typeof tiers)[number];

/** A call taker. He is a person, not a place: he takes calls at the desk where he is logged in. */
export interface Operator {
  readonly id: string;
  name: string;
  /** What people dial and say; it has nothing to do with an account. */
  extension: string;
  tier: Tier;
  skills: string[];
  /** RFC 5646, primary part alone. */
  languages: string[];
}

/** A phone that people log in at. */
export interface Desk {
  readonly id: string;
  name: string;
  /** Its SIP account: `op-` and random letters, which no caller's number can be taken for. */
  account: string;
}

export type OperatorState = 'offline' | 'available' | 'paused' | 'ringing' | 'talking' | 'wrap-up';

/** What keeps an operator: a call of the line, or (with a request's id) one that he was reserved for. */
export interface Engagement {
  assignmentId: string;
  callId: string;
  state: 'ringing' | 'talking';
  /** Null: the line gave him the call. */
  requestId: string | null;
  /** Since when he rings or talks. */
  since: number;
}

/** What the line knows of one operator. Times are epoch milliseconds. */
export interface OperatorStatus {
  operator: Operator;
  /** Where he is logged in; null: nowhere. */
  deskId: string | null;
  /** He logged out in a call, and is gone when it ends. */
  leaving: boolean;
  /** He was deleted in a call, and is forgotten when it ends. */
  deleted: boolean;
  /** Automatic: nobody asked for the pause, his phone rang unanswered. */
  paused: { reason: string; automatic: boolean } | null;
  engaged: Engagement | null;
  wrapUpUntil: number | null;
  /** A phone that refused or could not be reached is left alone until then. */
  notBefore: number | null;
  /** How often in a row he let his phone ring for calls of the line. */
  unanswered: number;
  /** Since when he has had nothing to do; who has waited longest gets the next call. */
  idleSince: number;
  /** Since when he is in the state he is in. */
  since: number;
}

/**
 * A call as the line knows it. `waiting`: nobody's phone rings for it. `between`: whoever rang or talked is gone, and
 * the call will say itself whether it waits again. `expected`: only its rank is known yet. `served`: it needed nobody
 * any more.
 */
export interface WaitingCall {
  callId: string;
  /** When the caller arrived, not when he entered the line. */
  since: number;
  queue: CallQueue;
  /** The queue's, unless the call was ranked otherwise; so are skills and languages. */
  priority: number;
  skills: string[];
  languages: string[];
  place: 'waiting' | 'ringing' | 'talking' | 'between' | 'expected' | 'served';
  /** Since when it is in that place. */
  placedAt: number;
  ranked: Rank | null;
  /** The operators who did not take it. They are asked again when nobody else is free. */
  tried: string[];
  /** The operators beside others that it said it does not need; not offered again before it waits anew. */
  declined: string[];
  /** How often the backup centre was asked, and when last. */
  backupAsked: { times: number; at: number | null };
  /** What the caller was last told of his place. */
  told: Place | null;
}

export interface Rank {
  priority: number;
  skills?: string[];
  languages?: string[];
}

/** Where a call stands in the line: 1 is the next. The expected wait is null while nothing is known of it. */
export interface Place {
  position: number;
  expectedWaitSeconds: number | null;
}

/** Everything the line knows. */
export interface Line {
  operators: Record<string, OperatorStatus>;
  /** Deleted: its person talks, and it is forgotten when that ends. */
  desks: Record<string, { desk: Desk; deleted: boolean }>;
  /** The operators' accounts whose phones are registered. */
  registered: Record<string, true>;
  /** The accounts whose phones are in calls that the line gave nobody, since when: another controller's, a dead one's. */
  inUse: Record<string, number>;
  calls: Record<string, WaitingCall>;
  /** Counts assignments, for their ids. */
  assignments: number;
  /** Running average of what a call costs an operator, in milliseconds; null before the first. */
  handling: number | null;
  /** The levels of waiting that were told, until the wait is below them again. */
  alerted: string[];
}

export const emptyLine: Line = {
  operators: {},
  desks: {},
  registered: {},
  inUse: {},
  calls: {},
  assignments: 0,
  handling: null,
  alerted: [],
};

/** A line that can be changed without the other. People, desks, queues and ranks are replaced, never changed: they are shared. */
export function copyOfLine(line: Line): Line {
  return {
    ...line,
    operators: each(line.operators, (status) => ({ ...status, engaged: status.engaged && { ...status.engaged } })),
    desks: each(line.desks, (seat) => ({ ...seat })),
    registered: { ...line.registered },
    inUse: { ...line.inUse },
    calls: each(line.calls, (call) => ({ ...call, declined: [...call.declined] })),
  };
}

/** Not by `Object.entries`, which takes twice as long. */
function each<T>(record: Readonly<Record<string, T>>, copy: (value: T) => T): Record<string, T> {
  const copies: Record<string, T> = {};
  for (const key of Object.keys(record)) {
    const value = record[key];
    if (value !== undefined) copies[key] = copy(value);
  }
  return copies;
}

/** What an operator is doing: `talking` also when his phone is in a call that the line did not give him. */
export function stateOf(line: Line, status: OperatorStatus): OperatorState {
  const own = ownStateOf(line, status);
  return inUseSince(line, status) !== null && (own === 'available' || own === 'wrap-up') ? 'talking' : own;
}

/** What an operator is doing, from his desk's phone, the calls of this line and what he said. */
export function ownStateOf(line: Line, status: OperatorStatus): OperatorState {
  if (status.engaged !== null) return status.engaged.state;
  if (phoneOf(line, status) === null) return 'offline';
  if (status.paused !== null) return 'paused';
  return status.wrapUpUntil === null ? 'available' : 'wrap-up';
}

/** The account of the registered phone at which he sits; null if there is none. */
export function phoneOf(line: Line, status: OperatorStatus): string | null {
  const account = accountOf(line, status);
  return account !== null && Object.hasOwn(line.registered, account) ? account : null;
}

/** The account of the desk at which he is logged in, registered or not. */
export function accountOf(line: Line, status: OperatorStatus): string | null {
  return status.deskId === null ? null : (line.desks[status.deskId]?.desk.account ?? null);
}

/** Since when his phone is in calls that the line knows nothing of; null if it is in none, or in one of the line's. */
export function inUseSince(line: Line, status: OperatorStatus): number | null {
  const account = accountOf(line, status);
  return account === null || status.engaged !== null ? null : (line.inUse[account] ?? null);
}

/** Talks in a call that the line did not give him, and could otherwise be given one: he is rung last of all. */
export function isInUse(line: Line, status: OperatorStatus, at: number): boolean {
  return inUseSince(line, status) !== null && ownStateOf(line, status) === 'available' && isRested(status, at);
}

/** Could be given a call now. */
export function isFree(line: Line, status: OperatorStatus, at: number): boolean {
  return stateOf(line, status) === 'available' && isRested(status, at);
}

/** Let his phone ring and was paused for it, but sits idle at a registered phone: he is rung when a call rings everywhere. */
export function isPausedByItself(line: Line, status: OperatorStatus, at: number): boolean {
  return (
    stateOf(line, status) === 'paused' &&
    status.paused?.automatic === true &&
    (status.wrapUpUntil === null || status.wrapUpUntil <= at) &&
    isRested(status, at)
  );
}

/** At a registered phone, not paused and not about to go, whatever he is doing. */
export function isAvailable(line: Line, status: OperatorStatus): boolean {
  return status.paused === null && !status.leaving && !status.deleted && phoneOf(line, status) !== null;
}

/** Who answers for the line: the regular operators that are available, or, if there is none, any that is. */
export function answering(line: Line): OperatorStatus[] {
  const available = Object.values(line.operators).filter((status) => isAvailable(line, status));
  const regular = available.filter((status) => status.operator.tier === 'regular');
  return regular.length > 0 ? regular : available;
}

/** The calls in a place, in no order. */
export function callsIn(line: Line, ...places: WaitingCall['place'][]): WaitingCall[] {
  return Object.values(line.calls).filter((call) => places.includes(call.place));
}

/** The operators whom the line gave the call, longest first; reserved ones are not among them. */
export function takersOf(line: Line, callId: string): OperatorStatus[] {
  return Object.values(line.operators)
    .filter(({ engaged }) => engaged?.callId === callId && engaged.requestId === null)
    .sort((a, b) => (a.engaged?.since ?? 0) - (b.engaged?.since ?? 0) || compareIds(a, b));
}

export function compareIds(a: OperatorStatus, b: OperatorStatus): number {
  return compare(a.operator.id, b.operator.id);
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isRested(status: OperatorStatus, at: number): boolean {
  return status.notBefore === null || status.notBefore <= at;
}
