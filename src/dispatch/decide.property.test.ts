import fc from 'fast-check';
import { checkAttempts } from '../../test/support/dispatch-laws.ts';
import { ensure } from '../../test/support/ensure.ts';
import { testDispatch } from '../../test/support/calls.ts';
import { decideDispatch } from './decide.ts';
import type { DispatchAction, DispatchInput } from './step.ts';
import { isPending, type Dispatch } from './dispatch.ts';

const context = {
  callId: 'c',
  incidentId: 'i',
  application: 'a',
  callerNumber: null,
  kind: null,
  callInfo: '',
  location: { format: 'GML' as const, locationInfo: 'shape=Point' },
  callerChannelId: 'caller',
};
const at = fc.constant(0);
const channelId = fc.constantFrom('d1.a1', 'd1.a2', 'd1.a3', 'd1.a4', 'd1.a5', 'd1.a6', 'x');

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
  fc.record({
    at,
    type: fc.constant('leg-gone'),
    channelId,
    cause: fc.constantFrom(0, 16, 17, 18, 19, 21, 38, 58, 127),
  }),
  fc.record({ at, type: fc.constant('key-pressed'), channelId, key: fc.constantFrom('1', '2', '9', '5') }),
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
      trunks: Array.from({ length: trunks }, (_, n) => ({ id: `t${n}`, uri: `sip:113@e${n}` })),
    }),
  );

/** One history of a dispatch, and what has to hold after every word of it. */
class History {
  now: Dispatch;
  private wakeAt: number | null = null;
  private clock = 0;
  private readonly rung: string[] = [];
  private readonly over = new Set<string>();

  constructor(first: Dispatch) {
    this.now = first;
    this.tell({ type: 'start', at: 0 });
  }

  tell(told: DispatchInput): void {
    const { now: before } = this;
    const frozen = JSON.stringify(before);
    this.clock += 10;
    const input = { ...told, at: this.clock };
    const step = decideDispatch(before, input, context);
    ensure(JSON.stringify(before) === frozen, 'the dispatch handed in was changed');
    const again = decideDispatch(before, input, context);
    ensure(JSON.stringify(again) === JSON.stringify(step), 'decided differently a second time');
    for (const action of step.actions) this.note(action);
    if (told.type === 'leg-gone') this.over.add(told.channelId);
    if (told.type === 'ring-result' && told.ring.result === 'gone') this.over.add(told.attemptId);
    this.now = step.dispatch;
    this.check(before);
  }

  private note(action: DispatchAction): void {
    // An attempt that failed and the next may both want to be woken: the last word counts.
    if (action.do === 'wake') this.wakeAt = action.at;
    if (action.do === 'ring') this.rung.push(action.job.channelId);
    if (action.do === 'hang-up') this.over.add(action.channelId);
  }

  private check(before: Dispatch): void {
    const { now, wakeAt } = this;
    const live = now.attempts.filter((attempt) => attempt.endedAt === null);
    ensure(live.length === (now.endedAt === null ? 1 : 0), `${live.length} live attempts`);
    checkAttempts(now);
    ensure(new Set(this.rung).size === this.rung.length, 'a channel rung twice');
    ensure(isPending(now) === (wakeAt !== null), 'pending without a limit, or a limit without an attempt');
    ensure(wakeAt === null || wakeAt > this.clock, 'a limit that is over');
    ensure((now.outcome !== null) === (now.endedAt !== null), 'an outcome without an end');
    const past = now.attempts.filter((attempt) => attempt.endedAt !== null);
    for (const { channelId: leg } of past) ensure(this.over.has(leg), `${leg} rings on`);
    ensure(before.endedAt === null || JSON.stringify(before) === JSON.stringify(now), 'changed after its end');
  }
}

describe('whatever a dispatch is told, in whatever order', () => {
  it('has at most one live attempt, a limit while it has one, silences every phone and ends once', () => {
    fc.assert(
      fc.property(dispatch, fc.array(input, { maxLength: 40, size: 'max' }), (first, inputs) => {
        const history = new History(first);
        for (const told of inputs) history.tell(told);
        // Left to its timer it ends or is joined, after two more attempts per trunk at the most, and their lost jobs.
        for (let fired = 0; isPending(history.now); fired += 1) {
          ensure(fired < 12, 'attempts without an end');
          history.tell({ type: 'timer', at: 0 });
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
