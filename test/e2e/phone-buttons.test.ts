import { z } from 'zod';
import { answers, freePort, type Call } from '../../scripts/sip/phone.mjs';
import type { OperatorAccount } from '../../scripts/runtime.mjs';
import type { CallView } from '../../src/calls/view.ts';
import { carriers, type Centre } from '../support/centre.ts';
import { Media, type LineCaller } from '../support/line-caller.ts';
import { LinePhone } from '../support/line-phone.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import { heardIn, hearsMusic, hearsPrompt, samplesHavePrompt } from '../support/ear.ts';

const tones = { caller: 440, first: 660, second: 880, intruder: 1100 };
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'phone-buttons', operators: 2, settings: { holdSeconds: 5 } });
  await centre.operatorPhones(answers(), [tones.first, tones.second]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(async () => {
  await centre.hangUpAll();
  await centre.quiet();
  expect(centre.complaints()).toEqual([]);
});

function second(): OperatorAccount {
  const [, operator] = centre.operators;
  if (operator === undefined) throw new Error('there is no second operator');
  return operator;
}

interface Talk {
  caller: LineCaller;
  call: CallView;
  operator: Call;
}

const live = async (): Promise<string[]> => {
  const { items } = await centre.api.get(
    '/v1/calls?live=true',
    z.object({ items: z.array(z.looseObject({ id: z.string() })) }),
  );
  return items.map(({ id }) => id);
};

/** A caller who talks with the first operator; the second is free. */
async function talk(): Promise<Talk> {
  await pauseSecond({ state: 'paused', reason: 'istirahat' });
  const rung = centre.upcoming(centre.phoneOf(0));
  const caller = await centre.dialLine(tones.caller);
  const [id = ''] = await live();
  await centre.feed.waitFor('operator.talking', { callId: id });
  await pauseSecond({ state: 'available' });
  return { caller, call: await centre.api.call(id), operator: await rung };
}

async function pauseSecond(body: object): Promise<void> {
  const answer = await centre.api.ask('POST', `/v1/operators/${second().id}/state`, { body });
  expect(answer.status).toBe(200);
}

const tag = (header = ''): string => /tag=([^;>\s]+)/.exec(header)?.[1] ?? '';

/** Names the dialog between Asterisk and the operator's phone, as Asterisk would look it up (RFC 3891). */
function operatorLeg({ operator }: Talk): string {
  const theirs = operator.messages.map((message) => tag(message.header('To'))).find((one) => one !== '');
  return `${operator.callId};to-tag=${tag(operator.invite.header('From'))};from-tag=${theirs}`;
}

/** The same of the dialog between the caller's carrier and Asterisk. */
function callerLeg({ caller }: Talk): string {
  const answer = caller.wire.replies.find(({ status, about }) => status === 200 && about === 'INVITE');
  return `${caller.wire.callId};to-tag=${tag(answer?.header('To'))};from-tag=${tag(answer?.header('From'))}`;
}

/** From now on caller and operator hear each other, and the call is on record as it was. */
async function nothingMoved({ caller, call }: Talk, since: number): Promise<void> {
  await until(
    'the caller hears his operator',
    () => Promise.resolve(caller.secondsOf(tones.first, since) > 1.5),
    10_000,
  );
  const now = await centre.api.call(call.id);
  expect(now).toMatchObject({ stage: 'talking', operatorId: centre.operators[0]?.id, parties: [] });
  for (const type of ['operator.left', 'operator.lost', 'caller.hung-up', 'bridge.rebuilt'])
    expect(centre.feed.all(type, { callId: call.id })).toEqual([]);
  expect(caller.missed(tones.first, since)).toBeLessThan(500);
}

/** Both hang up, and what was said is in the recordings of both. */
async function ends({ caller, call, operator }: Talk): Promise<void> {
  await caller.hangUp();
  await operator.waitFor('ended');
  await centre.feed.waitFor('call.ended', { callId: call.id, detail: { outcome: 'answered' } });
  const hears = (channelId: string): string[] => heardIn(centre.recording(channelId, 'heard'), tones);
  await until('the recordings are whole', () => Promise.resolve(hears(`${call.id}.o1`).length > 0));
  expect(hears(`${call.id}.o1`)).toEqual(['caller']);
  expect(hears(call.channelId)).toEqual(['first']);
}

test('the transfer button is refused, blind and attended: nobody moves', async () => {
  const talking = await talk();
  const { operator } = talking;
  const since = Date.now();
  const { extension } = second();
  await operator.refer(`<sip:${extension}@127.0.0.1>`);
  await operator.refer(`<sip:${extension}@127.0.0.1?Replaces=${encodeURIComponent(operatorLeg(talking))}>`);
  await operator.refer(`<sip:${extension}@127.0.0.1?Replaces=${encodeURIComponent(callerLeg(talking))}>`);
  const final = operator.messages.filter(({ about, status }) => about === 'REFER' && (status ?? 0) >= 200);
  expect(new Set(final.map(({ cseq }) => cseq)).size).toBe(3);
  for (const { status } of final) expect(status).toBe(603);
  await nothingMoved(talking, since);
  await ends(talking);
}, 40_000);

const legs: [string, (talk: Talk) => string][] = [
  ["the operator's leg", operatorLeg],
  ["the caller's leg", callerLeg],
];
const strangers: [string, () => Parameters<Centre['dialLine']>[1]][] = [
  ['a carrier', () => ({ address: carriers.seluler, number: '085555555555' })],
  ["another operator's phone", () => ({ address: '127.0.0.1', account: second() })],
];
describe.each(strangers)('an INVITE of %s that is to replace', (_who, from) => {
  test.each(legs)(
    '%s is refused, and nobody moves',
    async (_which, leg) => {
      const talking = await talk();
      const since = Date.now();
      const headers = [`Replaces: ${leg(talking)}`];
      await expect(centre.dialLine(tones.intruder, { ...from(), headers })).rejects.toThrow('404');
      await nothingMoved(talking, since);
      expect(await live()).toEqual([talking.call.id]);
      await ends(talking);
    },
    40_000,
  );
});

/** The operators' own phones take nothing meanwhile. */
async function state(body: object): Promise<void> {
  for (const { id } of centre.operators) await centre.api.ask('POST', `/v1/operators/${id}/state`, { body });
}

test('keys sent in the media (RFC 4733) do what those by SIP INFO do, and an unknown code touches nothing', async () => {
  const made = await centre.api.ask('POST', '/v1/operators', { body: { name: 'Tri', extension: '103' } });
  const own = z
    .object({ id: z.string(), sip: z.object({ username: z.string(), password: z.string() }) })
    .parse(made.body);
  await state({ state: 'paused', reason: 'istirahat' });
  const media = new Media();
  const [server, port] = [centre.asterisk.sip, await freePort()];
  const phone = await LinePhone.start(media, { server, port, account: own.sip, tone: tones.first });
  try {
    await centre.api.operatorIs(own.id, 'available');
    const caller = await centre.dialLine(tones.caller);
    const [id = ''] = await live();
    await centre.feed.waitFor('operator.talking', { callId: id });
    const call = await centre.api.call(id);
    await until('both hear each other', () =>
      Promise.resolve(caller.secondsOf(tones.first) > 0.5 && phone.secondsOf(tones.caller) > 0.5),
    );
    const typed = Date.now();
    const type = async (keys: string): Promise<void> => {
      for (const [index, key] of Array.from(keys).entries()) {
        const before = centre.feed.all('key.pressed', { callId: id }).length;
        phone.press(key);
        const taken = (): boolean => centre.feed.all('key.pressed', { callId: id }).length > before;
        await until(`key ${index} of ${keys} is taken`, () => Promise.resolve(taken()), 5_000);
      }
    };
    await type('*1');
    await happened('caller.held', call);
    await until('he hears music', () => Promise.resolve(hearsMusic(centre.recording(call.channelId, 'heard'))), 8_000);
    const resumed = Date.now();
    await happened('caller.resumed', call);
    await until('he is back', () => Promise.resolve(caller.secondsOf(tones.first, resumed) > 1), 10_000);
    await type('*0');
    await happened('code.unknown', call, { code: '*0' });
    const unknown = Date.now();
    await until('they talk on', () => Promise.resolve(caller.secondsOf(tones.first, unknown) > 1.5), 8_000);
    // The operator is told meanwhile that there is no such code.
    expect(caller.missed(tones.first, unknown)).toBeLessThan(200);
    await type('*8');
    // No supervisor is there.
    await happened('assist.refused', call);
    const { stage, hold, parties, operatorId } = await centre.api.call(id);
    expect({ stage, hold, parties, operatorId }).toEqual({
      stage: 'talking',
      hold: null,
      parties: [],
      operatorId: own.id,
    });
    // Star is 941 and 1209 Hz, 8 is 852 and 1336 Hz.
    for (const tone of [941, 1209, 852, 1336]) expect(caller.secondsOf(tone, typed)).toBeLessThan(0.1);
    // It is whispered, and in no recording of the operator's.
    await until(
      'the operator is told',
      () => samplesHavePrompt(phone.samples(typed), 'code-unknown', tones.caller),
      8_000,
    );
    await caller.hangUp();
    expect(hearsPrompt(centre.recording(call.channelId, 'heard'), 'code-unknown')).toBe(false);
  } finally {
    await state({ state: 'available' });
    phone.close();
    await media.stop();
    await centre.api.ask('DELETE', `/v1/operators/${own.id}`);
  }
}, 90_000);

const happened = (type: string, call: CallView, detail: Record<string, unknown> = {}) =>
  centre.feed.waitFor(type, { callId: call.id, detail });

test('who is on hold by a softphone hears music, and after the limit another operator', async () => {
  const { caller, call, operator } = await talk();
  await operator.hold();
  await happened('operator.holds', call);
  const held = Date.now() + 500;
  expect((await centre.api.call(call.id)).hold).toMatchObject({ because: 'phone' });
  await happened('operator.holds-long', call, { released: true });
  expect(caller.longestSilence(held)).toBeLessThan(2_000);
  expect(caller.secondsOf(tones.first, held)).toBeLessThan(0.1);
  await operator.waitFor('ended');
  await happened('operator.talking', call, { operatorId: second().id });
  await until('another speaks', () => Promise.resolve(caller.secondsOf(tones.second) > 1), 10_000);
  expect(caller.ended).toBe(false);
  expect((await centre.api.call(call.id)).hold).toBeNull();
  await caller.hangUp();
  await until('the recording is whole', () => Promise.resolve(hearsMusic(centre.recording(call.channelId, 'heard'))));
}, 40_000);

test('a softphone that holds in a conference leaves the caller with the other one', async () => {
  const { caller, call, operator } = await talk();
  const body = { purpose: 'conference', operatorId: second().id };
  expect((await centre.api.ask('POST', `/v1/calls/${call.id}/parties`, { body })).status).toBe(202);
  await happened('party.joined', call);
  await operator.hold();
  await happened('operator.holds', call);
  const held = Date.now() + 500;
  await happened('operator.holds-long', call, { released: false });
  expect(caller.missed(tones.second, held)).toBeLessThan(500);
  await operator.unhold();
  await happened('operator.holds-no-more', call);
  const back = Date.now();
  await until('all three hear each other', () => Promise.resolve(caller.secondsOf(tones.first, back) > 1), 10_000);
  expect((await centre.api.call(call.id)).operatorId).toBe(centre.operators[0]?.id);
  // Alone with the caller, it holds no longer than the limit.
  await operator.hold();
  const [party] = (await centre.api.call(call.id)).parties;
  await centre.api.ask('DELETE', `/v1/calls/${call.id}/parties/${party?.id}`);
  await happened('operator.holds-long', call, { released: true });
  await happened('operator.talking', call, { operatorId: second().id });
}, 50_000);

test('a softphone that holds during a consult leaves the caller his own hold, and its limit', async () => {
  const { caller, call, operator } = await talk();
  const body = { purpose: 'consult', operatorId: second().id };
  expect((await centre.api.ask('POST', `/v1/calls/${call.id}/parties`, { body })).status).toBe(202);
  await happened('party.joined', call);
  await operator.hold();
  await happened('operator.holds', call);
  expect((await centre.api.call(call.id)).hold).toMatchObject({ because: 'consult' });
  // Back, he is alone with a phone that holds; then with whoever is free.
  await happened('caller.resumed', call, { reason: 'time-limit' });
  await happened('operator.lost', call);
  await until('somebody speaks to him', () =>
    Promise.resolve(caller.secondsOf(tones.first) + caller.secondsOf(tones.second) > 2),
  );
  expect(caller.ended).toBe(false);
}, 40_000);

// Last: its controller is another one from then on.
test('an operator who was mute when his controller died is so until he wants to be heard again', async () => {
  const { caller, call, operator } = await talk();
  await operator.press('*');
  await operator.press('2');
  await centre.feed.waitFor('operator.muted');
  const muted = Date.now() + 500;
  await until('two seconds without a word', () => Promise.resolve(Date.now() - muted > 2_000));
  centre.controllers[0]?.kill('SIGKILL');
  await centre.startController({ rank: 0 });
  await centre.follow();
  await until(
    'another goes on',
    async () => (await centre.api.ask('GET', `/v1/calls/${call.id}`)).at('muted') === true,
  );
  expect(caller.secondsOf(tones.first, muted)).toBeLessThan(0.1);
  await operator.press('*');
  await operator.press('2');
  await centre.feed.waitFor('operator.unmuted');
  const since = Date.now();
  await until('he is heard again', () => Promise.resolve(caller.secondsOf(tones.first, since) > 1), 10_000);
  expect([caller.ended, operator.ended]).toEqual([false, false]);
}, 90_000);
