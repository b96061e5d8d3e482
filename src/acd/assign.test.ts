import fc from 'fast-check';
import { assign, isFree } from './assign.ts';
import { decideLine, type LineInput } from './decide.ts';
import { emptyLine, stateOf, type Line, type OperatorStatus } from './operator.ts';

const timing = { wrapUp: 10_000, retry: 3_000 };

function status(id: string, over: Partial<OperatorStatus> = {}): OperatorStatus {
  return {
    operator: { id, name: id, extension: '11', account: `op-${id}` },
    registered: true,
    pausedFor: null,
    engaged: null,
    wrapUpUntil: null,
    notBefore: null,
    idleSince: 0,
    since: 0,
    ...over,
  };
}

function line(operators: OperatorStatus[], waiting: Line['waiting'] = [], tried: Line['tried'] = {}): Line {
  const byId = Object.fromEntries(operators.map((one) => [one.operator.id, one]));
  return { operators: byId, waiting, tried, assignments: 0 };
}

describe('assign', () => {
  it.each<[string, Line, string[]]>([
    [
      'the call that has waited longest gets the operator that has been idle longest',
      line(
        [status('a', { idleSince: 50 }), status('b', { idleSince: 10 })],
        [
          { callId: 'late', since: 20 },
          { callId: 'early', since: 5 },
        ],
      ),
      ['early-b', 'late-a'],
    ],
    ['a tie goes by id', line([status('b'), status('a')], [{ callId: 'c', since: 1 }]), ['c-a']],
    [
      'who did not take the call is passed over while another is free',
      line([status('a'), status('b', { idleSince: 99 })], [{ callId: 'c', since: 1 }], { c: ['a'] }),
      ['c-b'],
    ],
    ['and is asked again when nobody else is', line([status('a')], [{ callId: 'c', since: 1 }], { c: ['a'] }), ['c-a']],
    ['offline', line([status('a', { registered: false })], [{ callId: 'c', since: 1 }]), []],
    ['paused', line([status('a', { pausedFor: 'lunch' })], [{ callId: 'c', since: 1 }]), []],
    ['wrap-up', line([status('a', { wrapUpUntil: 2_000 })], [{ callId: 'c', since: 1 }]), []],
    ['left alone for a moment', line([status('a', { notBefore: 2_000 })], [{ callId: 'c', since: 1 }]), []],
    [
      'in a call',
      line(
        [status('a', { engaged: { assignmentId: 'x', callId: 'other', state: 'talking' } })],
        [{ callId: 'c', since: 1 }],
      ),
      [],
    ],
  ])('%s', (_what, state, expected) => {
    expect(assign(state, 1_000).pairs.map((pair) => `${pair.callId}-${pair.operatorId}`)).toEqual(expected);
  });

  it.each<[Line, string]>([
    [line([], [{ callId: 'c', since: 1 }]), 'there are no operators'],
    [line([status('a', { pausedFor: 'x' })], [{ callId: 'c', since: 1 }]), 'no operator is free'],
  ])('says why a call gets nobody', (state, reason) => {
    expect(assign(state, 1_000).passedOver).toEqual([{ callId: 'c', reason }]);
  });
});

const ids = ['a', 'b', 'c'];
const callIds = ['c1', 'c2', 'c3', 'c4', 'c5'];
const input = fc.oneof(
  fc.record({ type: fc.constant('enter' as const), callId: fc.constantFrom(...callIds), since: fc.nat(100) }),
  fc.record({ type: fc.constant('leave' as const), callId: fc.constantFrom(...callIds) }),
  fc.record({
    type: fc.constant('outcome' as const),
    operatorId: fc.constantFrom(...ids),
    assignmentId: fc.tuple(fc.constantFrom(...ids), fc.nat(12)).map(([id, n]) => `${id}.${n}`),
    outcome: fc.constantFrom(
      'talking' as const,
      'no-answer' as const,
      'busy' as const,
      'failed' as const,
      'not-needed' as const,
      'finished' as const,
      'lost' as const,
    ),
  }),
  fc.record({
    type: fc.constant('registered' as const),
    account: fc.constantFrom('op-a', 'op-b', 'op-c', 'op-x'),
    registered: fc.boolean(),
  }),
  fc.record({ type: fc.constant('pause' as const), operatorId: fc.constantFrom(...ids), reason: fc.constant('r') }),
  fc.record({ type: fc.constant('resume' as const), operatorId: fc.constantFrom(...ids) }),
  fc.record({ type: fc.constant('timer' as const) }),
);

