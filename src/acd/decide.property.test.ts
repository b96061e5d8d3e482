import fc from 'fast-check';
import { lineWorld, patient, person, usual } from '../../test/support/line-world.ts';
import { unchanging } from '../../test/support/unchanging.ts';
import { decideLine, type LineDecision, type LineInput } from './decide.ts';
import { answering, callsIn, emptyLine, isFree, isPausedByItself, takersOf, type Line } from './operator.ts';
import { emergencyQueue } from './queue.ts';

const ids = ['a', 'b', 'c', 's'];
const callIds = ['c1', 'c2', 'c3', 'c4', 'c5'];
const people = ids.map((id) =>
  person({ id, tier: id === 's' ? 'supervisor' : 'regular', skills: id === 'a' ? ['medical'] : [] }),
);
const desks = ids.map((id) => ({ id, name: id, account: `op-${id}` }));
const policies = { ...usual, queues: { low: { ...patient, ringAll: 10_000, promote: 60_000, wrapUp: 0 } } };

const operatorId = fc.constantFrom(...ids);
const callId = fc.constantFrom(...callIds);
const outcome = fc.constantFrom(
  'talking' as const,
  'no-answer' as const,
  'busy' as const,
  'failed' as const,
  'not-needed' as const,
  'finished' as const,
  'lost' as const,
);

/** What is told; an outcome of 'his' is of what the operator is engaged in then, as nearly all outcomes are. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('enter' as const),
      callId,
      waited: fc.nat(40_000),
      queue: fc.constantFrom(
        emergencyQueue,
        { ...emergencyQueue, skills: ['medical'] },
        { id: 'low', priority: 7, skills: [], languages: ['jv'] },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), callId }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('rank' as const), callId, priority: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('his' as const), operatorId, outcome }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('outcome' as const),
      operatorId,
      assignmentId: fc.tuple(operatorId, fc.nat(12)).map(([id, n]) => `${id}.${n}`),
      outcome,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('registered' as const),
      account: fc.constantFrom('op-a', 'op-b', 'op-c', 'op-s', 'op-x'),
      registered: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('log-in' as const), operatorId, deskId: operatorId }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('log-out' as const), operatorId }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('pause' as const),
      operatorId,
      reason: fc.constant('r'),
      automatic: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('resume' as const), operatorId }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('reserve' as const),
      requestId: fc.constantFrom('r1', 'r2', 'r3'),
      callId,
      target: fc.oneof(
        fc.record({ operatorId }),
        fc.constant({ tier: 'supervisor' as const }),
        fc.constant({ any: true as const }),
      ),
      evenPaused: fc.boolean(),
      occupied: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('operators' as const),
      operators: fc.subarray(people, { minLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('desks' as const), desks: fc.subarray(desks, { minLength: 2 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'timer' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const histories = fc.array(fc.tuple(step, fc.nat(20_000)), { maxLength: 40 });

function told(line: Line, given: Step, at: number): LineInput {
  if (given.type === 'enter') {
    const { waited, ...rest } = given;
    return { ...rest, at, since: at - waited };
  }
  if (given.type !== 'his') return { ...given, at };
  const assignmentId = line.operators[given.operatorId]?.engaged?.assignmentId ?? 'none';
  return { ...given, type: 'outcome', assignmentId, at };
}

/** Runs a history from an open centre, and looks at each decision. */
function run(history: [Step, number][], look: (before: Line, input: LineInput, decision: LineDecision) => void): void {
  let { line, at } = lineWorldOpen();
  for (const [given, later] of history) {
    at += later;
    const input = told(line, given, at);
    const decision = decideLine(unchanging(line), input, policies);
    look(line, input, decision);
    line = decision.line;
  }
}

function lineWorldOpen(): { line: Line; at: number } {
  const world = lineWorld();
  world.people(...people);
  return { line: world.line, at: world.at };
}

