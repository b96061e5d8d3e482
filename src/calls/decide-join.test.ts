import { engage, entered, fail, gone } from '../../test/support/call-inputs.ts';
import {
  agencyJoins,
  assign,
  joined,
  ringing,
  talking,
  testDispatch,
  waiting,
  withAgency,
  answered,
  agencyAccepts,
  type Story,
} from '../../test/support/calls.ts';

const rebuilt = ['make-bridge call.b2', 'join caller call.b2', 'join call.o1 call.b2'];

describe('a join', () => {
  it('that nobody confirms moves everybody to a fresh bridge', () => {
    const call = answered().tell(joined('caller')).fire('join');
    expect(call.done).toEqual(rebuilt);
    expect(call.facts).toEqual([{ type: 'bridge.rebuilt', detail: { reason: 'a join was not confirmed' } }]);
    expect(call.call).toMatchObject({ caller: { joined: false }, operator: { state: 'entered' } });
    call.tell(joined('caller'), joined('call.o1'));
    expect(call.effects).toEqual([]);
    call.tell(joined('caller', 'call.b2'), joined('call.o1', 'call.b2'));
    // Only now: destroyed while they moved, it might have taken one of them out of the new one.
    expect(call.done).toEqual(['destroy-bridge call.b1', 'operator-outcome a1 talking']);
    expect(call.call).toMatchObject({ stage: 'talking', counters: { rebuilt: 0 } });
    expect(call.timers).toEqual({});
  });

  it('of one that was confirmed in the bridge before is waited for again', () => {
    const call = answered().tell(joined('call.o1')).fire('join');
    expect(call.call.operator?.state).toBe('entered');
    expect(call.tell(joined('caller', 'call.b2')).call.firstTalkAt).toBeNull();
  });

  it('is asked for once, whoever else comes into the bridge', () => {
    const call = answered().tell(engage(), ...agencyJoins().slice(0, 2));
    expect(call.done).not.toContain('join caller call.b1');
  });

  it('that fails in a bridge which was given up meanwhile says nothing', () => {
    const call = answered().tell(fail('join', 'caller', 'timeout', 'call.b1'));
    expect(call.tell(fail('join', 'call.o1', 'timeout', 'call.b1')).effects).toEqual([]);
    expect(call.call.counters.rebuilt).toBe(1);
    expect(call.tell(fail('join', 'call.o1', 'timeout', 'call.b2')).call.counters.rebuilt).toBe(2);
  });

  it('that fails twice over gives the caller back to the dialplan', () => {
    const call = answered().fire('join').fire('join');
    expect(call.done).toEqual([
      'return-to-dialplan caller',
      'hang-up call.o1',
      'operator-outcome a1 not-needed',
      'destroy-bridge call.b1',
      'destroy-bridge call.b2',
    ]);
    expect(call.call).toMatchObject({
      stage: 'returned',
      outcome: 'returned',
      reason: 'a join was not confirmed',
    });
    expect(call.timers).toEqual({});
    expect(call.facts.at(-1)?.type).toBe('call.returned');
  });

  it('that worked in between starts the count anew', () => {
    const call = answered().fire('join');
    call.tell(joined('caller', 'call.b2'), joined('call.o1', 'call.b2'), {
      type: 'leg-gone',
      channelId: 'call.o1',
      cause: 41,
    });
    call.tell(assign('a2', 'op2'), entered('call.o2')).fire('join');
    expect(call.done).toContain('make-bridge call.b3');
    expect(call.call.stage).toBe('ringing');
  });

  it('of an agency that nobody confirms is given up without disturbing those who talk', () => {
    const call = agencyAccepts().fire('join');
    expect(call.done).toEqual(['hang-up d1.a1', 'ring-agency d1.a2']);
    expect(call.call).toMatchObject({ stage: 'talking', counters: { rebuilt: 0 } });
  });

  it('of the caller that nobody confirms keeps its limit when the operator goes and an agency is in', () => {
    const call = answered().tell(engage(), ...agencyJoins());
    call.tell(joined('call.o1'), gone('call.o1'));
    expect(call.call.timers.join).toBe(call.at + call.call.timing.join);
    expect(call.fire('join').done).toEqual(['make-bridge call.b2', 'join caller call.b2', 'join d1.a1 call.b2']);
  });

  it('of the caller keeps its limit when an agency takes over from the operator', () => {
    const transfer = testDispatch({ mode: 'transfer' });
    const call = answered().tell({ type: 'dispatch-requested', dispatch: transfer }, ...agencyJoins());
    expect(call.call.operator).toBeNull();
    expect(call.call.timers.join).toBe(call.at + call.call.timing.join);
  });

  it('of an agency into a fresh bridge that is lost takes it out of the call', () => {
    const call = waiting()
      .tell(engage(), ...agencyJoins())
      .fire('join');
    call.tell(joined('caller', 'call.b2'));
    expect(call.call).toMatchObject({ firstTalkAt: null, counters: { rebuilt: 1 } });
    call.fire('join');
    expect(call.done).toEqual(['hang-up d1.a1', 'destroy-bridge call.b1', 'play caller operator-lost', 'enter-line']);
    expect(call.call.dispatches[0]?.state).toBe('left');
  });

  it.each<[string, (call: Story) => Story]>([
    ['fails', (call) => call.tell(fail('join', 'call.o1', 'timeout'))],
    ['is confirmed by nobody', (call) => call.fire('join')],
  ])('of an operator that %s takes nobody from the agency he talks with', (_, happens) => {
    const call = ringing().tell(engage(), ...agencyJoins().slice(0, 2));
    call.tell(entered('call.o1'), joined('caller'), joined('d1.a1'));
    expect(happens(call).done).toEqual(['hang-up call.o1', 'operator-outcome a1 lost']);
    expect(call.call).toMatchObject({ stage: 'talking', operator: null, counters: { rebuilt: 0 } });
  });

  it('of a third that fails leaves two who talk without the caller as they are', () => {
    const call = withAgency().tell({ type: 'caller-gone', cause: 16 });
    const third = testDispatch({ id: 'd2', agencyId: 'pln' });
    call.tell({ type: 'dispatch-requested', dispatch: third }, ...agencyJoins('d2').slice(0, 2));
    expect(call.tell(fail('join', 'd2.a1', 'timeout')).done).toEqual(['hang-up d2.a1', 'ring-agency d2.a2']);
    expect(call.tell(fail('make-bridge', 'call.b1', 'failed'), joined('caller')).effects).toEqual([]);
    expect(call.call).toMatchObject({ stage: 'talking', caller: { live: false, joined: false } });
  });

  it('is not waited for when nobody is left to be joined with', () => {
    const call = answered().tell(gone('call.o1', 41));
    expect(call.call.joining).toEqual([]);
    expect(call.call.timers.join).toBeUndefined();
    // Confirmed late, it is good for the next operator.
    call.tell(joined('caller'), assign('a2', 'op2'), entered('call.o2'));
    expect(call.done.at(-1)).toBe('join call.o2 call.b1');
    expect(call.tell(joined('call.o2')).done).toEqual(['operator-outcome a2 talking']);
  });

  it('in a bridge that was replaced while he was alone is made anew', () => {
    const call = talking().tell(gone('call.o1', 41));
    call.tell(assign('a2', 'op2'), entered('call.o2'));
    call.tell(fail('join', 'call.o2', 'failed'), gone('call.o2', 41));
    expect(call.call.caller.joined).toBe(false);
    call.tell(assign('a3', 'op3'), entered('call.o3'));
    expect(call.done).toEqual(expect.arrayContaining(['join caller call.b2', 'join call.o3 call.b2']));
  });
});
