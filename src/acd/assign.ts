import { policyOf, type LinePolicies, type LinePolicy } from './line-policy.ts';
import {
  answering,
  callsIn,
  compare,
  compareIds,
  inUseSince,
  isAvailable,
  isFree,
  isInUse,
  isPausedByItself,
  phoneOf,
  stateOf,
  takersOf,
  tiers,
  type Line,
  type OperatorStatus,
  type WaitingCall,
} from './operator.ts';
import { missing } from './queue.ts';

export interface Pair {
  callId: string;
  operatorId: string;
  /** Rung together with others for the same call; who answers first has it. */
  together: boolean;
}

/** Pairs, and for every waiting call that gets nobody the reason. */
export interface Assignment {
  pairs: Pair[];
  passedOver: { callId: string; reason: string }[];
}

/**
 * Gives calls to operators. Calls in their order (`inOrder`), to who is eligible by the call's wait (tier, skills and
 * languages): those who have the skills before those who have not, regular ones before standby before supervisors, then
 * who has been idle longest. Who did not take a call is asked for it again only when nobody else is free. A call later
 * in the order that only one operator fits may have him, if the earlier one gets another. Phones that are left over
 * ring for the calls that waited longest (ring-all), also those in use by calls that are not the line's. Pure and deterministic: ties go by id.
 */
export function assign(line: Line, at: number, policies: LinePolicies): Assignment {
  const calls = inOrder(callsIn(line, 'waiting'), at, policies);
  const overdue = overdueIn(line, at, policies);
  if (calls.length === 0 && overdue.length === 0) return { pairs: [], passedOver: [] };
  const view = look(line, at, policies);
  const given = new Map<string, WaitingCall>();
  for (const call of calls) give(view, call, given, new Set());
  const pairs = calls.flatMap((call) =>
    [...given].filter(([, one]) => one === call).map(([operatorId]) => pairOf(call, operatorId, false)),
  );
  pairs.push(...ringAll(view, overdue, given));
  const served = new Set(pairs.map((pair) => pair.callId));
  const passedOver = calls
    .filter((call) => !served.has(call.callId))
    .map((call) => ({ callId: call.callId, reason: whyNobody(view, call) }));
  return { pairs, passedOver };
}

/** Calls as they are served: those that waited over their limit by age, then by priority, age and id. */
export function inOrder(calls: WaitingCall[], at: number, policies: LinePolicies): WaitingCall[] {
  const rank = (call: WaitingCall): number =>
    at - call.since >= policyOf(policies, call.queue.id).promote ? 0 : call.priority;
  return [...calls].sort((a, b) => rank(a) - rank(b) || a.since - b.since || compare(a.callId, b.callId));
}

/** Whether somebody is at his phone, free or not, who may take a call as long as it has waited. */
export function someoneFor(line: Line, at: number, policies: LinePolicies): (call: WaitingCall) => boolean {
  const view = look(line, at, policies);
  const there = Object.values(line.operators).filter((status) => isAvailable(line, status));
  return (call) => there.some((status) => isEligible(view, status, call));
}

interface View {
  line: Line;
  at: number;
  policies: LinePolicies;
  /** Longest idle first. */
  free: OperatorStatus[];
  /** Whose phones are in calls that the line knows nothing of: rung when a call rings everywhere. */
  inUse: OperatorStatus[];
  /** No regular operator is there to be waited for. */
  noRegulars: boolean;
}

function look(line: Line, at: number, policies: LinePolicies): View {
  const all = Object.values(line.operators).sort(longestIdle);
  const inUse = all.filter((status) => isInUse(line, status, at));
  // With nobody to wait for they are rung all the same: a phone that is wrongly taken for one in use loses no caller.
  const others = all.some((status) => isAvailable(line, status) && inUseSince(line, status) === null);
  const free = others ? all.filter((status) => isFree(line, status, at)) : inUse;
  return {
    line,
    at,
    policies,
    free,
    inUse,
    noRegulars: !answering(line).some(({ operator }) => operator.tier === 'regular'),
  };
}

/** Gives the call one of its candidates, and moves an earlier call to another of its own where that is needed. */
function give(view: View, call: WaitingCall, given: Map<string, WaitingCall>, asked: Set<string>): boolean {
  const candidates = candidatesFor(view, call).map((status) => status.operator.id);
  const left = candidates.find((id) => !given.has(id));
  if (left !== undefined) {
    given.set(left, call);
    return true;
  }
  for (const id of candidates) {
    if (asked.has(id)) continue;
    asked.add(id);
    const holder = given.get(id);
    if (holder === undefined || !give(view, holder, given, asked)) continue;
    given.set(id, call);
    return true;
  }
  return false;
}

