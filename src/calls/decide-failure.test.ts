import { emergencyQueue } from '../acd/queue.ts';
import { entered, fail, gone } from '../../test/support/call-inputs.ts';
import {
  assign,
  joined,
  ringing,
  story,
  talking,
  waiting,
  withAgency,
  answered,
  agencyAccepts,
  type Story,
} from '../../test/support/calls.ts';
import type { CallEffect } from './call-effect.ts';
import type { CommandFailure } from './call-input.ts';

const arrived = (): Story => story().tell({ type: 'arrived', up: false });

const rebuilt = ['make-bridge call.b2', 'join caller call.b2', 'join call.o1 call.b2'];
const notReached = ['operator-outcome a1 failed', 'enter-line'];
const alone = ['operator-outcome a1 lost', 'play caller operator-lost', 'enter-line'];
const backToDialplan = ['stop-sound caller', 'return-to-dialplan caller', 'leave-line', 'destroy-bridge call.b1'];
/** Nothing is done for now, but the caller is looked for a second later. */
const suspected = 'suspected';

type Row = [CallEffect['do'], string, CommandFailure, () => Story, string[] | typeof suspected];
const rows: Row[] = [
  ['answer', 'caller', 'gone', arrived, suspected],
  ['answer', 'caller', 'conflict', arrived, suspected],
  ['answer', 'caller', 'timeout', arrived, backToDialplan],
  ['answer', 'caller', 'failed', arrived, backToDialplan],
  ['answer', 'caller', 'timeout', waiting, []],
  ['answer', 'caller', 'failed', talking, []],
  ['play', 'caller', 'gone', waiting, suspected],
  ['play', 'caller', 'conflict', waiting, suspected],
  ['play', 'caller', 'timeout', waiting, ['music caller']],
  ['play', 'caller', 'failed', waiting, ['music caller']],
  ['play', 'caller', 'conflict', talking, []],
  ['play', 'call.o1', 'failed', talking, []],
  ['play', 'd1.a1', 'gone', withAgency, []],
  ['music', 'caller', 'gone', waiting, suspected],
  ['music', 'caller', 'conflict', waiting, suspected],
  ['music', 'caller', 'timeout', waiting, []],
  ['music', 'caller', 'failed', waiting, []],
  ['make-bridge', 'call.b1', 'gone', waiting, ['make-bridge call.b2', 'destroy-bridge call.b1']],
  ['make-bridge', 'call.b1', 'conflict', waiting, []],
  ['make-bridge', 'call.b1', 'timeout', answered, rebuilt],
  ['make-bridge', 'call.b1', 'failed', answered, rebuilt],
  ['make-bridge', 'call.b1', 'timeout', talking, []],
  ['make-bridge', 'call.b0', 'failed', answered, []],
  ['join', 'caller', 'gone', answered, suspected],
  ['join', 'caller', 'conflict', answered, suspected],
  ['join', 'caller', 'timeout', answered, rebuilt],
  ['join', 'caller', 'failed', answered, rebuilt],
  ['join', 'caller', 'timeout', talking, []],
  ['join', 'caller', 'gone', talking, []],
  ['join', 'call.o1', 'gone', answered, ['hang-up call.o1', ...alone]],
  ['join', 'call.o1', 'conflict', answered, ['hang-up call.o1', ...alone]],
  ['join', 'call.o1', 'timeout', answered, rebuilt],
  ['join', 'call.o1', 'failed', answered, rebuilt],
  ['join', 'call.o1', 'timeout', talking, []],
  ['join', 'd1.a1', 'gone', agencyAccepts, ['hang-up d1.a1', 'ring-agency d1.a2']],
  ['join', 'd1.a1', 'conflict', agencyAccepts, ['hang-up d1.a1', 'ring-agency d1.a2']],
  ['join', 'd1.a1', 'timeout', agencyAccepts, ['hang-up d1.a1', 'ring-agency d1.a2']],
  ['join', 'd1.a1', 'failed', agencyAccepts, ['hang-up d1.a1', 'ring-agency d1.a2']],
  ['join', 'd1.a1', 'timeout', withAgency, []],
  ['ring-operator', 'call.o1', 'gone', ringing, notReached],
  ['ring-operator', 'call.o1', 'conflict', ringing, []],
  ['ring-operator', 'call.o1', 'timeout', ringing, ['hang-up call.o1', ...notReached]],
  ['ring-operator', 'call.o1', 'failed', ringing, ['hang-up call.o1', ...notReached]],
  ['ring-operator', 'call.o1', 'timeout', answered, []],
  ['ring-operator', 'call.o0', 'failed', ringing, []],
  ...(
    ['stop-sound', 'destroy-bridge', 'hang-up', 'ring-agency', 'enter-line', 'leave-line', 'operator-outcome'] as const
  )
    .flatMap((command) => (['gone', 'conflict', 'timeout', 'failed'] as const).map((failure) => ({ command, failure })))
    .map(({ command, failure }): Row => [command, 'caller', failure, talking, []]),
  ['return-to-dialplan', 'caller', 'failed', talking, []],
];

