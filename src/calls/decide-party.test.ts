import { ask, fail, gone, hold, outside, partyJoins, reserved, resume } from '../../test/support/call-inputs.ts';
import { joined, talking, withAgency, type Story, type Told } from '../../test/support/calls.ts';
import type { PartyPurpose } from './party.ts';

const comes: Told[] = [{ type: 'leg-ringing', channelId: 'call.p2' }, ...partyJoins];
const asked = (purpose: PartyPurpose): Story => talking().tell(ask(purpose));
const rings = (purpose: PartyPurpose): Story => asked(purpose).tell(reserved());
const there = (purpose: PartyPurpose): Story => rings(purpose).tell(...comes);
const told = (one: Story): string[] => one.facts.map(({ type }) => type);

describe('a consult', () => {
  it('puts the caller on hold and asks the line', () => {
    const one = asked('consult');
    expect(one.done).toEqual(['leave-bridge caller call.b1', 'music caller', 'reserve-operator p']);
    expect(one.call.hold?.because).toBe('consult');
    expect(one.tell(reserved()).done).toEqual(['ring-operator call.p2']);
    expect(told(one)).toEqual(['screen.pop']);
    expect(one.effects).toMatchObject([{ rungFor: { what: 'consult', operatorId: 'op1' } }]);
  });

  it('brings him into the bridge that the caller has left', () => {
    const one = rings('consult').tell(...comes.slice(0, 2));
    expect(one.done).toEqual(['join call.p2 call.b1']);
    expect(one.tell(joined('call.p2')).done).toEqual(['operator-outcome a2 talking']);
    expect(one.call.caller.joined).toBe(false);
  });

  const ends: [string, Told, string | null][] = [
    ['a key', { type: 'party-ended', partyId: 'p', by: 'op1' }, 'operator-outcome a2 finished'],
    ['his hang-up', gone('call.p2'), 'operator-outcome a2 finished'],
    ['the loss of his phone', gone('call.p2', 41), 'operator-outcome a2 lost'],
    ['taking the caller back', resume, 'operator-outcome a2 finished'],
  ];
  it.each(ends)('ends by %s, and the caller is back', (_what, input, outcome) => {
    const one = there('consult').tell(input);
    expect(one.done).toContain(outcome);
    expect(one.done).toContain('join caller call.b1');
    expect(one.call.parties).toEqual([]);
    expect(one.call.hold).toBeNull();
  });

  it('ends by the limit of the hold: the caller does not hear it', () => {
    const one = there('consult').fire('hold');
    expect(one.done).toContain('hang-up call.p2');
    expect(one.done).toContain('join caller call.b1');
  });

  it('gives the colleague the caller when the operator goes', () => {
    const one = there('consult').tell(gone('call.o1'));
    expect(one.call.operator).toMatchObject({ operatorId: 'op2', state: 'joined' });
    expect(one.done).toEqual(['operator-outcome a1 finished', 'stop-sound caller', 'join caller call.b1']);
    expect(one.call.line).toBeNull();
  });

  it('lets somebody outside go when the operator goes: the caller is back at the head of the line', () => {
    const one = talking()
      .tell(ask('consult', outside))
      .tell(...comes, gone('call.o1'));
    expect(one.done).toContain('hang-up call.p2');
    expect(one.call.line).toEqual({ since: one.call.arrivedAt });
    expect(one.call.endedAt).toBeNull();
  });

  it('becomes a conference: the caller is with both', () => {
    const one = there('consult').tell({ type: 'party-changed', partyId: 'p', purpose: 'conference', by: 'op1' });
    expect(one.done).toEqual(['stop-sound caller', 'join caller call.b1']);
    expect(one.call.parties).toMatchObject([{ purpose: 'conference' }]);
  });

  it('becomes a hand-over: the caller is with the colleague, and the operator leaves', () => {
    const one = there('consult').tell({ type: 'party-changed', partyId: 'p', purpose: 'hand-over', by: 'op1' });
    expect(one.done).toEqual([
      'stop-sound caller',
      'join caller call.b1',
      'hang-up call.o1',
      'operator-outcome a1 finished',
    ]);
    expect(one.call.operator?.operatorId).toBe('op2');
    expect(one.call.parties).toEqual([]);
  });

  it('goes on between the two when the caller hangs up', () => {
    const one = there('consult').tell({ type: 'caller-gone', cause: 16 });
    expect(one.call.endedAt).toBeNull();
    one.tell(gone('call.p2'));
    expect(one.call.endedAt).toBe(one.at);
  });

  it('is refused while an agency talks with the caller', () => {
    const one = withAgency().tell(ask('consult'));
    expect(one.facts).toMatchObject([
      { type: 'party.refused', detail: { reason: 'an agency talks with the caller: make it a conference' } },
    ]);
    expect(one.done).toEqual(['whisper call.o1 code-refused']);
  });
});

