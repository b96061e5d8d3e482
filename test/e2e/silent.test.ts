import { z } from 'zod';
import { answers } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import { heardIn, hearsPrompt } from '../support/ear.ts';
import { pauseOperator } from '../support/idle.ts';
import { until, type Answer } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import type { Centre } from '../support/centre.ts';

const tones = { caller: 440, operator: 660 };
/** As short as it may be: 2 s. */
const silence = 2_000;
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'silent', operators: 1, settings: { silenceSeconds: silence / 1_000 } });
  await centre.operatorPhones(answers(), [tones.operator]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear());

const ask = (call: CallView, as: 'admin' | 'operator' = 'admin'): Promise<Answer> =>
  centre.api.ask('POST', `/v1/calls/${call.id}/silent-question`, { as });

const silent = (call: CallView, packets: string, count = 1, within = 10_000): Promise<{ at: number }> =>
  centre.feed.waitFor('caller.silent', { callId: call.id, detail: { packets }, count, within });

const answered = (call: CallView, key: string): Promise<unknown> =>
  centre.feed.waitFor('silent.answer', { callId: call.id, detail: { key } });

const types = (call: CallView): string[] =>
  centre.feed.seen.filter(({ callId }) => callId === call.id).map(({ type }) => type);

/** What the timeline in PostgreSQL tells of keys and questions, in its order. */
async function storyOf(call: CallView, length: number): Promise<string[]> {
  const told = ['key.pressed', 'silent.asked', 'silent.answer'];
  let story: string[] = [];
  await until('the timeline has it all', async () => {
    const items = (await centre.api.timelineOf(call.id)).filter(({ type }) => told.includes(type));
    story = items.map(({ type, detail }) => `${type} ${String(detail['key'] ?? detail['by'])}`);
    return story.length >= length;
  });
  return story;
}

const hearsQuestion = (call: CallView, prompt: string): Promise<void> =>
  until(`the caller hears ${prompt}`, () => hearsPrompt(centre.recording(call.channelId, 'heard'), prompt), 20_000);

/** The call of the caller who just dialled, once he talks with the operator. */
async function talking(sipCallId: string): Promise<CallView> {
  const call = await centre.api.taken({ callId: sipCallId });
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  return call;
}

test('of whom nothing comes at all the operator is told; asked by him, the caller answers by keys (SIP INFO)', async () => {
  const citizen = await centre.dial({ audio: false });
  const call = await talking(citizen.callId);
  await silent(call, 'none');
  expect(await centre.api.call(call.id)).toMatchObject({ silence: { silent: true, packets: 'none', question: null } });

  // Before anybody has asked, a key is a key.
  await citizen.press('4');
  await centre.feed.waitFor('key.pressed', { callId: call.id, detail: { key: '4', by: 'caller' } });
  expect(types(call)).not.toContain('silent.answer');

  expect(await ask(call, 'operator')).toMatchObject({ status: 403, code: 'calls.not-yours' });
  expect((await ask(call)).status).toBe(202);
  await hearsQuestion(call, 'silent-question');
  await citizen.press('1');
  await answered(call, '1');
  await hearsQuestion(call, 'silent-kinds');
  await citizen.press('4');
  await answered(call, '4');
  expect(await centre.api.call(call.id)).toMatchObject({
    stage: 'talking',
    silence: {
      silent: true,
      question: {
        stage: 'done',
        answers: [
          { key: '1', meaning: 'yes', kind: null },
          { key: '4', meaning: 'ambulance', kind: 'medical' },
        ],
      },
    },
  });
  await hearsQuestion(call, 'silent-noted');
  // The operator classifies, and nobody else; and nobody was cut off.
  expect((await centre.api.incident(call.incidentId)).kind).toBeNull();
  expect(citizen.ended).toBe(false);
  const [asked = ''] = (await storyOf(call, 6)).slice(1);
  expect(await storyOf(call, 6)).toEqual([
    'key.pressed 4',
    asked,
    'key.pressed 1',
    'silent.answer 1',
    'key.pressed 4',
    'silent.answer 4',
  ]);
  expect(asked).toMatch(/^silent\.asked /);
  const audit = z.object({ action: z.string(), subject: z.string() });
  await until('the asking is audited', async () => {
    const rows = await centre.api.sql(audit, 'select action, subject from audit');
    return rows.some((row) => row.action === 'calls.silent-question' && row.subject === `call/${call.id}`);
  });
}, 60_000);

