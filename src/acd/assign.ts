import { mainQueue, stateOf, type WaitingCall, type Line, type OperatorStatus } from './operator.ts';

export interface Pair {
  callId: string;
  operatorId: string;
}

/** Pairs, and for every call that gets nobody the reason. */
export interface Assignment {
  pairs: Pair[];
  passedOver: { callId: string; reason: string }[];
}

/**
 * Gives the calls that have waited longest to the operators that have been idle longest. Who did not take a call is
 * asked for it again only when nobody else is free. Pure and deterministic: ties go by id.
 */
export function assign(line: Line, at: number): Assignment {
  const free = Object.values(line.operators)
    .filter((status) => isFree(status, at))
    .sort((a, b) => a.idleSince - b.idleSince || compare(a.operator.id, b.operator.id));
  const calls = [...line.waiting].sort(
    (a, b) => priorityOf(a) - priorityOf(b) || a.since - b.since || compare(a.callId, b.callId),
  );
  const taken = new Set<string>();
  const result: Assignment = { pairs: [], passedOver: [] };
  for (const call of calls) {
    const operator = choose(line.tried[call.callId] ?? [], free, taken);
    if (operator === undefined) {
      result.passedOver.push({ callId: call.callId, reason: whyNobody(line, free.length) });
      continue;
    }
    taken.add(operator.operator.id);
    result.pairs.push({ callId: call.callId, operatorId: operator.operator.id });
  }
  return result;
}

export function isFree(status: OperatorStatus, at: number): boolean {
  return stateOf(status) === 'available' && (status.notBefore === null || status.notBefore <= at);
}

function choose(tried: string[], free: OperatorStatus[], taken: Set<string>): OperatorStatus | undefined {
  const left = free.filter((status) => !taken.has(status.operator.id));
  return left.find((status) => !tried.includes(status.operator.id)) ?? left[0];
}

function whyNobody(line: Line, free: number): string {
  if (Object.keys(line.operators).length === 0) return 'there are no operators';
  if (free === 0) return 'no operator is free';
  return 'every free operator has an earlier call';
}

function priorityOf({ priority }: WaitingCall): number {
  return priority ?? mainQueue.priority;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
