import {
  ask,
  entered,
  gone,
  hold,
  outside,
  partyJoins,
  reserved,
  supervise,
  supervisor,
  typed,
} from '../../test/support/call-inputs.ts';
import { assign, joined, story, talking, timing, type Story, type Told } from '../../test/support/calls.ts';

/** Where hold and parties meet supervisors, the silent question, and phones that ring together. */

const together = (assignmentId: string, operatorId: string): Told => ({
  type: 'operator-assigned',
  assignmentId,
  operatorId,
  account: `op-${operatorId}`,
  together: true,
});
const told = (one: Story): string[] => one.facts.map(({ type }) => type);

/** A supervisor has barged in: his phone is `call.m2`. */
const barging = (before = talking()): Story =>
  before.tell(supervise('barge'), supervisor()).tell(entered('call.m2'), joined('call.m2'));

describe('a supervisor in the conversation', () => {
  it('stays with the operator, as an agency does, while the caller is on hold', () => {
    const one = barging().tell(hold);
    expect(one.done).toEqual(['leave-bridge caller call.b1', 'music caller']);
    expect(one.call.hold?.because).toBe('operator');
    expect([one.call.operator?.operatorId, one.call.monitors[0]?.state]).toEqual(['op1', 'joined']);
  });

  it.each([16, 41])('has the caller back when the operator who held him goes, by cause %i', (cause) => {
    const one = barging().tell(hold).tell(gone('call.o1', cause));
    expect(one.call.operator).toMatchObject({ operatorId: 'boss', channelId: 'call.m2', state: 'joined' });
    expect([one.call.hold, one.call.line, one.call.endedAt]).toEqual([null, null, null]);
    expect(one.done).toContain('join caller call.b1');
  });

  it('takes over a caller on hold: he is back, nobody is muted, and who was consulted leaves', () => {
    const one = talking()
      .tell({ type: 'mute', muted: true, by: 'op1' }, ask('consult'), reserved())
      .tell(...partyJoins)
      .tell(supervise('barge'), supervisor(), entered('call.m3'))
      .tell(joined('call.m3'));
    expect([one.call.operator?.operatorId, one.call.hold?.because]).toEqual(['op1', 'consult']);
    one.tell({ type: 'taken-over', monitorId: 'm', by: 'token' });
    expect(one.call.operator?.operatorId).toBe('boss');
    expect([one.call.hold, one.call.parties, one.call.muted]).toEqual([null, [], false]);
    expect(one.done).toEqual(
      expect.arrayContaining([
        'hang-up call.o1',
        'operator-outcome a1 finished',
        'join caller call.b1',
        'hang-up call.p2',
        'operator-outcome a2 finished',
      ]),
    );
  });

  it('would hear who is consulted: it is a conference, or nothing', () => {
    const one = barging().tell(ask('consult'));
    expect(one.facts[0]).toMatchObject({
      type: 'party.refused',
      detail: { reason: 'a supervisor talks with the caller: make it a conference' },
    });
    expect(one.done).toEqual(['whisper call.o1 code-refused']);
    const conference = barging().tell(ask('conference'));
    expect(told(conference)).toContain('party.requested');
  });

  it('is on the call once, whoever asks for him', () => {
    const refused = barging().tell(ask('conference', { operatorId: 'boss' }));
    expect(refused.facts[0]).toMatchObject({ type: 'party.refused', detail: { reason: 'he is on this call already' } });
    const other = talking().tell(ask('conference', { operatorId: 'boss' }), reserved('p', 'a2', 'boss'));
    expect(told(other.tell(supervise('listen')))).toEqual(['monitor.refused']);
  });
});

describe('what the line reserves', () => {
  it.each<[string, Told[], string, string]>([
    ['a supervisor', [supervise('listen')], 'm', 'ring-supervisor call.m2'],
    ['a party', [ask('conference')], 'p', 'ring-operator call.p2'],
    ['nobody', [], 'x', 'operator-outcome r1 not-needed'],
  ])('goes to %s', (_who, before, requestId, done) => {
    const one = talking().tell(...before);
    one.tell(reserved(requestId, 'r1', 'op7'));
    expect(one.done).toEqual([done]);
    // Told twice, it is said once.
    one.tell(reserved('else', 'r1', 'op7'));
    expect(one.done).toEqual(requestId === 'x' ? [done] : []);
  });

  it('refuses to him who asked', () => {
    const one = talking().tell(supervise('listen'), ask('conference'));
    expect(told(one.tell({ type: 'reservation-refused', requestId: 'p', reason: 'busy' }))).toEqual([
      'party.not-reached',
    ]);
    expect(told(one.tell({ type: 'reservation-refused', requestId: 'm', reason: 'busy' }))).toContain(
      'monitor.refused',
    );
  });
});

