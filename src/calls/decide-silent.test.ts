import { findKind } from '../routing/kind.ts';
import { story, talking, timing, waiting, type Story, type Told } from '../../test/support/calls.ts';
import { isRoutine } from './decide-silent.ts';
import { silentKeys } from './silence.ts';
import { viewOfCall } from './view.ts';

const speaks = (speaking: boolean, channelId = 'caller'): Told => ({
  type: 'talk-detected',
  channelId,
  talking: speaking,
});
const count = (received: number | null): Told => ({ type: 'packets-counted', channelId: 'caller', received });
const key = (pressed: string): Told => ({ type: 'key-pressed', channelId: 'caller', key: pressed });
const asked: Told = { type: 'silent-asked', by: 'token' };
const told = (call: Story): string[] =>
  call.facts.map(({ type }) => type).filter((type) => !type.startsWith('screen.'));
const looks = (call: Story): number => call.effects.filter((effect) => effect.do === 'count-packets').length;
/** His time is over, and what was asked of his packets is answered. */
function timeIsUp(call: Story, packets: number | null = call.call.silence.packets): Story {
  call.fire('silence');
  return call.call.silence.looking ? call.tell(count(packets)) : call;
}
const silent = (): Story => timeIsUp(talking().tell(count(0)));
const byLine = { timing: { ...timing, silentQuestion: 'line' as const } };
const waitsByLine = (): Story => story(byLine).tell({ type: 'arrived', up: false }, { type: 'caller-up' });
const soundEnds = (call: Story): Told => ({
  type: 'sound-ended',
  soundId: call.call.caller.sound?.id ?? call.call.silence.question?.sound ?? '',
});

describe('a caller who talks with somebody', () => {
  it('is listened to from then on, once', () => {
    const call = talking();
    expect(call.call.silence).toMatchObject({ detecting: true, watched: 'talking' });
    expect(call.tell(speaks(true)).effects.map((effect) => effect.do)).not.toContain('detect-talk');
  });

  it('and says nothing for so long is told of, once', () => {
    const call = talking().tell(count(0)).wait(9_999).tell({ type: 'timer', name: 'silence' });
    expect(told(call)).toEqual([]);
    timeIsUp(call);
    expect(call.facts).toContainEqual({ type: 'caller.silent', detail: { seconds: 10, packets: 'none' } });
    expect(told(call.wait(60_000).tell({ type: 'timer', name: 'packets' }))).toEqual([]);
    expect(viewOfCall(call.call).silence).toMatchObject({ silent: true, packets: 'none', question: null });
  });

  it.each([
    ['whose packets come', [count(5)], 'arriving'],
    ['whose packets ceased', [count(5), count(5)], 'none'],
    ['of whose packets nobody knows', [count(null)], 'unknown'],
  ])('%s', (_what, counts, packets) => {
    const call = talking();
    for (const one of counts) call.tell(one).fire('packets');
    timeIsUp(call, null);
    expect(call.call.silence.silent).toBe(true);
    expect(viewOfCall(call.call).silence?.packets).toBe(packets);
  });

  it('is told of without the count where it does not come', () => {
    const call = talking().tell(count(0)).fire('silence');
    expect(told(call)).toEqual([]);
    expect(told(call.wait(2_000).tell({ type: 'timer', name: 'silence' }))).toEqual(['caller.silent']);
  });

  it('speaks, and is not silent however long; when he ceased, his time begins', () => {
    const call = talking().tell(speaks(true));
    for (let more = 1; more < 10; more += 1) call.tell(count(more)).fire('packets');
    expect(call.call.silence.silent).toBe(false);
    call.tell(speaks(false));
    expect(call.call.timers).toMatchObject({ silence: call.at + 10_000 });
    expect(told(timeIsUp(call))).toEqual(['caller.silent']);
    expect(told(call.tell(speaks(true)))).toEqual(['caller.heard']);
    expect(call.call.silence).toMatchObject({ silent: false, since: call.at, heardAt: call.at });
  });

  it('whose packets stop in mid-speech is silent since then, and heard when they come again', () => {
    const call = talking().tell(speaks(true), count(100)).fire('packets');
    const stopped = call.at;
    call.tell(count(200)).fire('packets').tell(count(200));
    expect(told(call)).toEqual(['caller.silent']);
    expect(call.call.silence).toMatchObject({ since: stopped, silent: true, talking: true });
    // Asterisk thinks that he speaks on, and says nothing.
    expect(told(call.fire('packets').tell(count(260)))).toEqual(['caller.heard']);
  });

  it('and is not listened to counts as heard as long as anything comes', () => {
    const call = talking().tell({
      type: 'command-failed',
      command: 'detect-talk',
      target: 'caller',
      failure: 'failed',
    });
    for (let more = 1; more < 10; more += 1) call.tell(count(more)).fire('packets');
    expect(call.call.silence.silent).toBe(false);
    expect(told(timeIsUp(call.tell(count(9))))).toEqual(['caller.silent']);
  });

  it('is not heard by what others say', () => {
    expect(silent().tell(speaks(true, 'call.o1')).call.silence.silent).toBe(true);
  });

  it.each([
    ['who may have fallen silent', (call: Story) => call.tell(speaks(false)), 5_000],
    ['who speaks', (call: Story) => call.tell(speaks(true)), 10_000],
  ])('%s is looked at in his time', (_what, before, first) => {
    const call = before(talking().tell(count(0)));
    expect(looks(call)).toBe(0);
    expect(call.call.timers).toMatchObject({ packets: call.at + first });
    expect(looks(call.fire('packets'))).toBe(1);
    const next = call.call.timers.packets ?? 0;
    expect(next - call.at).toBe(first === 5_000 ? 2_000 : 10_000);
    expect(looks(call.wait(next - call.at - 1).tell({ type: 'timer', name: 'packets' }))).toBe(0);
  });

  it('had his time in the line to himself: it begins with the operator', () => {
    const call = waiting().wait(60_000);
    expect(call.call.timers).not.toHaveProperty('silence');
    expect(call.call.silence.watched).toBeNull();
    call.tell({ type: 'operator-assigned', assignmentId: 'a1', operatorId: 'op1', account: 'op-1' });
    call.tell({ type: 'leg-entered', channelId: 'call.o1' });
    call.tell({ type: 'leg-joined', channelId: 'caller', bridgeId: 'call.b1' });
    call.tell({ type: 'leg-joined', channelId: 'call.o1', bridgeId: 'call.b1' });
    expect(told(call)).not.toContain('caller.silent');
    expect(call.call.timers).toMatchObject({ silence: call.at + 10_000 });
  });
});

