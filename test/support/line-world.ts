import { assign, type Assignment } from '../../src/acd/assign.ts';
import { decideLine, type LineDecision, type LineInput } from '../../src/acd/decide.ts';
import type { AssignmentOutcome } from '../../src/acd/line-outcome.ts';
import type { LinePolicies, LinePolicy } from '../../src/acd/line-policy.ts';
import type { LineDeps } from '../../src/acd/mailbox.ts';
import { emptyLine, stateOf, type Line, type Operator, type OperatorState } from '../../src/acd/operator.ts';
import { emergencyQueue, type CallQueue } from '../../src/acd/queue.ts';
import { unchanging } from './unchanging.ts';

type Told<T> = T extends unknown ? Omit<T, 'at'> : never;

/** A waiting line with its own time, in which operator `a` sits at desk `a` with the account `op-a`. */
export interface LineWorld {
  line: Line;
  at: number;
  last: LineDecision;
  /** Tells it something, `later` milliseconds after what was told last. */
  tell(input: Told<LineInput>, later?: number): LineDecision;
  /** People at registered phones, idle since their turn in the list. */
  people(...operators: (string | Partial<Operator>)[]): void;
  enter(callId: string, queue?: Partial<CallQueue> & { since?: number }): LineDecision;
  /** The outcome of what the operator is engaged in. */
  outcome(operatorId: string, outcome: AssignmentOutcome, later?: number): LineDecision;
  state(operatorId: string): OperatorState | undefined;
  /** What the line would give out now. */
  assign(): Assignment;
}

export const patient: LinePolicy = {
  wrapUp: 10_000,
  ringAll: 30_000,
  skill: 15_000,
  standby: 20_000,
  supervisor: 45_000,
  backupCentre: 90_000,
  promote: 180_000,
  announcePosition: true,
};

export const usual: LinePolicies = {
  main: patient,
  queues: {},
  retry: 3_000,
  pauseUnanswered: true,
  alerts: [
    { level: 'notice', waiting: 5_000 },
    { level: 'critical', waiting: 30_000 },
  ],
};

/** Hears what a line tells, and does nothing: no call is there. */
export const deafToLine: Omit<LineDeps, 'clock' | 'logger' | 'policies'> = {
  assigned: () => false,
  reserved: () => false,
  refused: () => undefined,
  toBackupCentre: () => undefined,
  placed: () => undefined,
  alert: () => undefined,
  unanswered: () => undefined,
  changed: () => undefined,
  told: () => undefined,
};

export function person(given: string | Partial<Operator>): Operator {
  const over = typeof given === 'string' ? { id: given } : given;
  return { id: 'a', name: 'Siti', extension: '11', tier: 'regular', skills: [], languages: [], ...over };
}

export function lineWorld(policy: Partial<LinePolicy> = {}, over: Partial<LinePolicies> = {}): LineWorld {
  const policies: LinePolicies = { ...usual, ...over, main: { ...patient, ...policy } };
  const listed = new Map<string, Operator>();
  const world: LineWorld = {
    line: emptyLine,
    at: 1_000_000,
    last: decideLine(emptyLine, { type: 'timer', at: 0 }, policies),
    tell(input, later = 0) {
      world.at += later;
      world.last = decideLine(unchanging(world.line), { ...input, at: world.at }, policies);
      world.line = world.last.line;
      return world.last;
    },
    people(...operators) {
      for (const operator of operators.map(person)) listed.set(operator.id, operator);
      world.tell({ type: 'operators', operators: [...listed.values()] });
      world.tell({ type: 'desks', desks: [...listed.keys()].map((id) => ({ id, name: id, account: `op-${id}` })) });
      for (const { id } of operators.map(person)) {
        world.tell({ type: 'log-in', operatorId: id, deskId: id }, 1);
        world.tell({ type: 'registered', account: `op-${id}`, registered: true });
      }
    },
    enter(callId, { since = world.at, ...queue } = {}) {
      return world.tell({ type: 'enter', callId, since, queue: { ...emergencyQueue, ...queue } });
    },
    outcome(operatorId, outcome, later = 0) {
      const assignmentId = world.line.operators[operatorId]?.engaged?.assignmentId ?? 'none';
      return world.tell({ type: 'outcome', operatorId, assignmentId, outcome }, later);
    },
    state(operatorId) {
      const status = world.line.operators[operatorId];
      return status === undefined ? undefined : stateOf(world.line, status);
    },
    assign: () => assign(world.line, world.at, policies),
  };
  return world;
}

/** `call-operator`, with a `+` for one who is rung together with others. */
export function pairs(decision: { assigned: LineDecision['assigned'] }): string[] {
  return decision.assigned.map(({ callId, operatorId, together }) => `${callId}-${operatorId}${together ? '+' : ''}`);
}
