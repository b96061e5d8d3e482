import {
  answered,
  joined,
  ringing,
  shortly,
  story as startOf,
  talking,
  waiting,
  type Story,
} from '../../test/support/calls.ts';
import { goneUnseen } from './decide-end.ts';
import type { HeldChannel } from './call-input.ts';

const held = (channelId: string, over: Partial<HeldChannel> = {}): HeldChannel => ({
  channelId,
  state: 'up',
  bridgeId: 'call.b1',
  here: true,
  ...over,
});
const caller = held('caller');
const alone = held('caller', { bridgeId: null });
const operator = held('call.o1');

function adopt(story: Story, channels: HeldChannel[], bridges = ['call.b1']): { done: string[]; told: string[] } {
  story.tell({ type: 'adopted', application: 'siaga-next', channels, bridges });
  return { done: story.effects.map(shortly), told: story.facts.map(({ type }) => type) };
}

describe('a call whose controller died', () => {
  it('is its next owner’s, whose entries and ids come after those of the one before', () => {
    const story = talking();
    const { claimedAt, counters } = story.call;
    const { told } = adopt(story, [caller, operator]);
    expect(told).toEqual(['call.adopted']);
    expect(story.call.application).toBe('siaga-next');
    expect(story.call.claimedAt).toBeGreaterThan(claimedAt);
    expect(story.call.counters.leg).toBeGreaterThan(counters.leg);
    expect(story.facts[0]?.detail).toMatchObject({ by: 'siaga-next' });
  });

  it('goes on with two who talk: the line learns of the operator, and nobody is touched', () => {
    expect(adopt(talking(), [caller, operator]).done).toEqual(['unmute call.o1', 'keep-operator a1 talking']);
  });

  it('was cut off if Asterisk has started since, and he is not there; before, he has hung up', () => {
    const adoptAfter = (one: Story, channels: HeldChannel[], startedAt: number): string | null =>
      one.tell({ type: 'adopted', application: 'siaga-next', channels, bridges: [], startedAt }).call.reason;
    const { arrivedAt } = talking().call;
    for (const one of [waiting(), ringing(), talking()])
      expect(adoptAfter(one, [], arrivedAt + 1)).toBe('the connection was lost by a fault');
    expect(adoptAfter(talking(), [], arrivedAt - 1)).toBe('the caller hung up');
    // He may have talked without a controller, which Asterisk's log can tell.
    for (const one of [waiting(), ringing()]) {
      expect(adoptAfter(one, [], arrivedAt - 1)).toBe(goneUnseen);
      expect(one.call.outcome).toBe('abandoned');
    }
    expect(adoptAfter(talking(), [alone], arrivedAt + 1)).toBeNull();
    const without = talking().tell({ type: 'caller-gone', cause: 16 });
    expect(adoptAfter(without, [], arrivedAt + 1)).toBe('the caller hung up');
  });

  it('says again that he is muted', () => {
    const muted = talking().tell({ type: 'mute', muted: true, by: 'op1' });
    expect(adopt(muted, [caller, operator]).done).toContain('mute call.o1');
  });

  it('has a caller who waits in the line again, with music, and tells a greeting from its beginning', () => {
    expect(adopt(waiting(), [alone]).done).toEqual(['stop-sound caller', 'play caller greeting', 'enter-line']);
    const heard = waiting();
    heard.tell({ type: 'sound-ended', soundId: heard.call.caller.sound?.id ?? '' });
    expect(adopt(heard, [alone]).done).toEqual(['music caller', 'enter-line']);
  });

  it('answers him if Asterisk has not, and not twice', () => {
    const story = waiting();
    expect(adopt(story, [alone]).done).not.toContain('answer caller');
    const unanswered = startOf().tell({ type: 'arrived', up: false });
    expect(adopt(unanswered, [held('caller', { state: 'other', bridgeId: null })]).done).toContain('answer caller');
    const missed = startOf().tell({ type: 'arrived', up: false });
    expect(adopt(missed, [alone]).done).not.toContain('answer caller');
    expect(missed.call.answeredAt).toBe(missed.at);
  });

  it('lets a phone ring on, and joins one that was answered meanwhile', () => {
    const rings = held('call.o1', { state: 'ringing', bridgeId: null, here: false });
    expect(adopt(ringing(), [alone, rings]).done).toContain('keep-operator a1 ringing');
    const story = ringing();
    const { done } = adopt(story, [alone, held('call.o1', { bridgeId: null })]);
    expect(done).toEqual(expect.arrayContaining(['join caller call.b1', 'join call.o1 call.b1']));
    expect(story.call.operator?.state).toBe('entered');
  });

  it('sends into the bridge who was on his way there, and waits for him with a limit', () => {
    const story = answered();
    const { done } = adopt(story, [alone, held('call.o1', { bridgeId: null })]);
    expect(done).toEqual(expect.arrayContaining(['join caller call.b1', 'join call.o1 call.b1']));
    expect(story.call.timers.join).toBeDefined();
    expect(adopt(answered(), [caller, operator]).done).not.toContain('join caller call.b1');
  });

  it('moves everybody to a new bridge when theirs is gone', () => {
    const story = talking();
    const out = { bridgeId: null };
    const { done } = adopt(story, [held('caller', out), held('call.o1', out)], []);
    expect(done.filter((one) => one.startsWith('join'))).toEqual([
      `join caller ${story.call.bridge?.id}`,
      `join call.o1 ${story.call.bridge?.id}`,
    ]);
  });

  it('whose operator has gone has its caller at the head of the line', () => {
    const story = talking();
    const { done, told } = adopt(story, [caller]);
    expect(told).toContain('operator.lost');
    expect(done).toContain('enter-line');
  });

  it('whose caller has gone is over, and its operator is hung up', () => {
    const story = talking();
    const { done } = adopt(story, [operator]);
    expect(done).toContain('hang-up call.o1');
    expect(story.call).toMatchObject({ outcome: 'answered', reason: 'the caller hung up' });
  });

  it('whose caller is with the dialplan is given to it after a moment', () => {
    const story = talking();
    adopt(story, [held('caller', { here: false, bridgeId: null })]);
    expect(story.call.timers.left).toBe(story.at + 1_000);
  });

  it('leaves a caller on hold with his music, and takes him out of the bridge if he is in it', () => {
    const story = talking().tell({ type: 'hold', by: 'op1' });
    expect(adopt(story, [alone, operator]).done).toContain('music caller');
    const inside = talking().tell({ type: 'hold', by: 'op1' });
    expect(adopt(inside, [caller, operator]).done).toContain('leave-bridge caller call.b1');
    expect(inside.call.hold).not.toBeNull();
  });

  it('does not wait for an answer to what the one before was asked', () => {
    const story = talking();
    story.tell(joined('caller'));
    adopt(story, [caller, operator]);
    expect(story.call).toMatchObject({ returning: null, silence: { looking: false } });
  });
});
