import type { Call } from '../calls/call.ts';
import type { Role } from '../platform/auth.ts';
import { testCall } from '../../test/support/calls.ts';
import { circleOfCall, laterCircle, mayKnow } from './need-to-know.ts';

const circle = (kind: string | null) => ({ kind, operatorIds: ['op-1', 'op-2'] });

test.each<[string | null, Role, string | undefined, boolean]>([
  [null, 'operator', undefined, true],
  [null, 'auditor', undefined, true],
  ['fire', 'operator', 'op-9', true],
  ['fire', 'auditor', undefined, true],
  ['a-kind-of-another-time', 'auditor', undefined, true],
  ['domestic-violence', 'admin', undefined, true],
  ['domestic-violence', 'supervisor', undefined, true],
  ['domestic-violence', 'operator', 'op-1', true],
  ['domestic-violence', 'operator', 'op-2', true],
  ['domestic-violence', 'operator', 'op-9', false],
  ['domestic-violence', 'operator', undefined, false],
  ['domestic-violence', 'auditor', undefined, false],
  ['domestic-violence', 'auditor', 'op-1', false],
  ['child-violence', 'supervisor', undefined, true],
  ['child-violence', 'operator', 'op-9', false],
  ['child-violence', 'auditor', undefined, false],
])('an incident of kind %s, for a token of role %s with operator %s: %s', (kind, role, operatorId, expected) => {
  expect(mayKnow({ role, operatorId }, circle(kind))).toBe(expected);
});

describe('the circle of a call', () => {
  test.each<[Partial<Pick<Call, 'talked'>>, boolean, string[]]>([
    [{}, false, []],
    [{ talked: ['op-1'] }, false, ['op-1']],
    [{}, true, ['op-2']],
    [{ talked: ['op-1', 'op-2'] }, true, ['op-1', 'op-2']],
  ])('%j, an operator on it or rung for it: %s', (over, rung, expected) => {
    const call = { ...testCall(), ...over };
    const found = circleOfCall({ ...call, operator: rung ? { operatorId: 'op-2' } : null });
    expect(found).toEqual({ kind: null, operatorIds: expected });
  });

  test('those whom the operator brought are in it', () => {
    const parties = [{ operatorId: 'op-3' }, { operatorId: null }];
    expect(circleOfCall({ ...testCall(), parties }).operatorIds).toEqual(['op-3']);
  });
});

test('who tells of a call later replaces its circle, unless he does not know that it is confidential', () => {
  const [violence, unknown] = [circle('domestic-violence'), { kind: null, operatorIds: ['op-2', 'op-3'] }];
  expect(laterCircle(violence, unknown)).toEqual({ kind: 'domestic-violence', operatorIds: ['op-1', 'op-2', 'op-3'] });
  expect(laterCircle(unknown, violence)).toEqual(violence);
  expect(laterCircle(violence, { ...unknown, kind: 'fire' })).toEqual({ ...unknown, kind: 'fire' });
});
