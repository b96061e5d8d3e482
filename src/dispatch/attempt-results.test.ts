import { testDispatch } from '../../test/support/calls.ts';
import { attemptResults } from './attempt-results.ts';
import type { Attempt, AttemptOutcome } from './dispatch.ts';

function attempt(over: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    channelId: 'd1.a1',
    trunkId: 't1',
    requestedAt: 0,
    located: false,
    announced: 0,
    takenAt: 1,
    ringingAt: null,
    answeredAt: null,
    endedAt: null,
    outcome: null,
    ...over,
  };
}
const resultOf = (type: string, ...attempts: Attempt[]): string[] =>
  attemptResults({
    facts: [{ type, detail: { dispatchId: 'd1', trunkId: 't1', attempt: 1 } }],
    state: { dispatches: [testDispatch({ attempts })] },
  }).map(({ trunkId, result }) => `${trunkId} ${result}`);

test.each<[AttemptOutcome, Partial<Attempt>, string[]]>([
  ['busy', {}, ['t1 heard']],
  ['refused', {}, ['t1 heard']],
  ['not-understood', {}, ['t1 heard']],
  ['unreachable', {}, ['t1 failed']],
  ['no-answer', {}, ['t1 failed']],
  ['no-answer', { ringingAt: 5 }, ['t1 heard']],
  ['unreachable', { answeredAt: 5 }, ['t1 heard']],
  ['job-lost', {}, []],
])('an attempt that ended as %s (%j): %j', (outcome, over, said) => {
  expect(resultOf('dispatch.attempt-failed', attempt({ ...over, outcome, endedAt: 9 }))).toEqual(said);
});

test('a phone that rings was heard, at once', () => {
  expect(resultOf('dispatch.ringing', attempt({ ringingAt: 3 }))).toEqual(['t1 heard']);
});

test('nothing else says anything, and nothing is said of an attempt that is not there', () => {
  expect(resultOf('dispatch.attempt', attempt())).toEqual([]);
  expect(resultOf('dispatch.attempt-failed')).toEqual([]);
});
