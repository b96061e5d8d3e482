import { sipOnly, testAgency } from '../../test/support/agencies.ts';
import { askedBy, notYetAsked, notYetTold, type Asked } from './again.ts';
import type { Mode } from '../routing/rule.ts';
import type { Dispatch } from './dispatch.ts';
import { planDispatch, type Trunks } from './plan.ts';

const trunks: Trunks = { wayTo: sipOnly, health: () => 'unknown' };

function planned(agencyId: string, over: { mode?: Mode; ruleId?: string; fallback?: Dispatch } = {}): Dispatch {
  const { mode = 'bridge', ruleId = 'fire', fallback } = over;
  return planDispatch({
    ...{ id: `new-${agencyId}`, agency: testAgency(agencyId), mode, trunks, at: 0, after: ['new-damkar'] },
    reason: { by: 'rule', ruleSetVersion: 1, ruleId },
    timing: { jobExpires: 1, ring: 1, accept: 1 },
    fallback: fallback ?? null,
  });
}

const asked = (over: Partial<Asked> = {}): Asked => ({
  ...{ agencyId: 'damkar', mode: 'bridge', state: 'no-answer', accepted: false, over: true, ruleId: 'fire' },
  ...over,
});

test.each<[string, Partial<Asked>, Mode, [again: boolean, classified: boolean]]>([
  ['engaged', { state: 'ringing', over: false, ruleId: null }, 'bridge', [false, false]],
  ['being told', { state: 'requested', mode: 'notify', over: false }, 'notify', [false, false]],
  ['being told, and to be rung', { state: 'requested', mode: 'notify', over: false }, 'bridge', [true, true]],
  ['accepted, and gone', { state: 'left', accepted: true, ruleId: 'other' }, 'bridge', [false, false]],
  ['told', { state: 'told', mode: 'notify' }, 'notify', [false, false]],
  ['told, and to be rung', { state: 'told', mode: 'notify' }, 'bridge', [true, true]],
  ['not reached by the same rule', {}, 'bridge', [false, true]],
  ['not reached by another rule', { ruleId: 'other' }, 'bridge', [true, true]],
  ['not reached for a person', { ruleId: null }, 'bridge', [true, true]],
  ['called off', { state: 'cancelled', ruleId: 'other' }, 'bridge', [false, true]],
  ['another agency', { agencyId: 'psc', over: false }, 'bridge', [true, true]],
])('%s', (_name, earlier, mode, [again, classified]) => {
  const wanted = [planned('damkar', { mode })];
  expect(notYetAsked(wanted, [asked(earlier)], false)).toHaveLength(again ? 1 : 0);
  expect(notYetAsked(wanted, [asked(earlier)], true)).toHaveLength(classified ? 1 : 0);
});

test('who would be asked in its place is left out as well, and nobody waits for whom nobody asks', () => {
  const chain = planned('pmi', { fallback: planned('damkar', { fallback: planned('bpbd') }) });
  const [first] = notYetAsked([planned('damkar'), chain], [asked({ over: false })], false);
  expect([first?.agencyId, first?.after]).toEqual(['pmi', []]);
  expect([first?.fallback?.agencyId, first?.fallback?.reason]).toEqual(['bpbd', { by: 'fallback', of: 'new-pmi' }]);
  expect(first?.fallback?.fallback).toBeNull();
  const [, second] = notYetAsked([planned('damkar'), chain], [], false);
  expect(second?.after).toEqual(['new-damkar']);
  expect(second?.fallback?.agencyId).toBe('damkar');
});

test('a live dispatch says by which rule it was', () => {
  expect(askedBy(planned('damkar'))).toEqual(asked({ state: 'requested', over: false }));
  const byPerson: Dispatch = {
    ...planned('damkar'),
    reason: { by: 'person', tokenId: 't' },
    acceptedAt: 1,
    endedAt: 2,
  };
  expect(askedBy(byPerson)).toMatchObject({ accepted: true, over: true, ruleId: null });
});

test('who was told is told no more', () => {
  const tell = ['mayor', 'secretary'].map((recipientId) => ({ recipientId, ruleId: 'fire' }));
  expect(notYetTold({ tell }, ['mayor'])).toEqual(tell.slice(1));
});