describe('the line, told anything in any order', () => {
  it('gives no operator two calls and no call two operators, forgets no call, and leaves none waiting beside a free operator', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(input, fc.nat(5_000)), { maxLength: 60 }), (steps) => {
        let at = 0;
        let now: Line = decideLine(
          emptyLine,
          {
            type: 'operators',
            at,
            operators: ids.map((id) => ({ id, name: id, extension: '1', account: `op-${id}` })),
          },
          timing,
        ).line;
        for (const [step, later] of steps) {
          at += later;
          const told: LineInput = { ...step, at };
          const before = JSON.stringify(now);
          const decision = decideLine(now, told, timing);
          expect(JSON.stringify(now)).toBe(before);
          now = decision.line;
          const statuses = Object.values(now.operators);
          const engaged = statuses.flatMap((one) => one.engaged?.callId ?? []);
          const waiting = now.waiting.map((one) => one.callId);
          expect(new Set([...engaged, ...waiting]).size).toBe(engaged.length + waiting.length);
          if (step.type === 'enter') expect([...engaged, ...waiting]).toContain(step.callId);
          if (waiting.length > 0) expect(statuses.filter((one) => isFree(one, at))).toEqual([]);
          // Who is not free for a set time wakes the line when that is over.
          const due = statuses.some((one) => (one.wrapUpUntil ?? 0) > at || (one.notBefore ?? 0) > at);
          expect(decision.wakeAt !== null).toBe(due);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('starves nobody: of calls that wait, each is given out once as many operators came free as waited before it', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1_000), { minLength: 1, maxLength: 8 }), (arrivals) => {
        let now = decideLine(
          emptyLine,
          { type: 'operators', at: 0, operators: [{ id: 'a', name: 'a', extension: '1', account: 'op-a' }] },
          { wrapUp: 0, retry: 0 },
        ).line;
        for (const since of arrivals) {
          now = decideLine(now, { type: 'enter', at: 0, callId: `c${since}`, since }, timing).line;
        }
        const order: string[] = [];
        let decision = decideLine(now, { type: 'registered', at: 1, account: 'op-a', registered: true }, timing);
        while (decision.assigned[0] !== undefined) {
          const { callId, operatorId, assignmentId } = decision.assigned[0];
          order.push(callId);
          decision = decideLine(
            decision.line,
            { type: 'outcome', at: 2, operatorId, assignmentId, outcome: 'finished' },
            { wrapUp: 0, retry: 0 },
          );
        }
        expect(order).toEqual([...arrivals].sort((x, y) => x - y).map((since) => `c${since}`));
      }),
    );
  });
});

describe('an operator after a call', () => {
  const talking = (): Line => {
    const entered = decideLine(line([status('a')]), { type: 'enter', at: 10, callId: 'c', since: 1 }, timing);
    expect(entered.assigned).toEqual([{ callId: 'c', operatorId: 'a', assignmentId: 'a.1', account: 'op-a' }]);
    return decideLine(
      entered.line,
      { type: 'outcome', at: 20, operatorId: 'a', assignmentId: 'a.1', outcome: 'talking' },
      timing,
    ).line;
  };
  const told = (state: Line, at: number, outcome: 'finished' | 'not-needed' | 'failed') =>
    decideLine(state, { type: 'outcome', at, operatorId: 'a', assignmentId: 'a.1', outcome }, timing);
  const stateIn = (state: Line): string => stateOf(state.operators['a'] ?? status('a'));

  it('has his wrap-up, and is woken from it', () => {
    const after = told(talking(), 30, 'finished');
    expect(stateIn(after.line)).toBe('wrap-up');
    expect(after.wakeAt).toBe(10_030);
    const woken = decideLine(after.line, { type: 'timer', at: 10_030 }, timing);
    expect(stateIn(woken.line)).toBe('available');
    expect(woken.changed).toEqual([{ operatorId: 'a', state: 'available', reason: null }]);
  });

  it('is left alone for a moment when his phone refused', () => {
    const after = told(talking(), 30, 'failed');
    const entered = decideLine(after.line, { type: 'enter', at: 31, callId: 'd', since: 1 }, timing);
    expect(entered.assigned).toEqual([]);
    expect(decideLine(entered.line, { type: 'timer', at: 3_030 }, timing).assigned).toHaveLength(1);
  });

  it('stays in the list while he talks, though he was deleted', () => {
    const deleted = decideLine(talking(), { type: 'operators', at: 25, operators: [] }, timing).line;
    expect(stateIn(deleted)).toBe('talking');
    const after = decideLine(told(deleted, 30, 'finished').line, { type: 'operators', at: 31, operators: [] }, timing);
    expect(after.line.operators).toEqual({});
  });
});