function candidatesFor(view: View, call: WaitingCall): OperatorStatus[] {
  const order = (status: OperatorStatus): number =>
    (call.tried.includes(status.operator.id) ? 6 : 0) +
    (hasSkills(status, call) ? 0 : 3) +
    tiers.indexOf(status.operator.tier);
  return view.free
    .filter((status) => isEligible(view, status, call))
    .sort((a, b) => order(a) - order(b) || longestIdle(a, b));
}

function isEligible(view: View, status: OperatorStatus, call: WaitingCall): boolean {
  const waited = view.at - call.since;
  const policy = policyOf(view.policies, call.queue.id);
  return isOpen(view, status, policy, waited) && (waited >= policy.skill || hasSkills(status, call));
}

function isOpen(view: View, { operator }: OperatorStatus, policy: LinePolicy, waited: number): boolean {
  if (operator.tier === 'regular' || view.noRegulars) return true;
  const limit = operator.tier === 'standby' ? policy.standby : policy.supervisor;
  return limit !== null && waited >= limit;
}

function hasSkills({ operator }: OperatorStatus, call: WaitingCall): boolean {
  return missing(operator, call).length === 0;
}

/** Calls that have waited so long that they ring everywhere. */
function overdueIn(line: Line, at: number, policies: LinePolicies): WaitingCall[] {
  const overdue = callsIn(line, 'waiting', 'ringing').filter((call) => {
    const limit = policyOf(policies, call.queue.id).ringAll;
    return limit !== null && at - call.since >= limit;
  });
  return inOrder(overdue, at, policies);
}

/** Phones that are left over, each to the call with the fewest of those that waited long enough. */
function ringAll(view: View, overdue: WaitingCall[], given: Map<string, WaitingCall>): Pair[] {
  const { line, at } = view;
  if (overdue.length === 0) return [];
  const phones = new Map(overdue.map((call) => [call, takersOf(line, call.callId).length]));
  for (const call of given.values()) if (phones.has(call)) phones.set(call, 1);
  const paused = Object.values(line.operators).filter((status) => isPausedByItself(line, status, at));
  const leftOver = [...new Set([...view.free, ...paused.sort(longestIdle), ...view.inUse])].filter(
    ({ operator }) => !given.has(operator.id),
  );
  return leftOver.flatMap((status) => {
    const [call] = overdue
      .filter((one) => isEligible(view, status, one) && !one.declined.includes(status.operator.id))
      // Who let it ring is not rung again for it while others still are.
      .filter((one) => one.place === 'waiting' || !one.tried.includes(status.operator.id))
      .sort((a, b) => (phones.get(a) ?? 0) - (phones.get(b) ?? 0));
    if (call === undefined) return [];
    phones.set(call, (phones.get(call) ?? 0) + 1);
    return [pairOf(call, status.operator.id, true)];
  });
}

function whyNobody(view: View, call: WaitingCall): string {
  const { line, free } = view;
  const all = Object.values(line.operators);
  if (all.length === 0) return 'there are no operators';
  const there = all.filter((status) => phoneOf(line, status) !== null);
  if (there.length === 0) return 'nobody is at a desk';
  if (free.length === 0) {
    return there.every((status) => stateOf(line, status) === 'paused')
      ? 'everybody at a desk is paused'
      : 'all operators are busy';
  }
  const waited = view.at - call.since;
  const policy = policyOf(view.policies, call.queue.id);
  const open = free.filter((status) => isOpen(view, status, policy, waited));
  if (open.length === 0)
    return 'all regular operators are busy, and the others are rung only for calls that have waited longer';
  if (!open.some((status) => isEligible(view, status, call))) {
    const needed = [...new Set(open.flatMap((status) => missing(status.operator, call)))].sort(compare);
    return `none with ${needed.join(', ')} is free yet`;
  }
  return 'every operator that is free is held for an earlier call';
}

function pairOf(call: WaitingCall, operatorId: string, together: boolean): Pair {
  return { callId: call.callId, operatorId, together };
}

function longestIdle(a: OperatorStatus, b: OperatorStatus): number {
  return a.idleSince - b.idleSince || compareIds(a, b);
}
