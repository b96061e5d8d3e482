import { z } from 'zod';
import { answers, type Call, type Phone } from '../../scripts/sip/phone.mjs';
import { carriers, type Centre } from '../support/centre.ts';
import { heardIn, hearsMusic } from '../support/ear.ts';
import { idleInOrder } from '../support/idle.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import { offer, WireCall } from '../support/wire.ts';

// What an operator types while he talks, where it reaches beyond his own call: a supervisor, somebody outside.
const tones = { caller: 440, operator: 660, supervisor: 880, outside: 1100 };
let centre: Centre;
let outside: Phone;

beforeAll(async () => {
  centre = await startCentre({ name: 'keys', operators: 2 });
  outside = await centre.outsidePhone({ tone: tones.outside, behaviour: answers() });
  await centre.operatorPhones(answers(), [tones.operator, tones.supervisor]);
  const answer = await centre.api.ask('PATCH', `/v1/operators/${idOf(1)}`, { body: { tier: 'supervisor' } });
  expect(answer.status).toBe(200);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear());

const idOf = (index: number): string => centre.operators[index]?.id ?? '';

async function talk(): Promise<{ caller: LineCaller; callId: string; channelId: string; operator: Call }> {
  await idleInOrder(centre, 0);
  const rung = centre.upcoming(centre.phoneOf(0));
  const caller = await centre.dialLine(tones.caller);
  const call = await centre.api.taken(caller.wire);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  return { caller, callId: call.id, channelId: call.channelId, operator: await rung };
}

async function type(operator: Call, keys: string): Promise<void> {
  for (const key of keys) await operator.press(key);
}
const hears = (caller: LineCaller, tone: number, since: number): Promise<void> =>
  until(`the caller hears ${tone}`, () => caller.secondsOf(tone, since) > 1);

test('*8 brings a supervisor, who whispers to him and is not heard by the caller', async () => {
  const { caller, callId, operator } = await talk();
  await idleInOrder(centre, 0, 1);
  const since = Date.now();
  await type(operator, '*8');
  await centre.feed.waitFor('assist.requested', { callId, detail: { by: idOf(0) } });
  const joined = await centre.feed.waitFor('monitor.joined', { callId });
  expect(joined.detail).toMatchObject({ operatorId: idOf(1), mode: 'whisper' });
  await until('the supervisor hears both', () => {
    const heard = heardIn(centre.recording(`${callId}.m2`, 'heard'), tones);
    return heard.includes('caller') && heard.includes('operator');
  });
  await hears(caller, tones.operator, since);
  expect(caller.secondsOf(tones.supervisor, since)).toBe(0);
  // He takes the call over with a key of his own phone.
  const supervisor = centre.phones[1]?.calls.at(-1);
  await supervisor?.press('4');
  await hears(caller, tones.supervisor, Date.now());
  await operator.waitFor('ended');
  expect((await centre.api.call(callId)).operatorId).toBe(idOf(1));
}, 60_000);

test('*8 with no supervisor there is told to him, and the call goes on', async () => {
  const { caller, callId, operator } = await talk();
  const phone = centre.phones[1];
  const before = phone?.calls.length;
  const busy = await centre.api.ask('DELETE', `/v1/operators/${idOf(1)}/session`);
  expect(busy.status).toBe(204);
  await type(operator, '*8');
  const refused = await centre.feed.waitFor('assist.refused', { callId });
  expect(refused.detail['reason']).toBe('no supervisor is free');
  await hears(caller, tones.operator, Date.now());
  expect(phone?.calls).toHaveLength(before ?? -1);
  const desks = await centre.api.ask('GET', '/v1/desks');
  const deskId = desks.pluck('items', 'id')[desks.pluck('items', 'owner').indexOf(idOf(1))];
  const back = await centre.api.ask('POST', `/v1/operators/${idOf(1)}/session`, { body: { deskId } });
  expect([back.status, back.code]).toEqual([200, undefined]);
}, 60_000);

test('*7 asks the caller for a key, and his answer is told', async () => {
  const { caller, callId, operator } = await talk();
  await type(operator, '*7');
  const asked = await centre.feed.waitFor('silent.asked', { callId });
  expect(asked.detail).toMatchObject({ by: idOf(0) });
  caller.press('1');
  await centre.feed.waitFor('silent.answer', { callId, detail: { key: '1', meaning: 'yes' } });
}, 60_000);

test('*3 with a number asks somebody outside in private; *6 ends it, and the caller is back', async () => {
  const { caller, callId, channelId, operator } = await talk();
  const rung = centre.upcoming(outside);
  await type(operator, '*3118#');
  const other = await rung;
  expect(other.invite.uri).toMatch(/^sip:118@/);
  await centre.feed.waitFor('party.joined', { callId });
  const alone = Date.now() + 300;
  await until('the hospital hears the operator', () =>
    heardIn(centre.recording(`${callId}.p2`, 'heard'), tones).includes('operator'),
  );
  await until('the caller hears music', () => hearsMusic(centre.recording(channelId, 'heard')), 15_000);
  expect(caller.secondsOf(tones.outside, alone)).toBe(0);
  expect(heardIn(centre.recording(`${callId}.p2`, 'heard'), tones)).toEqual(['operator']);
  const back = Date.now();
  await type(operator, '*6');
  await other.waitFor('ended');
  await hears(caller, tones.operator, back);
}, 60_000);

test('*5 with a number brings somebody outside to both; a refused number rings nobody', async () => {
  const { caller, callId, operator } = await talk();
  await type(operator, '*50014155550100#');
  const refused = await centre.feed.waitFor('party.refused', { callId });
  expect(refused.detail['reason']).toBe('refused');
  const before = outside.calls.length;
  const rung = centre.upcoming(outside);
  await type(operator, '*5118#');
  await rung;
  await centre.feed.waitFor('party.joined', { callId });
  await hears(caller, tones.outside, Date.now());
  await hears(caller, tones.operator, Date.now());
  expect(outside.calls).toHaveLength(before + 1);
}, 60_000);

test('keys work without a recording as well, and the caller hears none of them', async () => {
  const { caller, callId, channelId, operator } = await talk();
  for (const leg of [channelId, `${callId}.o1`]) {
    const { body } = await centre.ari('GET', `channels/${leg}`);
    const { name } = z.object({ name: z.string() }).parse(body);
    await centre.cli(`mixmonitor stop ${name}`);
  }
  await hears(caller, tones.operator, Date.now());
  await type(operator, '*1');
  await centre.feed.waitFor('caller.held', { callId });
  await type(operator, '*1');
  await centre.feed.waitFor('caller.resumed', { callId });
  await hears(caller, tones.operator, Date.now());
  const keyTones = [697, 770, 852, 941, 1209, 1336, 1477];
  expect(keyTones.filter((tone) => caller.secondsOf(tone) > 0.05)).toEqual([]);
}, 60_000);

test("the operator's keys reach the timeline and not the caller, whether or not a recording runs", async () => {
  const wire = await WireCall.open({ server: centre.asterisk.sip, address: carriers.telkom, body: offer() });
  await idleInOrder(centre, 0);
  const rung = centre.upcoming(centre.phoneOf(0));
  await wire.talk();
  const call = await centre.api.taken(wire);
  const operator = await rung;
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  await operator.press('7');
  await centre.feed.waitFor('key.pressed', { callId: call.id, detail: { key: '7', by: 'operator' } });

  for (const channel of await centre.channels()) await centre.cli(`mixmonitor stop ${channel.split(' ')[0]}`);
  await operator.press('8');
  await centre.feed.waitFor('key.pressed', { callId: call.id, detail: { key: '8', by: 'operator' } });
  // The tone of the operator comes through after the key; the key does not.
  const before = wire.packets.length;
  await until('the caller still hears the operator', () => wire.packets.length > before + 25);
  expect(wire.keys()).toEqual([]);
  await wire.hangUp();
  const record = await centre.api.recordOf(wire.callId);
  const keys = (await centre.api.timelineOf(record.id)).filter(({ type }) => type === 'key.pressed');
  expect(keys.map(({ detail }) => detail)).toEqual([
    { key: '7', by: 'operator' },
    { key: '8', by: 'operator' },
  ]);
  wire.close();
});