test('one whose line is open and says nothing is told apart; keys in the media are seen during the prompt; no is no end', async () => {
  const citizen = await centre.dialLine(0);
  const call = await talking(citizen.wire.callId);
  await silent(call, 'arriving');
  expect((await ask(call)).status).toBe(202);
  await hearsQuestion(call, 'silent-question');
  citizen.press('2');
  await answered(call, '2');
  expect(await centre.api.call(call.id)).toMatchObject({
    stage: 'talking',
    silence: { silent: true, packets: 'arriving', question: { stage: 'done', answers: [{ key: '2', meaning: 'no' }] } },
  });
  // He hears his operator again.
  const now = Date.now();
  await until('the operator is heard', () => citizen.secondsOf(tones.operator, now) > 1, 20_000);
  expect(citizen.ended).toBe(false);
}, 60_000);

test('who speaks is never called silent; when he ceases he is, and when his packets stop in mid-speech', async () => {
  const citizen = await centre.dialLine(tones.caller);
  const call = await talking(citizen.wire.callId);
  // Three times as long as a silence may last.
  await until('they have talked for a while', () => citizen.secondsOf(tones.operator) > (3 * silence) / 1_000, 20_000);
  const ceased = Date.now();
  citizen.say(0);
  const told = await silent(call, 'arriving');
  expect(told.at - ceased).toBeGreaterThan(silence);
  expect(types(call).filter((type) => type === 'caller.silent')).toHaveLength(1);

  citizen.say(tones.caller);
  await centre.feed.waitFor('caller.heard', { callId: call.id });
  expect(await centre.api.call(call.id)).toMatchObject({ silence: { silent: false } });
  citizen.fallSilent();
  await silent(call, 'none', 1, 25_000);
  // And when they come again he is heard, though Asterisk never noticed that he had ceased.
  citizen.say(tones.caller);
  await centre.feed.waitFor('caller.heard', { callId: call.id, count: 2, within: 15_000 });
  expect(citizen.ended).toBe(false);
}, 90_000);

test('the line asks by itself where it is set to, also one who waits; keys of both sorts are seen', async () => {
  await centre.api.set({ silentQuestion: 'line' });
  await pauseOperator(centre, 0);
  const [quiet, mute] = await Promise.all([centre.dialLine(0), centre.dial({ audio: false, from: '0813000111' })]);
  const [first, second] = await Promise.all([
    centre.api.taken({ callId: quiet.wire.callId }),
    centre.api.taken({ callId: mute.callId }),
  ]);
  await Promise.all(
    [first, second].map((call) =>
      centre.feed.waitFor('silent.asked', { callId: call.id, detail: { by: 'line' }, within: 15_000 }),
    ),
  );
  expect(await centre.api.call(first.id)).toMatchObject({ stage: 'waiting', silence: { packets: 'arriving' } });
  expect(await centre.api.call(second.id)).toMatchObject({ stage: 'waiting', silence: { packets: 'none' } });
  await hearsQuestion(first, 'silent-question');
  quiet.press('1');
  await mute.press('1');
  await Promise.all([answered(first, '1'), answered(second, '1')]);
  await hearsQuestion(first, 'silent-kinds');
  quiet.press('3');
  await mute.press('5');
  await Promise.all([answered(first, '3'), answered(second, '5')]);
  for (const [call, kind] of [
    [first, 'crime'],
    [second, 'fire'],
  ] as const) {
    const { stage, silence: state } = await centre.api.call(call.id);
    expect([stage, state?.question?.answers.map((answer) => answer.kind)]).toEqual(['waiting', [null, kind]]);
    // Neither has lost his place: no operator was there to answer him.
    expect(types(call)).not.toContain('call.ended');
  }
  expect(heardIn(centre.recording(first.channelId, 'said'), tones)).toEqual([]);
}, 90_000);