describe('who does not come', () => {
  const reasons: [string, Told, string | null][] = [
    ['nobody is free', { type: 'reservation-refused', requestId: 'p', reason: 'busy' }, null],
    ['he is busy', gone('call.p2', 17), 'operator-outcome a2 busy'],
    ['he declines', gone('call.p2', 21), 'operator-outcome a2 failed'],
    ['he cannot be rung', fail('ring-operator', 'call.p2', 'failed'), 'operator-outcome a2 failed'],
  ];
  it.each(reasons)('is told to the operator, who has the caller back: %s', (_what, input, outcome) => {
    const one = (outcome === null ? asked('consult') : rings('consult')).tell(input);
    if (outcome !== null) expect(one.done).toContain(outcome);
    expect(one.done).toContain('whisper call.o1 code-refused');
    expect(one.done).toContain('join caller call.b1');
    expect(told(one)).toContain('party.not-reached');
  });

  it('is rung for no longer than an operator', () => {
    const one = rings('hand-over').fire('party:p');
    expect(one.done).toEqual([
      'hang-up call.p2 no-answer',
      'operator-outcome a2 no-answer',
      'whisper call.o1 code-refused',
    ]);
    expect(one.call.operator?.operatorId).toBe('op1');
  });

  it('is waited for no longer than the line takes; who comes later is let go', () => {
    const one = asked('conference').fire('party:p');
    expect(told(one)).toEqual(['party.not-reached']);
    expect(one.tell(reserved()).done).toEqual(['operator-outcome a2 not-needed']);
  });
});

describe('a hand-over', () => {
  it('leaves the caller with his operator until the colleague is there', () => {
    const one = rings('hand-over').tell(...comes.slice(0, 2));
    expect(one.done).toEqual(['join call.p2 call.b1']);
    expect(one.call.operator?.operatorId).toBe('op1');
    one.tell(joined('call.p2'));
    expect(one.done).toEqual(['operator-outcome a2 talking', 'hang-up call.o1', 'operator-outcome a1 finished']);
    expect(one.call.operator).toMatchObject({ operatorId: 'op2', channelId: 'call.p2', state: 'joined' });
    expect(one.call.talkedWith).toBe('op2');
    expect(one.call.talked).toEqual(['op1', 'op2']);
  });

  it('goes on when the operator hangs up while it rings, and then leads to the line', () => {
    const one = rings('hand-over').tell(gone('call.o1'));
    expect(one.call.operator).toMatchObject({ operatorId: 'op2', state: 'ringing' });
    expect(one.done).toContain('music caller');
    one.fire('ring');
    expect(one.done).toContain('operator-outcome a2 no-answer');
    expect(one.done).toContain('enter-line');
    expect(one.call.line).toEqual({ since: one.call.arrivedAt });
  });

  it('to somebody outside leaves the caller with him', () => {
    const one = talking().tell(ask('hand-over', outside));
    expect(one.done).toEqual(['ring-outside call.p2']);
    one.tell(...comes);
    expect(one.call.operator).toBeNull();
    expect(one.call.line).toBeNull();
    expect(one.call.stage).toBe('talking');
    one.tell(gone('call.p2'));
    expect(one.call.line).toEqual({ since: one.call.arrivedAt });
  });
});

describe('a conference', () => {
  it('joins straight, and outlives the operator', () => {
    const one = there('conference');
    expect(one.call.hold).toBeNull();
    one.tell(gone('call.o1'));
    expect(one.call.endedAt).toBeNull();
    expect(one.call.operator?.operatorId).toBe('op2');
  });

  it('with somebody outside ends with the time that the limits allow', () => {
    const one = talking().tell(ask('conference', outside), ...comes);
    expect(one.call.timers['party:p']).toBe(one.at + 600_000);
    expect(one.fire('party:p').done).toEqual(['hang-up call.p2']);
  });

  it('moves with everybody to a fresh bridge', () => {
    const one = there('conference').tell(hold, resume).fire('join');
    expect(one.done).toEqual([
      'make-bridge call.b2',
      'join caller call.b2',
      'join call.o1 call.b2',
      'join call.p2 call.b2',
    ]);
    one.tell(joined('caller', 'call.b2'), joined('call.o1', 'call.b2'), joined('call.p2', 'call.b2'));
    expect(one.call.parties).toMatchObject([{ state: 'joined' }]);
    // He talked before: the line is not told again.
    expect(one.done).toEqual(['destroy-bridge call.b1']);
  });
});

it.each([
  ['the same colleague twice', 'he is on this call already', 'op2'],
  ['himself', 'he is on this call already', 'op1'],
])('nobody is brought twice: %s', (_what, reason, operatorId) => {
  const one = there('conference').tell(ask('conference', { operatorId }, 'q'));
  expect(one.facts.at(-1)).toMatchObject({ type: 'party.refused', detail: { reason } });
});

it('a request that comes again rings nobody again', () => {
  const one = there('conference').tell({ type: 'party-ended', partyId: 'p', by: 'op1' });
  expect(one.tell(ask('conference')).effects).toEqual([]);
});

it('a reservation that comes twice, under whatever request, is settled once', () => {
  const one = there('conference').tell(ask('conference', { operatorId: 'op3' }, 'q'));
  one.tell(reserved(), reserved('q'), reserved('nobody'));
  expect(one.effects).toEqual([]);
  expect(one.call.parties).toMatchObject([{ assignmentId: 'a2' }, { state: 'reserving' }]);
});

it('everybody leaves with the call', () => {
  const one = rings('conference').tell({ type: 'call-ended-by', by: 'token' });
  expect(one.done).toContain('hang-up call.p2');
  expect(one.done).toContain('operator-outcome a2 not-needed');
  expect(one.call.parties).toEqual([]);
});
