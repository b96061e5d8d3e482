import {
  accountOf,
  answering,
  callsIn,
  compareIds,
  isFree,
  phoneOf,
  type Line,
  type OperatorStatus,
} from './operator.ts';

/** Whom a call wants: somebody by name, any supervisor, or any operator who has nothing to do. */
export type ReserveTarget = { operatorId: string } | { tier: 'supervisor' } | { any: true };

export interface ReserveRequest {
  requestId: string;
  callId: string;
  target: ReserveTarget;
  /** Who is paused may be taken as well. */
  evenPaused: boolean;
  /** He made the call himself on his phone, and is in it: he counts as talking at once. */
  occupied?: boolean;
}

export type ReserveRefusal =
  'unknown' | 'not at a desk' | 'busy' | 'paused' | 'a caller waits' | 'no operator is free' | 'no supervisor is free';

type Choice = { status: OperatorStatus; account: string } | { refused: ReserveRefusal };

/**
 * Chooses the operator of a reservation, or says why there is none. Somebody who is asked for himself, and a supervisor,
 * may be taken out of his wrap-up; for `any` only who is free, and never while a caller waits. Pure.
 */
export function chooseReserved(line: Line, request: ReserveRequest, at: number): Choice {
  const { target } = request;
  if ('operatorId' in target) return chooseNamed(line, target.operatorId, request);
  if ('tier' in target) {
    const found = Object.values(line.operators)
      .filter(({ operator, deleted, leaving }) => operator.tier === target.tier && !deleted && !leaving)
      .filter((status) => status.engaged === null && (request.evenPaused || status.paused === null))
      .sort((a, b) => Number(a.paused !== null) - Number(b.paused !== null) || longestIdle(a, b));
    return taken(line, found, 'no supervisor is free');
  }
  if (callsIn(line, 'waiting').length > 0) return { refused: 'a caller waits' };
  const free = answering(line).filter((status) => isFree(line, status, at));
  const paused = Object.values(line.operators).filter(({ paused, engaged }) => paused !== null && engaged === null);
  const found = [...free.sort(longestIdle), ...(request.evenPaused ? paused.sort(longestIdle) : [])];
  return taken(line, found, 'no operator is free');
}

function chooseNamed(line: Line, operatorId: string, request: ReserveRequest): Choice {
  const status = line.operators[operatorId];
  if (status === undefined || status.deleted) return { refused: 'unknown' };
  if (status.engaged !== null) return { refused: 'busy' };
  // Of a phone that is in a call nobody has to know whether it is registered.
  const account = request.occupied === true ? accountOf(line, status) : phoneOf(line, status);
  if (account === null) return { refused: 'not at a desk' };
  if (status.paused !== null && !request.evenPaused) return { refused: 'paused' };
  return { status, account };
}

function taken(line: Line, found: OperatorStatus[], refused: ReserveRefusal): Choice {
  for (const status of found) {
    const account = phoneOf(line, status);
    if (account !== null) return { status, account };
  }
  return { refused };
}

function longestIdle(a: OperatorStatus, b: OperatorStatus): number {
  return a.idleSince - b.idleSince || compareIds(a, b);
}