describe('a caller on hold', () => {
  it('is not silent, however long he says nothing to nobody', () => {
    const one = talking().tell(hold);
    expect(one.call.timers.silence).toBeUndefined();
    one.fire('comfort');
    one.fire('hold').tell(joined('caller'));
    expect(one.call.silence.silent).toBe(false);
    expect(one.call.timers.silence).toBe(one.at + timing.silence);
    expect(told(one.fire('silence'))).not.toContain('caller.silent');
  });

  it('is not silent while the operator’s phone holds the call', () => {
    const one = talking().tell({ type: 'held-by-phone', channelId: 'call.o1', held: true });
    expect(one.call.timers.silence).toBeUndefined();
  });

  it('hears no more of a question, and is asked none', () => {
    const one = talking().tell(...typed('*7'));
    expect(told(one)).toContain('silent.asked');
    const sound = one.call.silence.question?.sound ?? '';
    one.tell(hold);
    expect(one.effects[0]).toEqual({ do: 'stop-sound', channelId: 'caller', soundId: sound, music: false });
    expect(one.done[1]).toBe('leave-bridge caller call.b1');
    expect(told(one.tell(...typed('*7')))).toEqual(['key.pressed', 'key.pressed', 'code.typed', 'code.refused']);
    expect(one.tell({ type: 'silent-asked', by: 'token' }).done).toEqual([]);
    // What he was asked before, he may answer still.
    expect(told(one.tell({ type: 'key-pressed', channelId: 'caller', key: '4' }))).toContain('silent.answer');
    expect(one.done).toEqual([]);
  });
});

describe('the operator’s keys', () => {
  it('*8 calls a supervisor, also for one who has the caller on hold', () => {
    const one = talking()
      .tell(hold)
      .tell(...typed('*8'));
    expect(one.effects.at(-1)).toMatchObject({ do: 'reserve-operator', target: { tier: 'supervisor' } });
    expect(told(one)).toContain('assist.requested');
  });

  it('look nobody up, and count as no call to the outside, where nobody may be brought', () => {
    expect(barging().tell(...typed('*30761#')).done).toEqual(['whisper call.o1 code-refused']);
    expect(talking().tell(...typed('*30761#')).done).toEqual(['look-up-target 0761 consult']);
    const refused = talking().tell({ type: 'party-refused', purpose: 'consult', reason: 'per-hour', by: 'op1' });
    expect(refused.done).toEqual(['whisper call.o1 number-refused']);
  });
});

describe('somebody outside', () => {
  it('who is consulted is not the caller’s until he joins him', () => {
    const one = talking().tell(ask('consult', outside));
    expect(one.effects.at(-1)).toMatchObject({ do: 'ring-outside', channelId: 'call.p2', callerChannelId: null });
    one.tell(...partyJoins);
    one.tell({ type: 'party-changed', partyId: 'p', purpose: 'conference', by: 'op1' });
    expect(one.done).toContain('tie call.p2 caller');
  });

  it('who is brought to the caller is his from the start', () => {
    expect(talking().tell(ask('conference', outside)).effects.at(-1)).toMatchObject({ callerChannelId: 'caller' });
  });
});

describe('phones that ring together', () => {
  it('ring beside a colleague who inherits the call while he rings, each with its limit', () => {
    const one = talking().tell(ask('hand-over'), reserved()).wait(15_000).tell(gone('call.o1', 41));
    expect(one.call.operator).toMatchObject({ operatorId: 'op2', state: 'ringing', popped: true });
    const limit = one.call.timers.ring;
    expect(limit).toBe(one.at + timing.operatorRing);
    one.wait(8_000).tell(together('a3', 'op3'));
    expect([one.call.others.length, one.call.timers.ring]).toEqual([1, limit]);
    one.tell(entered('call.o3'));
    expect([one.call.operator?.operatorId, one.call.others]).toEqual(['op3', []]);
    expect(one.done).toContain('operator-outcome a2 not-needed');
  });

  it('are not consulted: nobody is brought before one has answered', () => {
    const one = story().tell({ type: 'arrived', up: false }, { type: 'caller-up' });
    one.tell(assign(), together('a2', 'op2')).tell(ask('conference'));
    expect(told(one)).toEqual(['party.refused']);
  });
});
