import { agencyJoins, talking, testDispatch, type Story, type Told } from '../../test/support/calls.ts';
import type { Decision } from '../routing/rule.ts';

const decision: Decision = {
  ruleSetVersion: 7,
  facts: null,
  tell: [{ recipientId: 'wali-kota', ruleId: 'fire-large' }],
  actions: [
    { agencyId: 'damkar', mode: 'bridge', stage: 1, fallbacks: [], ruleId: 'fire' },
    { agencyId: 'pln', mode: 'bridge', stage: 2, fallbacks: [], ruleId: 'fire-large' },
  ],
  trace: [
    { ruleId: 'fire', matched: true, because: ['kind fire is among fire'] },
    { ruleId: 'flood', matched: false, because: ['kind fire is not among flood'] },
    { ruleId: 'fire-large', matched: true, because: ['severity high is among high'] },
  ],
};
const first = testDispatch({ id: 'd1' });
const second = testDispatch({ id: 'd2', agencyId: 'pln', after: ['d1'] });
const classify: Told = {
  type: 'incident-changed',
  change: { kind: 'fire' },
  by: 'token',
  dispatches: [first, second],
  decision,
};
const classified = (): Story => talking().tell(classify);
const stateOf = (call: Story, id: string): string | undefined =>
  call.call.dispatches.find((one) => one.id === id)?.state;

describe('dispatches in stages', () => {
  it('rings the first stage only, and says what is planned and what the rules decided', () => {
    const call = classified();
    expect(call.done).toEqual(['ring-agency d1.a1']);
    expect(call.facts.map((fact) => fact.type)).toEqual([
      'incident.changed',
      'routing.decided',
      'dispatch.requested',
      'dispatch.attempt',
      'dispatch.planned',
    ]);
    expect(call.facts.find((fact) => fact.type === 'routing.decided')?.detail).toEqual({
      ruleSetVersion: 7,
      rules: 'fire,fire-large',
      actions: 'damkar:bridge,pln:bridge',
      tell: 'wali-kota',
    });
    expect(stateOf(call, 'd2')).toBe('requested');
  });

  it('rings the second stage when the first has accepted', () => {
    const call = classified().tell(...agencyJoins('d1').slice(0, 2));
    expect(call.done).toContain('ring-agency d2.a1');
  });

  it('rings the second stage when the first has failed on every trunk', () => {
    const call = classified().tell({ type: 'leg-gone', channelId: 'd1.a1', cause: 17 });
    expect(call.done).toEqual(['ring-agency d1.a2']);
    call.tell({ type: 'leg-gone', channelId: 'd1.a2', cause: 17 });
    expect(stateOf(call, 'd1')).toBe('failed');
    expect(call.done).toContain('ring-agency d2.a1');
  });

  it('rings the second stage when the first is called off', () => {
    const call = classified().tell({ type: 'dispatch-cancelled', dispatchId: 'd1', by: 'token' });
    expect(call.done).toContain('ring-agency d2.a1');
  });

  it('waits for nobody when the first was refused, as its agency is engaged already', () => {
    const call = talking().tell({ type: 'dispatch-requested', dispatch: testDispatch({ id: 'd0' }) });
    call.tell(classify);
    expect(stateOf(call, 'd1')).toBeUndefined();
    expect(call.done).toEqual(['ring-agency d2.a1']);
  });

  it('rings nobody after the caller has gone', () => {
    const call = classified().tell({ type: 'caller-gone', cause: 16 });
    expect(call.done).not.toContain('ring-agency d2.a1');
    expect(stateOf(call, 'd2')).toBe('cancelled');
  });
});
