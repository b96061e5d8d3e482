import { fakeClock } from '../../test/support/fake-clock.ts';
import type { AriAnswer, AriCommands } from '../asterisk/commands.ts';
import type { AriEffect } from './call-effect.ts';
import type { CallInput } from './call-input.ts';
import { createPerformer } from './perform.ts';

interface Sent {
  line: string;
  given: unknown[];
  answer: (answer: AriAnswer) => Promise<void>;
}

const done: AriAnswer = { ok: true, status: 204, body: null };
const failed = (status: number): AriAnswer => ({
  ok: false,
  failure: status === 404 ? 'gone' : status === 409 || status === 422 ? 'conflict' : 'failed',
  status,
  reason: 'no',
});

function start() {
  const sent: Sent[] = [];
  const told: CallInput[] = [];
  const ari: AriCommands = {
    send: (method, path, ...given) =>
      new Promise((resolve) => {
        const answer = async (given: AriAnswer): Promise<void> => {
          resolve(given);
          for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
        };
        sent.push({ line: `${method} ${path}`, given, answer });
      }),
    close: () => Promise.resolve(),
  };
  const clock = fakeClock(0);
  const extensionOf = (id: string): string | null => (id === 'op1' ? '301' : null);
  const performer = createPerformer({
    ari,
    clock,
    held: () => false,
    tell: (_callId, input) => told.push(input),
    extensionOf,
    sayable: (prompts) => prompts.filter((name) => name !== 'district-nowhere'),
    whispered: { say: () => Promise.resolve(done) },
  });
  const perform = (effect: Parameters<typeof performer.perform>[2]): void => performer.perform('call', 'app', effect);
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { sent, told, perform, settle, clock, lines: () => sent.map((one) => one.line) };
}

