/** A call taker, and the SIP account of his softphone. */
export interface Operator {
  readonly id: string;
  name: string;
  /** What people dial and say; it has nothing to do with the account. */
  extension: string;
  /** `op-` and random letters: no caller's number can be taken for it. */
  account: string;
}

export type OperatorState = 'offline' | 'available' | 'paused' | 'ringing' | 'talking' | 'wrap-up';

/** What the line knows of one operator. Times are epoch milliseconds. */
export interface OperatorStatus {
  operator: Operator;
  registered: boolean;
  pausedFor: string | null;
  engaged: { assignmentId: string; callId: string; state: 'ringing' | 'talking' } | null;
  wrapUpUntil: number | null;
  /** A phone that refused or could not be reached is left alone until then. */
  notBefore: number | null;
  /** Since when he has had nothing to do; who has waited longest gets the next call. */
  idleSince: number;
  /** Since when he is in the state he is in. */
  since: number;
}

export function stateOf(status: OperatorStatus): OperatorState {
  if (status.engaged !== null) return status.engaged.state;
  if (!status.registered) return 'offline';
  if (status.pausedFor !== null) return 'paused';
  return status.wrapUpUntil === null ? 'available' : 'wrap-up';
}

/** A queue of the waiting line, as a call carries it. */
export interface CallQueue {
  readonly id: string;
  /** 1 is served first, 9 last; 112's own is 3. */
  readonly priority: number;
  readonly skills: readonly string[];
  readonly languages: readonly string[];
}

/** 112's own queue. */
export const mainQueue: CallQueue = { id: '112', priority: 3, skills: [], languages: [] };

export interface WaitingCall {
  callId: string;
  /** When the caller arrived, not when he entered the line. */
  since: number;
  /** 1 is served first; 112's own where it is absent. */
  priority?: number;
}

export interface Line {
  operators: Record<string, OperatorStatus>;
  waiting: WaitingCall[];
  /** By call: the operators who did not take it. They are asked again when nobody else is free. */
  tried: Record<string, string[]>;
  /** Counts assignments, for their ids. */
  assignments: number;
}

export const emptyLine: Line = { operators: {}, waiting: [], tried: {}, assignments: 0 };