describe('a command that fails', () => {
  it.each(rows)('%s %s: %s', (command, target, failure, make, done) => {
    const call = make();
    call.tell(fail(command, target, failure));
    expect(call.facts[0]).toEqual({ type: 'command.failed', detail: { command, target, failure } });
    expect(call.done).toEqual(done === suspected ? [] : done);
    expect(call.call.timers.left).toBe(done === suspected ? call.at + 1_000 : undefined);
  });

  it('to ring a phone that was heard to ring leaves it ringing', () => {
    const call = ringing().tell({ type: 'leg-ringing', channelId: 'call.o1' });
    expect(call.tell(fail('ring-operator', 'call.o1', 'timeout')).effects).toEqual([]);
    expect(call.call.operator?.state).toBe('ringing');
    expect(call.tell(fail('ring-operator', 'call.o1', 'gone')).done).toEqual(notReached);
  });

  it('to play music is no reason to try in vain: the next assurance comes in time', () => {
    const call = waiting().tell({ type: 'sound-ended', soundId: 'call.s1' });
    expect(call.tell(fail('music', 'caller', 'failed'), fail('play', 'caller', 'failed')).effects).toEqual([]);
    expect(call.fire('comfort').done).toContain('play caller please-wait');
  });
});

describe('phones that cannot be rung', () => {
  const unrung = (call: Story, nth: number): Story =>
    call.tell(assign(`a${nth}`), fail('ring-operator', `call.o${nth}`, 'failed'));

  it('three in a row, give the caller to the human path', () => {
    const call = unrung(unrung(waiting(), 1), 2);
    expect(call.done).toContain('enter-line');
    expect(unrung(call, 3).done).toContain('return-to-dialplan caller');
    expect(call.call).toMatchObject({ outcome: 'returned', reason: 'no phone could be rung' });
  });

  it('and are silent until their time is up count as well; one that rings, or refuses, does not', () => {
    const call = unrung(waiting(), 1).tell(assign('a2')).fire('ring');
    expect(call.call.counters.unrung).toBe(2);
    call.tell(assign('a3'), gone('call.o3', 17));
    expect(call.call.counters.unrung).toBe(2);
    call.tell(assign('a4'), { type: 'leg-ringing', channelId: 'call.o4' }).fire('ring');
    expect(call.call).toMatchObject({ stage: 'waiting', counters: { unrung: 0 } });
  });
});

describe('an answer that fails', () => {
  it('takes nobody out of a conversation', () => {
    const call = arrived().tell(assign(), entered('call.o1'), joined('caller'), joined('call.o1'));
    expect(call.call.answeredAt).toBeNull();
    expect(call.tell(fail('answer', 'caller', 'timeout')).effects).toEqual([]);
  });
});

