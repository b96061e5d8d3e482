import fc from 'fast-check';
import { brawl } from '../../test/support/notifications.ts';
import { decideVoice } from './decide-voice.ts';
import { fitToSend } from './message.ts';
import { newVoiceMessage, promptsOf, voiceTiming, type VoiceEffect, type VoiceInput } from './voice-message.ts';

type Told = VoiceInput extends infer One ? (One extends VoiceInput ? Omit<One, 'at'> : never) : never;

function story() {
  let message = newVoiceMessage({ id: 'n.1.1', notificationId: 'n', prompts: ['message-intro'] }, 0);
  let at = 0;
  let effects: VoiceEffect[] = [];
  const self = {
    get message() {
      return message;
    },
    get effects() {
      return effects;
    },
    get done() {
      return effects.map((effect) => {
        if (effect.do === 'play') return `play ${effect.prompts.join(',')}`;
        return effect.do === 'outcome'
          ? `outcome ${effect.outcome.result === 'failed' ? effect.outcome.reason : effect.outcome.result}`
          : effect.do;
      });
    },
    tell(...inputs: Told[]) {
      effects = [];
      for (const input of inputs) {
        const decided = decideVoice(message, { ...input, at });
        message = decided.message;
        effects.push(...decided.effects);
      }
      return self;
    },
    fire() {
      at = message.dueAt ?? at;
      return self.tell({ type: 'timer' });
    },
    pass(milliseconds: number) {
      at += milliseconds;
      return self;
    },
  };
  return self;
}
const entered = () => story().tell({ type: 'leg-entered' });
const key = (pressed: string): Told => ({ type: 'key-pressed', key: pressed });
const said = (soundId: string): Told => ({ type: 'sound-ended', soundId });

test('key 1 acknowledges, in the middle of the message as well; he is thanked, and hung up', () => {
  const voice = entered();
  expect(voice.done).toEqual(['play message-intro']);
  expect(voice.tell(key('1')).done).toEqual(['stop-sound', 'outcome acknowledged', 'play message-thanks']);
  expect(voice.tell(key('1'), key('2')).done).toEqual([]);
  expect(voice.tell(said('n.1.1.s0')).done).toEqual(['hang-up']);
  expect(voice.tell({ type: 'leg-gone', cause: 16 }).done).toEqual([]);
});

test('key 2 says it again; other keys do nothing', () => {
  const voice = entered().tell(said('n.1.1.s1'));
  expect(voice.tell(key('5'), key('#'), key('9')).done).toEqual([]);
  expect(voice.tell(key('2')).done).toEqual(['play message-intro']);
  expect(voice.tell(key('2')).done).toEqual(['stop-sound', 'play message-intro']);
  // The end of the one that was stopped is none of this one's.
  expect(voice.tell(said('n.1.1.s2')).message.state).toBe('speaking');
  voice.pass(voiceTiming.whole);
  expect(voice.tell(key('2')).done).toEqual(['stop-sound', 'outcome nobody pressed 1', 'hang-up']);
});

test('a mailbox presses no key: said twice, and not heard', () => {
  const voice = entered().tell(said('n.1.1.s1'));
  expect(voice.fire().done).toEqual(['play message-intro']);
  voice.tell(said('n.1.1.s2'));
  expect(voice.fire().done).toEqual(['outcome nobody pressed 1', 'hang-up']);
});

test.each<[string, Told[], string]>([
  ['busy', [{ type: 'leg-gone', cause: 17 }], 'busy'],
  ['nobody', [{ type: 'leg-gone', cause: 19 }], 'no-answer'],
  ['a trunk that is dead', [{ type: 'leg-gone', cause: 0 }], 'failed'],
  ['not rung', [{ type: 'not-rung', reason: 'no trunk' }], 'no trunk'],
  ['hung up', [{ type: 'leg-entered' }, { type: 'leg-gone', cause: 16 }], 'hung up without pressing 1'],
  ['not needed', [{ type: 'leg-entered' }, { type: 'stop' }], 'it was not needed any more'],
])('%s: it may be tried again, and nobody is left on the line', (_what, inputs, reason) => {
  const voice = story().tell(...inputs);
  expect(voice.effects.slice(-2)).toEqual([
    { do: 'outcome', outcome: { result: 'failed', reason, again: true } },
    { do: 'hang-up' },
  ]);
  // Whoever enters late is hung up.
  expect(voice.tell({ type: 'leg-entered' }).done).toEqual(['hang-up']);
});

test('it rings no longer than it may, and a sound that never ends is not waited for', () => {
  expect(story().fire().done).toEqual(['outcome no-answer', 'hang-up']);
  expect(entered().fire().message.state).toBe('listening');
});

const told = fc.oneof(
  fc.constantFrom<Told>({ type: 'leg-entered' }, { type: 'stop' }, { type: 'timer' }, { type: 'leg-gone', cause: 16 }),
  fc.constantFrom('1', '2', '3').map(key),
  fc.constantFrom('n.1.1.s0', 'n.1.1.s1', 'n.1.1.s2').map(said),
  fc.constant<Told>({ type: 'not-rung', reason: 'no' }),
  fc.constant('fire' as const),
);

test('whatever comes: one outcome, and in the end nobody is on the line', () => {
  fc.assert(
    fc.property(fc.array(told, { maxLength: 30 }), (inputs) => {
      const voice = story();
      let outcomes = 0;
      let up = false;
      const look = (): void => {
        outcomes += voice.effects.filter((effect) => effect.do === 'outcome').length;
        if (voice.effects.some((effect) => effect.do === 'hang-up')) up = false;
        expect(voice.message.dueAt === null).toBe(voice.message.state === 'ended');
      };
      for (const input of inputs) {
        if (input !== 'fire' && input.type === 'leg-entered') up = true;
        if (input === 'fire') voice.fire();
        else voice.tell(input);
        look();
      }
      for (let wakes = 0; voice.message.state !== 'ended'; wakes += 1) {
        if (wakes > 10) throw new Error('it never ends');
        voice.fire();
        look();
      }
      expect([outcomes, up]).toEqual([1, false]);
    }),
  );
});

test('a telephone says kind and number alone, digit by digit', () => {
  const digits = ['digit-0', 'digit-0', 'digit-4', 'digit-7', 'digit-1', 'digit-1'];
  const around = (kind: string[]) => ['message-intro', ...kind, 'incident-number', ...digits, 'message-keys'];
  expect(promptsOf(fitToSend(brawl))).toEqual(around(['kind-brawl']));
  expect(promptsOf(fitToSend({ ...brawl, kind: 'prank' }))).toEqual(around([]));
  expect(promptsOf(fitToSend({ ...brawl, kind: null, drill: true }))).toEqual(['drill', ...around([])]);
});