describe('the line, told anything in any order', () => {
  it('gives no operator two engagements, assigns only who is free, and reserves only who has nothing', () => {
    fc.assert(
      fc.property(histories, (history) => {
        run(history, (before, input, decision) => {
          const engaged = Object.values(decision.line.operators).flatMap((one) => one.engaged ?? []);
          expect(new Set(engaged.map((one) => one.assignmentId)).size).toBe(engaged.length);
          const given = [...decision.assigned, ...decision.reserved].map((one) => one.operatorId);
          expect(new Set(given).size).toBe(given.length);
          for (const { operatorId: id, assignmentId, callId: to, together } of decision.assigned) {
            const was = before.operators[id];
            // Free before, or made so by this very input: his call ended, he logged in, or the call that he was thought to have waits anew.
            const freed =
              input.type === 'outcome'
                ? input.operatorId === id
                : input.type === 'enter' && was?.engaged?.callId === input.callId;
            expect(was?.engaged === null || was?.engaged === undefined || freed).toBe(true);
            const now = decision.line.operators[id];
            expect(now?.engaged).toMatchObject({ assignmentId, callId: to, state: 'ringing', requestId: null });
            if (now === undefined) throw new Error('assigned to nobody');
            const idle: Line = {
              ...decision.line,
              operators: { ...decision.line.operators, [id]: { ...now, engaged: null } },
            };
            const idleNow = { ...now, engaged: null };
            expect(isFree(idle, idleNow, input.at) || (together && isPausedByItself(idle, idleNow, input.at))).toBe(
              true,
            );
          }
        });
      }),
      { numRuns: 150 },
    );
  });

  it('never changes the line that it was handed', () => {
    fc.assert(
      fc.property(histories, (history) => {
        let text = '';
        run(history, (before, input, decision) => {
          if (text !== '') expect(JSON.stringify(before)).toBe(text);
          text = JSON.stringify(decision.line);
          decideLine(decision.line, { type: 'timer', at: input.at + 1_000 }, policies);
          expect(JSON.stringify(decision.line)).toBe(text);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('has a place for every call that entered, and a reason for every one that got nobody', () => {
    fc.assert(
      fc.property(histories, (history) => {
        run(history, (_before, input, { line, passedOver }) => {
          if (input.type === 'enter') expect(['waiting', 'ringing']).toContain(line.calls[input.callId]?.place);
          const waiting = callsIn(line, 'waiting').map((call) => call.callId);
          expect(passedOver.map((one) => one.callId).sort()).toEqual(waiting.sort());
          for (const { reason } of passedOver) expect(reason).not.toBe('');
          for (const call of callsIn(line, 'ringing')) expect(takersOf(line, call.callId).length).toBeGreaterThan(0);
        });
      }),
      { numRuns: 80 },
    );
  });

  it('never assigns a call that left', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const entered = new Set<string>();
        run(history, (_before, input, { assigned }) => {
          if (input.type === 'enter') entered.add(input.callId);
          if (input.type === 'leave') entered.delete(input.callId);
          for (const one of assigned) expect(entered).toContain(one.callId);
        });
      }),
      { numRuns: 80 },
    );
  });

  it('sleeps over nothing that is due: whatever time alone changes happens when it wants to be woken, and no sooner', () => {
    fc.assert(
      fc.property(histories, fc.nat(200_000), (history, later) => {
        run(history, (_before, { at }, { line, wakeAt }) => {
          const until = wakeAt === null ? at + later : Math.min(wakeAt - 1, at + later);
          if (until <= at) return;
          const early = decideLine(line, { type: 'timer', at: until }, policies);
          const { assigned, alerts, toBackupCentre, changed, places } = early;
          expect({ assigned, alerts, toBackupCentre, changed, places }).toEqual({
            assigned: [],
            alerts: [],
            toBackupCentre: [],
            changed: [],
            places: [],
          });
        });
      }),
      { numRuns: 60 },
    );
  });

  it('never pauses the last one who answers by itself', () => {
    fc.assert(
      fc.property(histories, (history) => {
        run(history, (before, input, { line }) => {
          if (input.type !== 'outcome') return;
          const paused = Object.values(line.operators).filter(
            (one) => one.paused !== null && before.operators[one.operator.id]?.paused === null,
          );
          if (paused.length > 0) expect(answering(line).length).toBeGreaterThan(0);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('answers each reservation once, and takes nobody for it while a caller waits whom he could serve', () => {
    fc.assert(
      fc.property(histories, (history) => {
        run(history, (before, input, { line, reserved, refused }) => {
          expect(reserved.length + refused.length).toBe(input.type === 'reserve' ? 1 : 0);
          if (input.type !== 'reserve' || !('any' in input.target) || reserved.length === 0) return;
          const known = Object.values(before.operators).some((one) => one.engaged?.requestId === input.requestId);
          if (!known) expect(callsIn(line, 'waiting')).toEqual([]);
        });
      }),
      { numRuns: 80 },
    );
  });
});

describe('with operators who answer and hang up', () => {
  it('starves nobody: once promoted, a call is served before all that came after it, whatever their priority', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 9 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        (low, urgent, staff) => {
          const world = lineWorld({ wrapUp: 0, ringAll: null });
          const names = ['o1', 'o2', 'o3'].slice(0, staff);
          world.people(...names);
          names.forEach((_, index) => world.enter(`busy${index}`));
          world.enter('low', { priority: low });
          let servedAfter: number | null = null;
          for (const [index, priority] of urgent.entries()) {
            // Without a limit the low one would wait for ever: each time an urgent one has come.
            world.enter(`u${index}`, { priority });
            const turn = names[index % staff] ?? 'o1';
            world.outcome(turn, 'talking', 10_000);
            world.outcome(turn, 'finished', 10_000);
            if (servedAfter === null && world.line.calls['low']?.place !== 'waiting') servedAfter = index + 1;
          }
          expect(servedAfter).toBe(180_000 / 20_000);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('serves calls of one priority in the order of their arrival', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1_000), { minLength: 1, maxLength: 8 }), (arrivals) => {
        const world = lineWorld({ wrapUp: 0 });
        for (const since of arrivals) world.enter(`c${since}`, { since: world.at - 2_000 + since });
        world.people('a');
        const order: string[] = [];
        while (world.last.assigned[0] !== undefined) {
          order.push(world.last.assigned[0].callId);
          world.outcome('a', 'talking');
          world.outcome('a', 'finished');
        }
        expect(order).toEqual([...arrivals].sort((x, y) => x - y).map((since) => `c${since}`));
      }),
    );
  });

  it('an empty line is due for nothing', () => {
    expect(decideLine(emptyLine, { type: 'timer', at: 5 }, policies).wakeAt).toBeNull();
  });
});
