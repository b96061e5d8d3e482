import { inOrder, someoneFor } from './assign.ts';
import { policyOf, type LineAlertLevel, type LinePolicies } from './line-policy.ts';
import { answering, callsIn, type Line, type Place, type WaitingCall } from './operator.ts';

/** People are to be told how long callers wait. */
export interface LineAlert {
  level: LineAlertLevel['level'];
  /** Whole seconds that the longest has waited. */
  waitingSeconds: number;
  /** How many callers nobody has answered. */
  waiting: number;
}

/** So often is another centre asked for one call. */
const backupTries = 5;

/** Calls that another centre is to be asked for as well, now and again. They stay where they are, also if a phone rings. */
export function overflow(line: Line, at: number, policies: LinePolicies): string[] {
  const due = callsIn(line, 'waiting', 'ringing').filter((call) => {
    const next = backupDue(call, policies);
    return next !== null && at >= next;
  });
  for (const call of due) call.backupAsked = { times: call.backupAsked.times + 1, at };
  return inOrder(due, at, policies).map((call) => call.callId);
}

/** When the backup centre is to be asked for a call; null: never, or not again. */
function backupDue({ since, queue, backupAsked }: WaitingCall, policies: LinePolicies): number | null {
  const { backupCentre } = policyOf(policies, queue.id);
  if (backupCentre === null || backupAsked.times >= backupTries) return null;
  return backupAsked.at === null ? since + backupCentre : backupAsked.at + Math.max(backupCentre, leastBetween);
}

const leastBetween = 10_000;

/** Levels that the longest wait has reached; each again only after the wait was below it. */
export function alerts(line: Line, at: number, policies: LinePolicies): LineAlert[] {
  const calls = unanswered(line, at);
  const longest = at - Math.min(at, ...calls.map((call) => call.since));
  const reached = policies.alerts.filter(({ waiting }) => calls.length > 0 && longest >= waiting);
  const told = reached.filter((level) => !line.alerted.includes(keyOf(level)));
  line.alerted = reached.map(keyOf);
  return told.map(({ level }) => ({ level, waitingSeconds: Math.floor(longest / 1_000), waiting: calls.length }));
}

/**
 * Where each waiting call stands, of those to whom that is news. The expected wait follows from the running average of
 * what a call costs an operator (talking and wrap-up): with so many operators at their phones and not paused, one comes
 * free each such part of it, and a call waits once for each place. It is rounded up to half minutes, so that it is not
 * told anew with every call; null while no call was handled yet or nobody is there who may take it so far.
 */
export function places(line: Line, at: number, policies: LinePolicies): (Place & { callId: string })[] {
  const waiting = callsIn(line, 'waiting');
  if (waiting.length === 0) return [];
  const expected = expectedWait(line, at, policies);
  return inOrder(waiting, at, policies).flatMap((call, index) => {
    if (!policyOf(policies, call.queue.id).announcePosition) return [];
    const place = { position: index + 1, expectedWaitSeconds: expected(call, index + 1) };
    if (call.told?.position === place.position && call.told.expectedWaitSeconds === place.expectedWaitSeconds) {
      return [];
    }
    call.told = place;
    return [{ callId: call.callId, ...place }];
  });
}

/** Seconds that a call at a position will wait; null while nothing is known of it. */
export function expectedWait(
  line: Line,
  at: number,
  policies: LinePolicies,
): (call: WaitingCall, position: number) => number | null {
  const { handling } = line;
  const operators = answering(line).length;
  if (handling === null || operators === 0) return () => null;
  const hasSomeone = someoneFor(line, at, policies);
  return (call, position) => (hasSomeone(call) ? Math.ceil((position * handling) / operators / 30_000) * 30 : null);
}

/** When time alone changes something next; null if never. */
export function nextDue(line: Line, at: number, policies: LinePolicies): number | null {
  const due = Object.values(line.operators).flatMap((status) => [status.wrapUpUntil, status.notBefore]);
  for (const call of callsIn(line, 'waiting', 'ringing')) {
    const policy = policyOf(policies, call.queue.id);
    const limits =
      call.place === 'ringing'
        ? [policy.ringAll, policy.skill, policy.standby, policy.supervisor]
        : [policy.ringAll, policy.skill, policy.standby, policy.supervisor, policy.promote];
    for (const limit of limits) if (limit !== null) due.push(call.since + limit);
    due.push(backupDue(call, policies));
  }
  for (const call of unanswered(line, at)) for (const { waiting } of policies.alerts) due.push(call.since + waiting);
  const later = due.filter((time) => time !== null && time > at);
  return later.length === 0 ? null : Math.min(...later.map(Number));
}

/** A call that lost its operator says at once that it waits again: until then it is not taken for answered. */
const limbo = 1_000;

function unanswered(line: Line, at: number): WaitingCall[] {
  return callsIn(line, 'waiting', 'ringing', 'between').filter(
    (call) => call.place !== 'between' || at - call.placedAt < limbo,
  );
}

function keyOf({ level, waiting }: LineAlertLevel): string {
  return `${level} ${waiting}`;
}