describe('a caller who leaves the application', () => {
  it('belongs to the dialplan if he has not hung up within a second', () => {
    const call = ringing().tell({ type: 'caller-left' });
    expect(call.effects).toEqual([]);
    expect(call.wait(500).tell({ type: 'caller-left' }).effects).toEqual([]);
    call.fire('left');
    expect(call.at).toBe(1_001_000);
    expect(call.done).toEqual(['hang-up call.o1', 'operator-outcome a1 not-needed', 'destroy-bridge call.b1']);
    expect(call.call).toMatchObject({ stage: 'returned', reason: 'the channel left the application' });
    expect(call.timers).toEqual({});
  });

  it('and hangs up is gone', () => {
    const call = talking().tell({ type: 'caller-left' }, { type: 'caller-gone', cause: 16 });
    expect(call.call).toMatchObject({ stage: 'ended', outcome: 'answered' });
    expect(waiting().tell({ type: 'caller-gone', cause: 16 }, { type: 'caller-left' }).call.outcome).toBe('abandoned');
  });

  it.each(['conflict', 'gone'] as const)('by the look of a refused command (%s) is sent to the dialplan', (failure) => {
    const call = waiting()
      .tell(fail('play', 'caller', failure))
      .fire('left');
    expect(call.done).toEqual(backToDialplan);
    expect(call.call.stage).toBe('returned');
  });

  it('by the look of it, and is found in the bridge, has not left', () => {
    const call = answered().tell(fail('play', 'caller', 'conflict'), joined('caller'), joined('call.o1'));
    expect(call.call).toMatchObject({ stage: 'talking' });
    expect(call.timers).toEqual({});
  });

  it('by the look of it, and talks a moment later, is not taken from his operator', () => {
    const call = answered().tell(joined('caller'), fail('play', 'caller', 'conflict'));
    expect(call.call.timers.left).toBe(call.at + 1_000);
    expect(call.wait(500).tell(joined('call.o1')).timers).toEqual({});
  });

  it('by the look of it, and is in the bridge without ever having been answered, is answered by the dialplan', () => {
    const unanswered = (): Story =>
      arrived().tell(
        fail('answer', 'caller', 'conflict'),
        assign(),
        entered('call.o1'),
        joined('caller'),
        joined('call.o1'),
      );
    expect(unanswered().fire('left').done).toContain('return-to-dialplan caller');
    expect(unanswered().tell({ type: 'caller-up' }).timers).toEqual({});
  });

  it('by the look of it, hears no music that would be refused as well', () => {
    const call = waiting().tell(fail('play', 'caller', 'conflict'), { type: 'sound-ended', soundId: 'call.s1' });
    expect(call.effects).toEqual([]);
  });

  it('for certain is not kept by the late word of a join', () => {
    const call = answered().tell({ type: 'caller-left' }, joined('caller'));
    expect(call.call.timers.left).toBe(call.at + 1_000);
  });

  it('while an operator is just joining takes nothing from the dialplan', () => {
    const call = answered().tell({ type: 'caller-left' }, fail('join', 'caller', 'conflict'), joined('call.o1'));
    expect(call.effects).toEqual([]);
    expect(call.fire('left').done).toEqual([
      'hang-up call.o1',
      'operator-outcome a1 finished',
      'destroy-bridge call.b1',
    ]);
    expect(call.call.stage).toBe('returned');
  });

  it('with operator and agency leaves them nobody to talk to', () => {
    const call = withAgency().tell({ type: 'caller-left' }).fire('left');
    expect(call.done).toEqual([
      'hang-up call.o1',
      'operator-outcome a1 finished',
      'hang-up d1.a1',
      'destroy-bridge call.b1',
    ]);
  });

  it('and comes back before a second has passed is taken again', () => {
    const call = ringing().tell({ type: 'caller-left' }).wait(300).tell({ type: 'arrived', up: true });
    expect(call.done).toEqual([
      'hang-up call.o1',
      'operator-outcome a1 not-needed',
      'destroy-bridge call.b1',
      'enter-line',
      'make-bridge call.b2',
      'play caller greeting',
    ]);
    expect(call.call).toMatchObject({ stage: 'waiting', outcome: null, caller: { left: false } });
    expect(call.call.timers.left).toBeUndefined();
    expect(call.tell(assign('a2')).done).toEqual(['ring-operator call.o2']);
  });
});

