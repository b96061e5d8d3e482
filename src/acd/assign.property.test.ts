import fc from 'fast-check';
import { patient, person, usual } from '../../test/support/line-world.ts';
import { assign } from './assign.ts';
import {
  inUseSince,
  isAvailable,
  isFree,
  isInUse,
  isPausedByItself,
  type Line,
  type OperatorStatus,
  type WaitingCall,
} from './operator.ts';
import { emergencyQueue } from './queue.ts';

const at = 1_000_000;
const skill = fc.subarray(['medical', 'fire']);
const language = fc.subarray(['jv', 'min']);

const status = (id: string): fc.Arbitrary<OperatorStatus> =>
  fc.record({
    operator: fc
      .record({ tier: fc.constantFrom('regular', 'standby', 'supervisor'), skills: skill, languages: language })
      .map((given) => person({ id, ...given })),
    deskId: fc.constantFrom(id, id, id, null),
    leaving: fc.constant(false),
    deleted: fc.constant(false),
    paused: fc.constantFrom(null, null, { reason: 'meal', automatic: false }, { reason: 'no-answer', automatic: true }),
    engaged: fc.constantFrom(null, null, {
      assignmentId: `${id}.1`,
      callId: 'c0',
      state: 'ringing' as const,
      requestId: null,
      since: at - 1,
    }),
    wrapUpUntil: fc.constantFrom(null, null, at + 5),
    notBefore: fc.constantFrom(null, null, at + 5, at - 5),
    unanswered: fc.constant(0),
    idleSince: fc.nat(5),
    since: fc.constant(0),
  });

const operatorIds = ['a', 'b', 'c', 'd', 'e'];

const call = (callId: string): fc.Arbitrary<WaitingCall> =>
  fc.record({
    callId: fc.constant(callId),
    since: fc.integer({ min: at - 300_000, max: at }),
    queue: fc.constant(emergencyQueue),
    priority: fc.integer({ min: 1, max: 9 }),
    skills: skill,
    languages: language,
    place: callId === 'c0' ? fc.constant('ringing') : fc.constantFrom('waiting', 'waiting', 'between', 'talking'),
    placedAt: fc.constant(at),
    ranked: fc.constant(null),
    tried: fc.subarray(operatorIds),
    declined: fc.subarray(operatorIds, { maxLength: 1 }),
    backupAsked: fc.constant({ times: 0, at: null }),
    told: fc.constant(null),
  });

const lines: fc.Arbitrary<Line> = fc
  .tuple(
    fc.tuple(...operatorIds.map(status)),
    fc.tuple(...['c0', 'c1', 'c2', 'c3', 'c4'].map(call)),
    fc.subarray(operatorIds, { minLength: 2 }),
    fc.oneof(fc.constant([]), fc.subarray(operatorIds)),
  )
  .map(([statuses, calls, registered, inUse]) => ({
    operators: Object.fromEntries(statuses.map((one) => [one.operator.id, one])),
    desks: Object.fromEntries(
      operatorIds.map((id) => [id, { desk: { id, name: id, account: `op-${id}` }, deleted: false }]),
    ),
    registered: Object.fromEntries(registered.map((id) => [`op-${id}`, true])),
    inUse: Object.fromEntries(inUse.map((id) => [`op-${id}`, at - 1])),
    calls: Object.fromEntries(calls.map((one) => [one.callId, one])),
    assignments: 1,
    handling: null,
    alerted: [],
  }));

const policies = fc
  .record({
    ringAll: fc.constantFrom(null, 30_000),
    skill: fc.constantFrom(0, 15_000, 600_000),
    standby: fc.constantFrom(null, 20_000),
    supervisor: fc.constantFrom(null, 45_000),
    promote: fc.constantFrom(10_000, 180_000),
  })
  .map((given) => ({ ...usual, main: { ...patient, ...given } }));

describe('assign, for any line', () => {
  it('gives no operator two calls, takes only who is free (or paused by himself or in use, in ring-all), and changes nothing', () => {
    fc.assert(
      fc.property(lines, policies, (line, policy) => {
        const before = JSON.stringify(line);
        const { pairs } = assign(line, at, policy);
        expect(JSON.stringify(line)).toBe(before);
        const taken = pairs.map((pair) => pair.operatorId);
        expect(new Set(taken).size).toBe(taken.length);
        for (const { operatorId, callId, together } of pairs) {
          const operator = line.operators[operatorId];
          const given = line.calls[callId];
          if (operator === undefined || given === undefined) throw new Error('a pair of nobody');
          const { ringAll } = policy.main;
          if (together) {
            expect(['waiting', 'ringing']).toContain(given.place);
            expect(ringAll !== null && at - given.since >= ringAll).toBe(true);
            expect(given.declined).not.toContain(operatorId);
            const takes = [isFree, isPausedByItself, isInUse].some((holds) => holds(line, operator, at));
            expect(takes).toBe(true);
          } else {
            expect(given.place).toBe('waiting');
            const everybodyInUse = Object.values(line.operators).every(
              (one) => !isAvailable(line, one) || inUseSince(line, one) !== null,
            );
            expect(isFree(line, operator, at) || (everybodyInUse && isInUse(line, operator, at))).toBe(true);
          }
        }
        // But for ring-all, each call has one.
        const alone = pairs.filter((pair) => !pair.together).map((pair) => pair.callId);
        expect(new Set(alone).size).toBe(alone.length);
      }),
      { numRuns: 300 },
    );
  });

  it('passes no waiting call over without a reason, and none over for whom somebody is left who fits', () => {
    fc.assert(
      fc.property(lines, policies, (line, policy) => {
        const { pairs, passedOver } = assign(line, at, policy);
        const served = new Set(pairs.map((pair) => pair.callId));
        const waiting = Object.values(line.calls).filter((one) => one.place === 'waiting');
        const reasons = new Map(passedOver.map((one) => [one.callId, one.reason]));
        const taken = new Set(pairs.map((pair) => pair.operatorId));
        for (const { callId, since, skills, languages } of waiting) {
          expect(served.has(callId)).toBe(!reasons.has(callId));
          if (served.has(callId)) continue;
          expect(reasons.get(callId)?.length).toBeGreaterThan(10);
          const relaxed = at - since >= policy.main.skill;
          const fits = Object.values(line.operators).filter(
            (one) =>
              isFree(line, one, at) &&
              one.operator.tier === 'regular' &&
              (relaxed ||
                (skills.every((needed) => one.operator.skills.includes(needed)) &&
                  languages.every((needed) => one.operator.languages.includes(needed)))),
          );
          expect(fits.filter((one) => !taken.has(one.operator.id))).toEqual([]);
        }
        expect(passedOver).toHaveLength(waiting.filter((one) => !served.has(one.callId)).length);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the first call in the order somebody whenever anybody who fits is free', () => {
    fc.assert(
      fc.property(lines, policies, (line, policy) => {
        const anybody = Object.values(line.operators).some(
          (one) => one.operator.tier === 'regular' && isFree(line, one, at),
        );
        const waiting = Object.values(line.calls).filter((one) => one.place === 'waiting');
        const promoted = waiting.filter((one) => at - one.since >= policy.main.promote);
        const first = promoted.sort((a, b) => a.since - b.since || (a.callId < b.callId ? -1 : 1))[0];
        fc.pre(anybody && first !== undefined && at - first.since >= policy.main.skill);
        expect(assign(line, at, policy).pairs.map((pair) => pair.callId)).toContain(first.callId);
      }),
    );
  });
});
