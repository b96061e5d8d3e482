import type { CallEffect } from '../../src/calls/call-effect.ts';
import type { CommandFailure } from '../../src/calls/call-input.ts';
import type { PartyPurpose, PartyTarget } from '../../src/calls/party.ts';
import type { Dispatch } from '../../src/dispatch/dispatch.ts';
import { joined, testDispatch, type Told } from './calls.ts';

/** What the tests often tell a call. */

export const entered = (channelId: string): Told => ({ type: 'leg-entered', channelId });

export const gone = (channelId: string, cause = 16): Told => ({ type: 'leg-gone', channelId, cause });

export const fail = (command: CallEffect['do'], target: string, failure: CommandFailure, bridgeId?: string): Told => ({
  type: 'command-failed',
  command,
  target,
  failure,
  ...(bridgeId === undefined ? {} : { bridgeId }),
});

export const engage = (over: Partial<Dispatch> = {}): Told => ({
  type: 'dispatch-requested',
  dispatch: testDispatch(over),
});

export const hold: Told = { type: 'hold', by: 'op1' };
export const resume: Told = { type: 'resume', by: 'op1' };

/** The operator's keys. */
export const typed = (keys: string): Told[] =>
  Array.from(keys, (key) => ({ type: 'key-pressed', channelId: 'call.o1', key }));

/** The operator asks for somebody. */
export const ask = (purpose: PartyPurpose, target: PartyTarget = { operatorId: 'op2' }, partyId = 'p'): Told => ({
  type: 'party-requested',
  partyId,
  purpose,
  target,
  by: 'op1',
});

/** Whom an operator may ask for outside the centre. */
export const outside: PartyTarget = {
  number: '0761',
  typed: '0761',
  uri: 'sip:0761@trunk',
  callerNumber: '112',
  limitMilliseconds: 600_000,
};

/** The line has somebody for whoever asked: for the operator of `ask`, unless it is said for whom. */
export const reserved = (requestId = 'p', assignmentId = 'a2', operatorId = 'op2'): Told => ({
  type: 'operator-reserved',
  requestId,
  operatorId,
  assignmentId,
  account: `op-${operatorId}`,
});

/** Whom the operator asked for answers, and is in the bridge. */
export const partyJoins: Told[] = [entered('call.p2'), joined('call.p2')];

/** The same of a supervisor. */
export const supervise = (mode: 'listen' | 'whisper' | 'barge', monitorId = 'm', operatorId = 'boss'): Told => ({
  type: 'monitor-requested',
  monitorId,
  operatorId,
  mode,
  by: 'token',
});
export const supervisor = (requestId = 'm', assignmentId = 's1'): Told => reserved(requestId, assignmentId, 'boss');