describe('a call that was given back', () => {
  const returned = (): Story => arrived().tell(fail('answer', 'caller', 'failed'));

  it('is taken again when it is claimed again, at its old place in the line', () => {
    const call = returned().tell({ type: 'caller-left' }).wait(20_000).tell({ type: 'arrived', up: true });
    expect(call.done).toEqual(['enter-line', 'make-bridge call.b2', 'play caller greeting']);
    expect(call.effects[0]).toEqual({ do: 'enter-line', since: 1_000_000, queue: emergencyQueue });
    expect(call.facts[0]?.type).toBe('call.taken-again');
    expect(call.call).toMatchObject({ stage: 'waiting', outcome: null, reason: null, endedAt: null });
    call.tell(assign(), entered('call.o1'), joined('caller', 'call.b2'), joined('call.o1', 'call.b2'));
    expect(call.call.stage).toBe('talking');
    expect(call.tell({ type: 'caller-gone', cause: 16 }).call.outcome).toBe('answered');
  });

  it('gets a full count of bridges when it is taken again', () => {
    const call = answered().fire('join').fire('join').tell({ type: 'arrived', up: true });
    call.tell(assign('a2', 'op2'), entered('call.o2')).fire('join');
    expect(call.call).toMatchObject({ stage: 'ringing', counters: { rebuilt: 1 } });
  });

  it('stays returned when its caller hangs up there, and is not revived by a late word', () => {
    const call = returned().tell({ type: 'caller-left' }, { type: 'caller-gone', cause: 16 });
    expect(call.effects).toEqual([]);
    expect(call.call).toMatchObject({ stage: 'returned', caller: { live: false } });
    expect(call.tell({ type: 'arrived', up: true }).effects).toEqual([]);
    expect(call.call.stage).toBe('returned');
  });

  it.each<CommandFailure>(['timeout', 'failed'])('but could not be (%s) is kept, in the line', (failure) => {
    const call = returned()
      .wait(2_000)
      .tell(fail('return-to-dialplan', 'caller', failure));
    expect(call.done).toEqual(['enter-line', 'music caller']);
    expect(call.call).toMatchObject({ stage: 'waiting', outcome: null, endedAt: null, counters: { rebuilt: 0 } });
    // An operator who answers gets a bridge, and the caller an answer.
    call.tell(assign(), entered('call.o1'));
    expect(call.done).toEqual([
      'ring-operator call.o1',
      'stop-sound caller',
      'answer caller',
      'make-bridge call.b2',
      'join caller call.b2',
      'join call.o1 call.b2',
    ]);
  });

  it('and seen to leave is not kept for a late failure', () => {
    const call = returned().tell({ type: 'caller-left' }, fail('return-to-dialplan', 'caller', 'timeout'));
    expect(call.effects).toEqual([]);
    expect(call.call.stage).toBe('returned');
  });

  it.each<CommandFailure>(['gone', 'conflict'])(
    'and is refused (%s) is kept until he is told to have left',
    (failure) => {
      const refused = (): Story => returned().tell(fail('return-to-dialplan', 'caller', failure));
      expect(refused().done).toEqual(['enter-line']);
      expect(refused().tell({ type: 'caller-left' }).fire('left').call).toMatchObject({ outcome: 'returned' });
      expect(refused().tell({ type: 'caller-gone', cause: 16 }).call).toMatchObject({ outcome: 'abandoned' });
      // Nothing told: a proxy or a bug answered in Asterisk's place.
      expect(refused().fire('left').done).toContain('return-to-dialplan caller');
    },
  );
});
