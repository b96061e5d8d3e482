import { emergencyQueue } from '../acd/queue.ts';
import { engage, entered, gone } from '../../test/support/call-inputs.ts';
import {
  agencyJoins,
  assign,
  joined,
  ringing,
  story,
  talking,
  timing,
  waiting,
  withAgency,
} from '../../test/support/calls.ts';

describe('an operator', () => {
  it('is rung with the number of the caller, longer than our own limit', () => {
    const call = waiting().tell(assign());
    expect(call.effects).toEqual([
      {
        do: 'ring-operator',
        channelId: 'call.o1',
        account: 'op-op1',
        callerNumber: '0761112',
        callerName: null,
        ring: timing.operatorRing + 5_000,
        callerChannelId: 'caller',
      },
    ]);
    expect(call.call).toMatchObject({
      stage: 'ringing',
      line: null,
      operator: { operatorId: 'op1', state: 'ringing' },
    });
    expect(call.timers).toEqual({ ring: call.at + timing.operatorRing });
  });

  it('rings, once', () => {
    const call = ringing().wait(200).tell({ type: 'leg-ringing', channelId: 'call.o1' });
    expect(call.call.operator?.ringingAt).toBe(1_000_200);
    expect(call.facts.map((fact) => fact.type)).toEqual(['operator.ringing']);
    expect(call.wait(200).tell({ type: 'leg-ringing', channelId: 'call.o1' }).facts).toEqual([]);
    expect(call.call.operator?.ringingAt).toBe(1_000_200);
  });

  it('answers: what the caller hears ends and both go into the bridge', () => {
    const call = ringing().tell(entered('call.o1'));
    expect(call.done).toEqual(['stop-sound caller', 'join caller call.b1', 'join call.o1 call.b1']);
    expect(call.effects).toMatchObject([{ music: false }, { absorbKeys: false }, { absorbKeys: true }]);
    expect(call.call).toMatchObject({ stage: 'ringing', operator: { state: 'entered' } });
    expect(call.timers).toEqual({ join: call.at + timing.join });
    expect(call.tell(entered('call.o1')).effects).toEqual([]);
  });

  it.each([
    ['the caller first', ['caller', 'call.o1']],
    ['the operator first', ['call.o1', 'caller']],
    ['with doubles', ['call.o1', 'call.o1', 'caller', 'call.o1', 'caller']],
  ])('talks when both are in the bridge: %s', (_, order) => {
    const call = ringing()
      .tell(entered('call.o1'))
      .wait(20)
      .tell(...order.map((channelId) => joined(channelId)));
    expect(call.done).toEqual(['operator-outcome a1 talking']);
    expect(call.facts.map((fact) => fact.type)).toEqual(['operator.talking']);
    expect(call.call).toMatchObject({ stage: 'talking', firstTalkAt: call.at, operator: { state: 'joined' } });
    expect(call.timers).toEqual({});
  });

  it('does not talk when joined to a bridge of before', () => {
    const call = ringing().tell(entered('call.o1'), joined('call.o1', 'call.b0'));
    expect(call.call.operator?.state).toBe('entered');
  });

  it('answers before anybody said that the call was answered: it is answered again', () => {
    const call = story().tell({ type: 'arrived', up: false }, assign());
    call.tell(entered('call.o1'));
    expect(call.done).toEqual(['stop-sound caller', 'answer caller', 'join caller call.b1', 'join call.o1 call.b1']);
  });

  it.each([
    ['no answer', 19, 'no-answer'],
    ['no user responding', 18, 'no-answer'],
    ['busy', 17, 'busy'],
    ['declined', 21, 'failed'],
    ['not registered', 20, 'failed'],
    ['a network failure', 38, 'failed'],
  ])('is not reached, %s: the caller is back in the line at his place', (_, cause, outcome) => {
    const call = ringing().wait(5_000).tell(gone('call.o1', cause));
    expect(call.done).toEqual([`operator-outcome a1 ${outcome}`, 'enter-line']);
    expect(call.effects[1]).toEqual({ do: 'enter-line', since: 1_000_000, queue: emergencyQueue });
    expect(call.facts).toEqual([
      { type: 'operator.not-reached', detail: { operatorId: 'op1', reason: outcome, cause } },
    ]);
    expect(call.call).toMatchObject({ stage: 'waiting', operator: null });
    expect(call.timers).toEqual({ line: call.at + timing.lineCheck, comfort: call.at + timing.comfort });
    // And the next one is rung under a new channel.
    expect(call.tell(assign('a2', 'op2')).done).toEqual(['ring-operator call.o2']);
  });

  it('whose answer and events are all lost is given up after his time, and his phone is silenced', () => {
    const call = ringing().fire('ring');
    expect(call.at).toBe(1_000_000 + timing.operatorRing);
    expect(call.done).toEqual(['hang-up call.o1 no-answer', 'operator-outcome a1 no-answer', 'enter-line']);
    expect(call.tell(gone('call.o1', 19)).effects).toEqual([]);
    expect(call.tell(entered('call.o1')).done).toEqual(['hang-up call.o1 answered-elsewhere']);
    expect(call.call.operator).toBeNull();
  });

  it('keeps his time though the timer of one before him comes late', () => {
    const call = ringing().wait(15_000).tell(gone('call.o1', 17), assign('a2', 'op2')).wait(5_000);
    expect(call.tell({ type: 'timer', name: 'ring' }).effects).toEqual([]);
    expect(call.call.operator?.operatorId).toBe('op2');
    expect(call.fire('ring').done).toContain('operator-outcome a2 no-answer');
  });

  it('who answered is not hung up by the timer of his ring', () => {
    const call = talking().wait(30_000).tell({ type: 'timer', name: 'ring' });
    expect(call.done).toEqual([]);
  });

  it('hangs up: the call ends', () => {
    const call = talking().tell(gone('call.o1'));
    expect(call.done).toEqual(['operator-outcome a1 finished', 'hang-up caller', 'destroy-bridge call.b1']);
    expect(call.call).toMatchObject({ stage: 'ended', outcome: 'answered', reason: 'the operator hung up' });
  });

  it.each([0, 18, 27, 38, 41, 127])('is lost with cause %i: the caller is told and waits again', (cause) => {
    const call = talking().tell(gone('call.o1', cause));
    expect(call.done).toEqual(['operator-outcome a1 lost', 'play caller operator-lost', 'enter-line']);
    expect(call.call).toMatchObject({ stage: 'waiting', outcome: null, caller: { joined: true } });
    // He is in the bridge still, and hears music all the same.
    const soundId = call.call.caller.sound?.id ?? '';
    expect(call.tell({ type: 'sound-ended', soundId }).done).toEqual(['music caller']);
    expect(call.fire('comfort').done).toEqual(['stop-sound caller', 'play caller please-wait']);
    // The next operator comes into the same bridge.
    call.tell(assign('a2', 'op2'), entered('call.o2'));
    expect(call.done).toEqual(['ring-operator call.o2', 'stop-sound caller', 'join call.o2 call.b1']);
    expect(call.wait(50).tell(joined('call.o2')).done).toEqual(['operator-outcome a2 talking']);
    expect(call.call.firstTalkAt).toBe(1_000_000);
  });

  it('hangs up before the caller is in the bridge with him: the caller waits again', () => {
    const call = ringing().tell(entered('call.o1'), joined('call.o1')).tell(gone('call.o1'));
    expect(call.done).toEqual(['operator-outcome a1 finished', 'play caller operator-lost', 'enter-line']);
    expect(call.call.timers.join).toBeUndefined();
  });

  it('hangs up before he is in the bridge, where the caller is since the operator before him', () => {
    const call = talking().tell(gone('call.o1', 41), assign('a2', 'op2'), entered('call.o2'));
    expect(call.tell(gone('call.o2')).done).toEqual([
      'operator-outcome a2 finished',
      'play caller operator-lost',
      'enter-line',
    ]);
  });

  it('hangs up while his own phone holds the caller: who listens to music is not cut off, and waits again', () => {
    const call = talking().tell({ type: 'held-by-phone', channelId: 'call.o1', held: true });
    expect(call.tell(gone('call.o1')).done).toEqual([
      'operator-outcome a1 finished',
      'stop-sound caller',
      'play caller operator-lost',
      'enter-line',
    ]);
    expect(call.call).toMatchObject({ stage: 'waiting', phoneHold: null });
  });

  it('hangs up while an agency is about to join: nothing is said to the caller', () => {
    const call = talking().tell(engage(), ...agencyJoins().slice(0, 2));
    expect(call.tell(gone('call.o1')).done).toEqual(['operator-outcome a1 finished', 'enter-line']);
    expect(call.tell(joined('d1.a1')).done).toEqual(['leave-line']);
  });

  it('hangs up while an agency is on the way: the caller waits again', () => {
    const call = talking().tell(engage()).tell(gone('call.o1'));
    expect(call.done).toEqual(['operator-outcome a1 finished', 'play caller operator-lost', 'enter-line']);
    call.tell(...agencyJoins());
    expect(call.call).toMatchObject({ stage: 'talking', line: null, caller: { sound: null } });
    expect(call.done).toEqual([
      'announce d1.a1',
      'stop-sound d1.a1',
      'stop-sound caller',
      'join d1.a1 call.b1',
      'leave-line',
    ]);
  });

  it('hangs up and leaves the caller to the agency', () => {
    const call = withAgency().tell(gone('call.o1'));
    expect(call.done).toEqual(['operator-outcome a1 finished']);
    expect(call.call.stage).toBe('talking');
    expect(call.tell(gone('d1.a1')).done).toEqual(['play caller operator-lost', 'enter-line']);
  });
});

describe('an assignment', () => {
  it('that comes twice rings once', () => {
    const call = ringing();
    const before = call.call;
    expect(call.tell(assign()).effects).toEqual([]);
    expect(call.call).toEqual(before);
  });

  it('that comes again after its end is answered, and rings nobody', () => {
    const call = ringing().tell(gone('call.o1', 17)).tell(assign());
    expect(call.done).toEqual(['operator-outcome a1 not-needed']);
    expect(call.call).toMatchObject({ operator: null, stage: 'waiting' });
    expect(call.call.line).toEqual({ since: call.call.arrivedAt });
  });

  it('of a second operator is not needed, whatever the first does', () => {
    for (const call of [ringing(), talking(), withAgency()]) {
      expect(call.tell(assign('a2', 'op2')).done).toEqual(['operator-outcome a2 not-needed']);
      expect(call.call.operator?.operatorId).toBe('op1');
    }
  });

  it('is not needed while an agency talks with the caller, though the line never heard of his leaving', () => {
    const call = withAgency().tell(gone('call.o1', 41));
    expect(call.tell(assign('a2', 'op2')).done).toEqual(['operator-outcome a2 not-needed']);
  });
});
