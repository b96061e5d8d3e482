import fc from 'fast-check';
import { testDispatch } from '../../test/support/calls.ts';
import { decideDispatch, type DispatchAction, type DispatchInput } from './decide.ts';
import { isPending, type Dispatch } from './dispatch.ts';

const context = { callId: 'c', incidentId: 'i', application: 'a', callerNumber: null, callerChannelId: 'caller' };
const at = fc.constant(0);
const channelId = fc.constantFrom('d1.a1', 'd1.a2', 'd1.a3', 'd1.a4', 'x');

const input: fc.Arbitrary<DispatchInput> = fc.oneof(
  fc.record({ at, type: fc.constant('start') }),
  fc.record({
    at,
    type: fc.constant('ring-result'),
    attemptId: channelId,
    ring: fc.constantFrom(
      { result: 'taken' },
      { result: 'gone' },
      { result: 'expired' },
      { result: 'refused', reason: 'no' },
    ),
  }),
  fc.record({ at, type: fc.constantFrom('leg-ringing', 'leg-entered', 'leg-joined'), channelId }),
  fc.record({ at, type: fc.constant('leg-gone'), channelId, cause: fc.constantFrom(0, 16, 17, 18, 19, 21, 41) }),
  fc.record({ at, type: fc.constant('key-pressed'), channelId, key: fc.constantFrom('1', '9', '5') }),
  fc.record({ at, type: fc.constant('timer') }),
  fc.record({ at, type: fc.constant('cancel'), reason: fc.constantFrom('cancelled', 'call-ended') }),
);

const dispatch = fc
  .record({
    trunks: fc.nat(3),
    acceptance: fc.constantFrom('key', 'answer'),
    mode: fc.constantFrom('bridge', 'transfer'),
  })
  .map(({ trunks, acceptance, mode }) =>
    testDispatch({
      acceptance,
      mode,
      trunks: Array.from({ length: trunks }, (_, n) => ({ id: `t${n}`, endpoint: `e${n}`, number: '113' })),
    }),
  );

describe('whatever a dispatch is told, in whatever order', () => {
  it('has at most one live attempt, a limit while it has one, silences every phone and ends once', () => {
    fc.assert(
      fc.property(dispatch, fc.array(input, { maxLength: 40, size: 'max' }), (first, inputs) => {
        let now: Dispatch = first;
        let wakeAt: number | null = null;
        let clock = 0;
        const rung: string[] = [];
        const over = new Set<string>();
        const tell = (told: DispatchInput): DispatchAction[] => {
          const before = JSON.stringify(now);
          clock += 10;
          const timed = { ...told, at: clock };
          const { dispatch: next, actions } = decideDispatch(now, timed, context);
          expect(JSON.stringify(now)).toBe(before);
          expect(JSON.stringify(decideDispatch(now, timed, context))).toBe(JSON.stringify({ dispatch: next, actions }));
          // An attempt that failed and the next may want to be woken: the last word counts.
          for (const action of actions) {
            if (action.do === 'wake') wakeAt = action.at;
            if (action.do === 'ring') rung.push(action.job.channelId);
            if (action.do === 'hang-up') over.add(action.channelId);
          }
          if (told.type === 'leg-gone') over.add(told.channelId);
          if (told.type === 'ring-result' && told.ring.result === 'gone') over.add(told.attemptId);
          if (now.endedAt !== null) expect(next).toEqual(now);
          now = next;
          return actions;
        };
        tell({ type: 'start', at: 0 });
        for (const told of inputs) {
          tell(told);
          const live = now.attempts.filter((attempt) => attempt.endedAt === null);
          expect(live).toHaveLength(now.endedAt === null ? 1 : 0);
          expect(now.attempts.length).toBeLessThanOrEqual(now.trunks.length);
          expect(new Set(rung).size).toBe(rung.length);
          expect(isPending(now)).toBe(wakeAt !== null);
          if (wakeAt !== null) expect(wakeAt).toBeGreaterThan(clock);
          expect(now.outcome !== null).toBe(now.endedAt !== null);
          const past = now.attempts.filter((attempt) => attempt.endedAt !== null);
          for (const attempt of past) expect(over).toContain(attempt.channelId);
        }
        // Left to its timer it ends or is joined, after one attempt per trunk at the most.
        for (let fired = 0; isPending(now); fired += 1) {
          expect(fired).toBeLessThan(4);
          tell({ type: 'timer', at: 0 });
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
