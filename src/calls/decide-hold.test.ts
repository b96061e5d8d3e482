import { ask, engage, entered, fail, gone, hold, reserved, resume, typed } from '../../test/support/call-inputs.ts';
import { agencyJoins, joined, story, talking, withAgency, type Story, type Told } from '../../test/support/calls.ts';

const held = (): Story => talking().tell(hold);
const facts = ({ facts: told }: Story): string[] => told.map(({ type }) => type);

describe('on hold', () => {
  it('the caller leaves the bridge and hears music', () => {
    const one = held();
    expect(one.done).toEqual(['leave-bridge caller call.b1', 'music caller']);
    expect(one.call.hold).toEqual({ since: one.at, because: 'operator', by: 'op1' });
    expect(one.call.stage).toBe('talking');
  });

  it('he is told now and then that he is not forgotten, with music in between', () => {
    const one = held().fire('comfort');
    expect(one.done).toEqual(['stop-sound caller', 'play caller on-hold']);
    expect(one.tell({ type: 'sound-ended', soundId: one.call.caller.sound?.id ?? '' }).done).toEqual(['music caller']);
    expect(one.call.timers.comfort).toBe(one.at + 15_000);
  });

  it('he comes back when his operator takes him back', () => {
    const one = held().tell(resume);
    expect(one.done).toEqual(['stop-sound caller', 'join caller call.b1']);
    expect(one.call.timers.hold).toBeUndefined();
    expect(one.tell(joined('caller')).call.caller.joined).toBe(true);
  });

  it('he comes back by himself after the limit', () => {
    const one = held().fire('hold');
    expect(one.done).toEqual(['stop-sound caller', 'join caller call.b1']);
    expect(facts(one)).toEqual(['caller.resumed']);
  });

  it.each([16, 41, 0])('an operator who goes (cause %i) leaves him to the line, and does not end the call', (cause) => {
    const one = held().tell({ type: 'leg-gone', channelId: 'call.o1', cause });
    expect(one.call.endedAt).toBeNull();
    expect(one.call.hold).toBeNull();
    expect(one.call.line).toEqual({ since: one.call.arrivedAt });
    expect(one.done).toContain('enter-line');
    expect(one.done).toContain('play caller operator-lost');
  });

  it('he comes back to an agency whose operator has gone', () => {
    const one = withAgency().tell(hold, gone('call.o1'));
    expect(one.done).toContain('join caller call.b1');
    expect(one.call.line).toBeNull();
  });

  it('an agency that comes meanwhile talks with the operator', () => {
    const one = talking().tell(engage(), hold);
    one.tell(...agencyJoins());
    expect(one.done).toContain('join d1.a1 call.b1');
    expect(one.done).not.toContain('join caller call.b1');
    expect(one.call.hold).toMatchObject({ because: 'operator', by: 'op1' });
  });

  it('a late word that he is in the bridge changes nothing', () => {
    expect(held().tell(joined('caller')).call.caller.joined).toBe(false);
  });

  it('the call ends with him when he hangs up, and with its operator', () => {
    const one = held().tell({ type: 'caller-gone', cause: 16 });
    expect(one.call.endedAt).toBe(one.at);
    expect(one.done).toContain('operator-outcome a1 finished');
  });

  it.each(['timeout', 'failed'] as const)('a command that fails (%s) leaves him with his operator', (failure) => {
    const one = held().tell(fail('leave-bridge', 'caller', failure));
    expect(one.call.hold).toBeNull();
    expect(one.done).toContain('join caller call.b1');
    expect(one.done).toContain('whisper call.o1 code-refused');
  });

  it('one who was out of it already stays on hold', () => {
    const one = held().tell(fail('leave-bridge', 'caller', 'conflict'));
    expect(one.call.hold).toMatchObject({ because: 'operator', by: 'op1' });
  });
});

it.each([
  ['before anybody talks', story().tell({ type: 'arrived', up: false }), 'nobody talks with the caller'],
  ['twice', held(), 'the caller is on hold already'],
])('is refused %s', (_when, one, reason) => {
  one.tell(hold);
  expect(one.facts.at(-1)).toMatchObject({ type: 'hold.refused', detail: { reason } });
});

