import { pino } from 'pino';
import { fakeClock } from '../../test/support/fake-clock.ts';
import type { AriAnswer, AriCommands } from '../asterisk/commands.ts';
import type { AsteriskEvent } from '../asterisk/translate.ts';
import { createWhisperedPrompts } from './whispered-prompts.ts';

const done: AriAnswer = { ok: true, status: 204, body: null };
const refused: AriAnswer = { ok: false, failure: 'conflict', status: 409, reason: 'no' };

/** Asterisk answers at once: `refuses` says what it does not do. */
function start(refuses = /^$/) {
  const sent: { line: string; query: unknown }[] = [];
  const ari: AriCommands = {
    send(method, path, query) {
      sent.push({ line: `${method} ${path}`, query });
      return Promise.resolve(refuses.test(path) ? refused : done);
    },
    close: () => Promise.resolve(),
  };
  const clock = fakeClock(0);
  const whispered = createWhisperedPrompts({ ari, clock, logger: pino({ enabled: false }) });
  const say = (soundId: string, channelId = 'operator'): Promise<AriAnswer> =>
    whispered.say('siaga-1', { channelId, soundId, prompt: 'agency-unreachable' });
  const lines = (): string[] => sent.splice(0).map(({ line }) => line);
  return { whispered, say, lines, sent, clock };
}

const entered = (id: string, ...more: string[]): AsteriskEvent => ({
  type: 'entered',
  channel: {
    ...{ id, name: `Snoop/operator-${id}`, state: 'Up', sipCallId: null, callerNumber: null, callerName: null },
    ...{ dialplanApplication: 'Stasis', variables: {} },
  },
  arguments: ['prompt', id, ...more],
});
const soundEnded = (soundId: string): AsteriskEvent => ({ type: 'sound-ended', soundId, failed: false });

it('a prompt is played on a channel that whispers, as soon as that has come, and ends with it', async () => {
  const { whispered, say, lines, sent } = start();
  expect(await say('c.s1')).toEqual(done);
  expect(sent).toEqual([
    {
      line: 'POST /channels/operator/snoop/c.s1',
      query: { spy: 'none', whisper: 'out', app: 'siaga-1', appArgs: 'prompt,c.s1' },
    },
  ]);
  expect([whispered.owns('c.s1'), whispered.owns('operator')]).toEqual([true, false]);
  lines();
  expect(whispered.take(entered('c.s1'))).toBe(true);
  expect(sent).toEqual([{ line: 'POST /channels/c.s1/play/c.s1', query: { media: 'sound:siaga/agency-unreachable' } }]);
  lines();
  // Whoever waits for the end of a sound hears of it as well.
  expect(whispered.take(soundEnded('c.s1'))).toBe(false);
  expect(lines()).toEqual(['DELETE /channels/c.s1']);
  expect(whispered.owns('c.s1')).toBe(false);
});

it('what is said to the same one goes one after another over one channel, to others at once', async () => {
  const { whispered, say, lines } = start();
  await say('c.s1');
  await say('c.s2');
  await say('c.s3', 'supervisor');
  expect(lines()).toEqual(['POST /channels/operator/snoop/c.s1', 'POST /channels/supervisor/snoop/c.s3']);
  whispered.take(entered('c.s1'));
  await say('c.s4');
  expect(lines()).toEqual([1, 2, 4].map((sound) => `POST /channels/c.s1/play/c.s${sound}`));
  whispered.take(soundEnded('c.s1'));
  whispered.take(soundEnded('c.s2'));
  expect(lines()).toEqual([]);
  whispered.take(soundEnded('c.s4'));
  expect(lines()).toEqual(['DELETE /channels/c.s1']);
});

it('what cannot be said leaves no channel', async () => {
  const { whispered, say, lines } = start(/snoop|play/);
  expect(await say('c.s1')).toEqual(refused);
  expect(lines()).toEqual(['POST /channels/operator/snoop/c.s1', 'DELETE /channels/c.s1']);
  const second = start(/play/);
  await second.say('c.s1');
  second.whispered.take(entered('c.s1'));
  await Promise.resolve();
  expect(second.lines().slice(1)).toEqual(['POST /channels/c.s1/play/c.s1', 'DELETE /channels/c.s1']);
  expect(whispered.owns('c.s1')).toBe(false);
});

it('of one that goes with whom it whispered to nothing more is wanted; the end of one that is lost is not waited for', async () => {
  const { whispered, say, lines, clock } = start();
  await say('c.s1');
  expect(whispered.take({ type: 'left', channelId: 'c.s1' })).toBe(true);
  expect(whispered.owns('c.s1')).toBe(false);
  expect(whispered.take({ type: 'left', channelId: 'operator' })).toBe(false);
  await say('c.s2');
  lines();
  clock.advance(19_999);
  expect(lines()).toEqual([]);
  clock.advance(1);
  expect(lines()).toEqual(['DELETE /channels/c.s2']);
});

it('one that another controller made is hung up, and a leg of a call is not taken for one', () => {
  const { whispered, lines } = start();
  expect(whispered.take(entered('other.s1'))).toBe(true);
  expect(lines()).toEqual(['DELETE /channels/other.s1']);
  const leg: AsteriskEvent = { ...entered('call.o1'), arguments: ['operator', 'call', 'call.o1'] } as AsteriskEvent;
  expect(whispered.take(leg)).toBe(false);
  expect(lines()).toEqual([]);
});