describe('commands', () => {
  it('announce in one play, over and over, and leave out what Asterisk does not have', async () => {
    const { perform, sent, settle } = start();
    const prompts = ['announcement-intro', 'district-nowhere', 'announcement-keys'];
    perform({ do: 'announce', channelId: 'd1.a1', soundId: 'd1.a1.s1', prompts });
    await settle();
    const once = 'sound:siaga/announcement-intro,sound:siaga/announcement-keys';
    expect(sent).toMatchObject([
      { line: 'POST /channels/d1.a1/play/d1.a1.s1', given: [{ media: Array(4).fill(once).join(',') }] },
    ]);
  });

  it('that destroy a bridge wait for every leg on its way to another, also where that fails', async () => {
    const { perform, sent, lines, settle } = start();
    perform({ do: 'join', channelId: 'supervisor', bridgeId: 'b1', absorbKeys: true });
    perform({ do: 'destroy-bridge', bridgeId: 'b2' });
    await settle();
    expect(lines()).toEqual(['POST /bridges/b1/addChannel']);
    await sent[0]?.answer(failed(500));
    expect(lines()[1]).toBe('DELETE /bridges/b2');
    perform({ do: 'destroy-bridge', bridgeId: 'b3' });
    await settle();
    expect(lines()[2]).toBe('DELETE /bridges/b3');
  });

  it('to join wait for the bridge and for the channel', async () => {
    const { perform, sent, lines, settle } = start();
    perform({ do: 'make-bridge', bridgeId: 'b1' });
    perform({ do: 'stop-sound', channelId: 'caller', soundId: 's1', music: true });
    perform({ do: 'join', channelId: 'caller', bridgeId: 'b1', absorbKeys: false });
    await settle();
    expect(lines()).toEqual(['POST /bridges/b1', 'DELETE /channels/caller/moh']);
    await sent[0]?.answer(done);
    expect(sent).toHaveLength(2);
    await sent[1]?.answer(done);
    expect(lines()[2]).toBe('POST /bridges/b1/addChannel');
  });

  it('that fail are told of', async () => {
    const { perform, sent, told, settle } = start();
    perform({ do: 'answer', channelId: 'caller' });
    await settle();
    await sent[0]?.answer(failed(500));
    expect(told).toMatchObject([{ type: 'command-failed', command: 'answer', target: 'caller', failure: 'failed' }]);
  });

  it('that look at a caller, or tie a leg to him, hold up nothing of his', async () => {
    const { perform, lines, settle } = start();
    perform({ do: 'detect-talk', channelId: 'caller' });
    perform({ do: 'count-packets', channelId: 'caller' });
    perform({ do: 'tie-to-caller', channelId: 'caller', callerChannelId: null });
    perform({ do: 'answer', channelId: 'caller' });
    await settle();
    expect(lines()).toEqual([
      'POST /channels/caller/variable',
      'GET /channels/caller/rtp_statistics',
      'POST /channels/caller/variable',
      'POST /channels/caller/answer',
    ]);
  });

  it.each([
    [400, 'gone'],
    [404, 'failed'],
    [409, 'failed'],
    [422, 'conflict'],
  ])('to join that are answered %i mean: %s', async (status, failure) => {
    const { perform, sent, told, settle } = start();
    perform({ do: 'join', channelId: 'caller', bridgeId: 'b1', absorbKeys: false });
    await settle();
    await sent[0]?.answer(failed(status));
    expect(told).toMatchObject([{ type: 'command-failed', command: 'join', failure }]);
  });

  it.each([
    [400, 'gone'],
    [404, 'conflict'],
    [409, 'failed'],
    [422, 'conflict'],
  ])('to leave a bridge that are answered %i mean: %s', async (status, failure) => {
    const { perform, sent, told, settle, lines } = start();
    perform({ do: 'leave-bridge', channelId: 'caller', bridgeId: 'b1' });
    await settle();
    expect(lines()).toEqual(['POST /bridges/b1/removeChannel']);
    await sent[0]?.answer(failed(status));
    expect(told).toMatchObject([{ type: 'command-failed', command: 'leave-bridge', target: 'caller', failure }]);
  });

  it('to mute and to let speak again are two of one kind', async () => {
    const { perform, settle, lines } = start();
    perform({ do: 'mute', channelId: 'o1' });
    perform({ do: 'unmute', channelId: 'o2' });
    await settle();
    expect(lines()).toEqual(['POST /channels/o1/mute', 'DELETE /channels/o2/mute']);
  });

  it('that succeed to join say so', async () => {
    const { perform, sent, told, settle } = start();
    perform({ do: 'join', channelId: 'caller', bridgeId: 'b1', absorbKeys: false });
    await settle();
    await sent[0]?.answer(done);
    expect(told).toMatchObject([{ type: 'leg-joined', channelId: 'caller', bridgeId: 'b1' }]);
  });

  it.each([
    [{ do: 'hang-up', channelId: 'leg', cause: 'no-answer' }, 3],
    [{ do: 'stop-sound', channelId: 'caller', soundId: 's1', music: false }, 2],
    [{ do: 'destroy-bridge', bridgeId: 'b1' }, 3],
  ] as const)('to end something are repeated: %j, %i times at most', async (effect, tries) => {
    const { perform, sent, told, settle, clock } = start();
    perform(effect);
    await settle();
    for (let index = 0; index < tries - 1; index += 1) {
      await sent[index]?.answer(failed(500));
      clock.advance(500);
      await settle();
    }
    expect(sent).toHaveLength(tries);
    await sent[tries - 1]?.answer(failed(500));
    clock.advance(500);
    await settle();
    expect(sent).toHaveLength(tries);
    expect(told).toMatchObject([{ type: 'command-failed', command: effect.do }]);
  });

  it('to ring are not taken for done when only the subscription met a conflict', async () => {
    const { perform, sent, told, lines, settle } = start();
    perform({
      do: 'ring-operator',
      channelId: 'leg',
      account: 'op-a',
      callerNumber: null,
      callerName: null,
      ring: 20_000,
      callerChannelId: 'caller',
    });
    await settle();
    await sent[0]?.answer(failed(409));
    expect(lines()).toEqual(['POST /applications/app/subscription']);
    expect(told).toMatchObject([{ type: 'command-failed', command: 'ring-operator', failure: 'failed' }]);
  });

  const shown = { channelId: 'leg', account: 'op-a', callerNumber: '0761112', ring: 20_000 };
  it.each<[string, AriEffect]>([
    ['BANTUAN 301', { do: 'ring-supervisor', ...shown, rungFor: { what: 'assist', operatorId: 'op1' } }],
    ['DENGAR', { do: 'ring-supervisor', ...shown, rungFor: { what: 'listen', operatorId: null } }],
    [
      'KONSULTASI 301',
      {
        do: 'ring-operator',
        ...shown,
        callerName: 'Warga',
        callerChannelId: 'caller',
        rungFor: { what: 'consult', operatorId: 'op1' },
      },
    ],
    ['Warga', { do: 'ring-operator', ...shown, callerName: 'Warga', callerChannelId: 'caller' }],
  ])('ring a phone that shows what for: %s', async (name, effect) => {
    const { perform, sent, settle } = start();
    perform(effect);
    await settle();
    await sent[0]?.answer(done);
    expect(sent[1]?.given[0]).toMatchObject({ callerId: `"${name}" <0761112>` });
  });

  it('that are to tell whether the caller speaks are tried again', async () => {
    const { perform, sent, told, lines, settle, clock } = start();
    perform({ do: 'detect-talk', channelId: 'caller' });
    await settle();
    await sent[0]?.answer(failed(500));
    clock.advance(500);
    await settle();
    expect([lines(), told]).toEqual([Array(2).fill('POST /channels/caller/variable'), []]);
    await sent[1]?.answer(failed(500));
    expect(told).toMatchObject([{ type: 'command-failed', command: 'detect-talk', target: 'caller' }]);
  });

  it.each([
    ['caller', { SIAGA_CALLER_CHANNEL: 'caller' }],
    [null, {}],
  ])('ring somebody outside, who belongs to the caller %s', async (callerChannelId, tied) => {
    const { perform, sent, settle } = start();
    const uri = 'sip:0761@trunk';
    perform({
      do: 'ring-outside',
      channelId: 'leg',
      uri,
      callerNumber: '0761112',
      ring: 20_000,
      limitMilliseconds: 1,
      callerChannelId,
    });
    await settle();
    await sent[0]?.answer(done);
    expect(sent[1]?.given).toEqual([
      expect.objectContaining({
        endpoint: `PJSIP/outside/${uri}`,
        extension: 'outside',
        callerId: '"0761112" <0761112>',
      }),
      {
        variables: {
          SIAGA_APPLICATION: 'app',
          SIAGA_CALL: 'call',
          SIAGA_LEG: 'leg',
          SIAGA_OUTGOING: '1',
          SIAGA_LIMIT: '31',
          ...tied,
        },
      },
    ]);
  });
});