describe('the keys of his phone', () => {
  it('hold and take back', () => {
    const one = talking().tell(...typed('*1'));
    expect(one.done).toEqual(['leave-bridge caller call.b1', 'music caller', 'play call.o1 done']);
    expect(one.tell(...typed('*1')).done).toEqual(['stop-sound caller', 'join caller call.b1']);
  });

  it('are answered on his phone itself while he hears nobody: a whisper would be mixed into nothing', () => {
    const one = talking().tell(...typed('*1'), ...typed('*0'));
    expect(one.done).toContain('play call.o1 code-unknown');
    expect(one.tell(...typed('*1')).tell(...typed('*0')).done).toEqual(['whisper call.o1 code-unknown']);
  });

  it('mute and let him speak again', () => {
    const one = talking().tell(...typed('*2'));
    expect(one.done).toEqual(['mute call.o1', 'whisper call.o1 done']);
    expect(one.call.muted).toBe(true);
    expect(one.tell(...typed('*2')).done).toEqual(['unmute call.o1', 'whisper call.o1 done']);
  });

  it('are told when they are no code, to him alone', () => {
    const one = talking().tell(...typed('*0'));
    expect(one.done).toEqual(['whisper call.o1 code-unknown']);
    expect(one.facts.at(-1)).toMatchObject({ type: 'code.unknown', detail: { code: '*0' } });
  });

  it('are forgotten after a pause', () => {
    const one = talking().tell(...typed('*3'));
    expect(one.call.typed).toBe('*3');
    expect(one.fire('typed').call.typed).toBe('');
    expect(one.at).toBe(one.call.arrivedAt + 8_000);
    expect(one.tell(...typed('1')).effects).toEqual([]);
  });

  it('ask outside the call who is meant by a number', () => {
    expect(talking().tell(...typed('*4102#')).done).toEqual(['look-up-target 102 hand-over']);
  });

  it('close a ghost call', () => {
    const one = talking().tell(...typed('*9'));
    expect(one.call.incident).toMatchObject({ status: 'closed', disposition: 'ghost' });
    expect(one.call.endedAt).toBe(one.at);
    expect(one.done).toContain('hang-up caller');
  });

  it("say nothing when they are the caller's or an agency's", () => {
    const one = withAgency().tell({ type: 'key-pressed', channelId: 'caller', key: '*' });
    one.tell(
      { type: 'key-pressed', channelId: 'caller', key: '1' },
      { type: 'key-pressed', channelId: 'd1.a1', key: '*' },
    );
    expect(one.call.typed).toBe('');
    expect(one.call.hold).toBeNull();
  });
});

describe("the softphone's own hold", () => {
  const byPhone = (on: boolean): Told => ({ type: 'held-by-phone', channelId: 'call.o1', held: on });

  it('is told, and costs nothing if it is taken back in time', () => {
    const one = talking().tell(byPhone(true));
    expect(facts(one)).toEqual(['operator.holds']);
    expect(one.effects).toEqual([]);
    expect(one.call.timers['phone-hold']).toBe(one.at + one.call.timing.hold);
    expect(facts(one.tell(byPhone(false)))).toEqual(['operator.holds-no-more']);
    expect(one.call.phoneHold).toBeNull();
    expect(one.call.timers['phone-hold']).toBeUndefined();
  });

  it('after the limit gives the caller to another operator', () => {
    const one = talking().tell(byPhone(true)).fire('phone-hold');
    expect(facts(one)).toEqual(['operator.holds-long', 'operator.lost']);
    expect(one.facts[0]?.detail).toMatchObject({ released: true });
    expect(one.done).toEqual([
      'hang-up call.o1',
      'operator-outcome a1 lost',
      'stop-sound caller',
      'play caller operator-lost',
      'enter-line',
    ]);
    expect(one.call.line).toEqual({ since: one.call.arrivedAt });
    expect(one.call.endedAt).toBeNull();
  });

  it.each(['call.o1', 'd1.a1'])('of %s, that goes without taking it back, leaves the others no music', (channelId) => {
    const one = withAgency().tell({ type: 'held-by-phone', channelId, held: true });
    one.tell(gone(channelId));
    const other = channelId === 'call.o1' ? 'd1.a1' : 'call.o1';
    expect(one.done).toContain('stop-sound caller');
    expect(one.done).toContain(`stop-sound ${other}`);
    one.tell({ type: 'leg-joined', channelId: other, bridgeId: 'call.b1' });
    expect(one.done).toEqual([]);
  });

  it('beside an agency is only told, until the operator is alone with the caller', () => {
    const one = withAgency().tell(byPhone(true)).fire('phone-hold');
    expect(facts(one)).toEqual(['operator.holds-long']);
    expect(one.effects).toEqual([]);
    one.tell(gone('d1.a1')).fire('phone-hold');
    expect(one.facts[0]?.detail).toMatchObject({ released: true });
    expect(one.call.line).toEqual({ since: one.call.arrivedAt });
  });

  it('of a colleague who takes the call over has its limit as well', () => {
    const one = talking().tell(ask('conference'), reserved());
    const channelId = one.call.parties[0]?.channelId ?? '';
    one.tell(entered(channelId), joined(channelId), { type: 'held-by-phone', channelId, held: true });
    expect(one.call.phoneHold).toBeNull();
    one.tell(gone('call.o1'));
    expect(one.call.operator?.operatorId).toBe('op2');
    one.fire('phone-hold');
    expect(one.call.line).toEqual({ since: one.call.arrivedAt });
  });

  it("during the caller's hold does not keep him: he is back after his own limit, with nobody, and then released", () => {
    const one = held().tell(byPhone(true));
    one.fire('hold');
    expect(one.done).toContain('join caller call.b1');
    one.tell(joined('caller')).fire('phone-hold');
    expect(one.call.line).toEqual({ since: one.call.arrivedAt });
  });
});

it('a mute that Asterisk refused is none', () => {
  const one = talking().tell({ type: 'mute', muted: true, by: 'op1' });
  one.tell(fail('mute', 'call.o1', 'failed'));
  expect(one.call.muted).toBe(false);
  expect(one.done).toEqual(['whisper call.o1 code-refused']);
});
