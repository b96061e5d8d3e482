import { engage, entered, gone } from '../../test/support/call-inputs.ts';
import { agencyJoins, assign, joined, talking, timing, waiting, withAgency } from '../../test/support/calls.ts';

describe('agencies and operators', () => {
  it('two agencies ring and join beside each other', () => {
    const call = talking().tell(engage(), engage({ id: 'd2', agencyId: 'pln' }));
    expect(call.done).toEqual(['ring-agency d1.a1', 'ring-agency d2.a1']);
    call.tell(...agencyJoins('d2'), gone('d1.a1', 21));
    expect(call.call.dispatches.map((dispatch) => dispatch.state)).toEqual(['requested', 'joined']);
    expect(call.tell(...agencyJoins('d1')).effects).toContainEqual({
      do: 'hang-up',
      channelId: 'd1.a1',
      cause: 'normal',
    });
    expect(call.call.operator?.state).toBe('joined');
  });

  it('an agency that joins a waiting caller takes him out of the line', () => {
    const call = waiting().tell(engage(), ...agencyJoins().slice(0, 2));
    expect(call.done).toEqual([
      'ring-agency d1.a1',
      'announce d1.a1',
      'stop-sound d1.a1',
      'stop-sound caller',
      'join caller call.b1',
      'join d1.a1 call.b1',
    ]);
    expect(call.call.line).toEqual({ since: call.at });
    call.tell(joined('d1.a1'));
    expect(call.done).toEqual(['leave-line']);
    expect(call.call).toMatchObject({ line: null, firstTalkAt: null });
    expect(call.timers).toEqual({ join: call.at + timing.join });
    call.wait(10).tell(joined('caller'));
    expect(call.call).toMatchObject({ stage: 'talking', firstTalkAt: call.at });
    expect(call.timers).toEqual({});
  });

  it('an operator who still rings is not needed when an agency joins first', () => {
    const call = waiting().tell(engage(), assign(), ...agencyJoins(), joined('caller'));
    expect(call.done.slice(-3)).toEqual(['join d1.a1 call.b1', 'hang-up call.o1', 'operator-outcome a1 not-needed']);
    expect(call.facts.map((fact) => fact.type)).toContain('operator.not-needed');
    expect(call.call).toMatchObject({ stage: 'talking', operator: null });
    expect(call.timers).toEqual({});
  });

  it('an operator who has answered stays when an agency is bridged in before him', () => {
    const call = waiting().tell(engage(), assign(), entered('call.o1'), ...agencyJoins());
    expect(call.call.operator?.state).toBe('entered');
    call.tell(joined('caller'), joined('call.o1'));
    expect(call.done).toEqual(['operator-outcome a1 talking']);
    expect(call.timers).toEqual({});
  });

  it('an agency that leaves the caller to the operator changes nothing for them', () => {
    const call = withAgency().tell(gone('d1.a1', 16));
    expect(call.effects).toEqual([]);
    expect(call.call.dispatches[0]).toMatchObject({ state: 'left', outcome: 'accepted' });
    expect(call.call).toMatchObject({ stage: 'talking', operator: { state: 'joined' } });
  });

  it('an agency that leaves the caller alone: he is told and waits again, and the next operator gets him', () => {
    const call = withAgency({ mode: 'transfer' }).tell(gone('d1.a1', 16));
    expect(call.done).toEqual(['play caller operator-lost', 'enter-line']);
    call.tell(assign('a2', 'op2'), entered('call.o2'), joined('call.o2'));
    expect(call.call).toMatchObject({ stage: 'talking', operator: { operatorId: 'op2', state: 'joined' } });
  });

  it('an agency that leaves while the next operator rings changes nothing for him', () => {
    const call = talking().tell(engage(), engage({ id: 'd2', agencyId: 'pln' }), gone('call.o1', 41));
    call.tell(assign('a2', 'op2'), gone('d1.a1', 17), gone('d1.a2', 17));
    expect(call.done).toEqual(['ring-operator call.o2', 'ring-agency d1.a2']);
    expect(call.call).toMatchObject({ stage: 'ringing', operator: { operatorId: 'op2' } });
  });

  it('an accepted agency that never gets in leaves a waiting caller with music in the line', () => {
    const call = waiting().tell(engage(), ...agencyJoins().slice(0, 2), joined('caller'));
    expect(call.call.caller.sound).toBeNull();
    call.tell(gone('d1.a1', 16));
    expect(call.done).toEqual(['ring-agency d1.a2', 'music caller']);
    expect(call.call).toMatchObject({ stage: 'waiting', line: { since: 1_000_000 } });
  });
});