describe('the question', () => {
  it('of a person is said into the conversation, which goes on', () => {
    const call = silent().tell(asked);
    expect(call.done).toEqual(['play caller silent-question']);
    expect(call.facts).toEqual([{ type: 'silent.asked', detail: { by: 'token', operatorId: 'op1' } }]);
    expect(call.call).toMatchObject({ stage: 'talking', caller: { sound: null } });
  });

  it('is answered by 1, and by the kind of help', () => {
    const call = silent().tell(asked).tell(key('1'));
    expect(call.done).toEqual(['stop-sound caller', 'play caller silent-kinds']);
    expect(call.facts).toContainEqual({ type: 'silent.answer', detail: { key: '1', meaning: 'yes', kind: null } });
    call.tell(key('4'));
    expect(call.done).toEqual(['stop-sound caller', 'play caller silent-noted']);
    expect(told(call)).toEqual(['key.pressed', 'silent.answer']);
    expect(call.call.silence.question).toMatchObject({ stage: 'done', answers: [{ key: '1' }, { kind: 'medical' }] });
    expect(call.call.incident.kind).toBeNull();
    expect(call.timers).toEqual({});
  });

  it('answered by 2 ends and lowers nothing, and can be taken back', () => {
    const before = silent().tell(asked);
    const { operator, line, dispatches } = before.call;
    const call = before.tell(key('2'));
    expect(call.done).toEqual(['stop-sound caller', 'play caller silent-noted']);
    expect(call.call).toMatchObject({ operator, line, dispatches, endedAt: null, stage: 'talking' });
    expect(call.tell(key('1')).done).toContain('play caller silent-kinds');
  });

  it.each(['6', '0', '*'])('is not answered by %s, which is on the timeline all the same', (pressed) => {
    const call = silent().tell(asked).tell(key(pressed));
    expect(told(call)).toEqual(['key.pressed']);
    expect(call.call.silence.question?.stage).toBe('question');
  });

  it('makes nothing of keys that were pressed before', () => {
    expect(told(silent().tell(key('1')))).toEqual(['key.pressed']);
  });

  it('waits from its end on, is asked once more, and then given up; a late key is an answer still', () => {
    const call = silent().tell(asked).wait(8_000);
    call.tell(soundEnds(call));
    expect(call.call.timers).toMatchObject({ question: call.at + 10_000 });
    expect(call.fire('question').done).toEqual(['play caller silent-question']);
    expect(told(call)).toEqual(['silent.asked-again']);
    expect(told(call.fire('question'))).toEqual(['silent.no-answer']);
    expect(call.done).toEqual([]);
    expect(told(call.tell(key('1')))).toEqual(['key.pressed', 'silent.answer']);
  });

  it('may be put again by a person at any time; earlier answers stay', () => {
    const call = silent().tell(asked).tell(key('1')).tell(asked);
    expect(call.done).toEqual(['stop-sound caller', 'play caller silent-question']);
    expect(call.call.silence.question).toMatchObject({ stage: 'question', answers: [{ key: '1' }] });
  });

  it('is not said to who has gone', () => {
    const call = silent().tell(asked).tell({ type: 'caller-gone', cause: 16 }).tell(asked);
    expect(call.effects).toEqual([]);
    expect(told(call)).toEqual([]);
  });

  it('has kinds that the rules know', () => {
    for (const { kind } of silentKeys.values()) if (kind !== null) expect(findKind(kind)?.group).toBe('incident');
  });
});

describe('where the line asks by itself', () => {
  const waitsSilent = (): Story => timeIsUp(waitsByLine().tell(count(0)));

  it('who waits is asked in place of the comfort word, and keeps his place', () => {
    const call = waitsSilent();
    expect(told(call)).toEqual(['caller.silent', 'silent.asked']);
    expect(call.done).toEqual(['stop-sound caller', 'play caller silent-question']);
    expect(call.call).toMatchObject({ stage: 'waiting', line: { since: 1_000_000 } });
    expect(call.fire('comfort').done).toEqual([]);
    call.tell(soundEnds(call));
    expect(call.done).toEqual(['music caller']);
    expect(call.fire('question').done).toContain('play caller silent-question');
  });

  it('an operator who comes ends the prompt; it is not repeated over his word, and keys still count', () => {
    const call = waitsSilent().tell(
      { type: 'operator-assigned', assignmentId: 'a1', operatorId: 'op1', account: 'op-1' },
      { type: 'leg-entered', channelId: 'call.o1' },
      { type: 'leg-joined', channelId: 'caller', bridgeId: 'call.b1' },
      { type: 'leg-joined', channelId: 'call.o1', bridgeId: 'call.b1' },
    );
    expect(call.done).toContain('stop-sound caller');
    expect(call.call.silence).toMatchObject({ silent: true, question: { stage: 'question', repeats: 0 } });
    expect(told(call.tell(key('1')))).toEqual(['key.pressed', 'silent.answer']);
  });

  it('asks three times in a call, each time he has fallen silent anew', () => {
    const call = waitsSilent();
    for (let again = 0; again < 5; again += 1) {
      while (call.call.timers.question !== undefined) call.fire('question');
      timeIsUp(call.wait(1).tell(speaks(true)).wait(1).tell(speaks(false)));
    }
    expect(call.call.silence).toMatchObject({ silent: true, askedByLine: 3 });
  });
});

it('only what moves times and counts is routine', () => {
  expect(isRoutine({ at: 1, type: 'talk-detected', channelId: 'caller', talking: true })).toBe(true);
  expect(isRoutine({ at: 1, type: 'timer', name: 'packets' })).toBe(true);
  expect(isRoutine({ at: 1, type: 'timer', name: 'line' })).toBe(false);
  expect(isRoutine({ at: 1, type: 'silent-asked', by: 'token' })).toBe(false);
});
