import { z } from 'zod';
import { answers, rejects, type Behaviour, type Call } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import { startCentre } from '../support/start-centre.ts';
import { hearsMusic, hearsPrompt, heardIn } from '../support/ear.ts';
import { pauseOperator, resumeOperator } from '../support/idle.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { timePasses, until, type Answer } from '../support/rest.ts';

const tones = { caller: 440, first: 660, second: 880, third: 1100 };
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'talking', operators: 3, settings: { holdSeconds: 30 } });
  await centre.operatorPhones(answers(), [tones.first, tones.second, tones.third]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(async () => {
  await centre.clear();
  for (const phone of centre.phones) phone.behave(answers());
});

const idOf = (index: number): string => centre.operators[index]?.id ?? '';
const extensionOf = (index: number): string => centre.operators[index]?.extension ?? '';

interface Talk {
  caller: LineCaller;
  call: CallView;
  /** The operator's side of the call, and which of the three he is. */
  operator: Call;
  index: number;
}

/** A caller who talks with the first operator; the two others are free. */
async function talk(): Promise<Talk> {
  for (const index of [1, 2]) await pauseOperator(centre, index);
  const rung = centre.upcoming(centre.phoneOf(0));
  const caller = await centre.dialLine(tones.caller);
  const { items } = await centre.api.get(
    '/v1/calls?live=true',
    z.object({ items: z.array(z.looseObject({ id: z.string() })) }),
  );
  const id = items[0]?.id ?? '';
  await centre.feed.waitFor('operator.talking', { callId: id });
  for (const index of [1, 2]) await resumeOperator(centre, index);
  return { caller, call: await centre.api.call(id), operator: await rung, index: 0 };
}

const command = (call: CallView, what: string, body?: object): Promise<Answer> =>
  centre.api.ask('POST', `/v1/calls/${call.id}/${what}`, body === undefined ? {} : { body });

async function bring(call: CallView, body: object): Promise<string> {
  const answer = await command(call, 'parties', body);
  expect(answer.text).toContain('purpose');
  expect(answer.status).toBe(202);
  return z.string().parse(answer.at('id'));
}

async function type(operator: Call, keys: string): Promise<void> {
  for (const key of keys) await operator.press(key);
}

/** The caller hears the tone for a second from now on. */
async function hears(caller: LineCaller, tone: number, since = Date.now()): Promise<void> {
  await until(`the caller hears ${tone}`, () => Promise.resolve(caller.secondsOf(tone, since) > 1), 10_000);
}

const happened = (type: string, call: CallView, detail: Record<string, unknown> = {}) =>
  centre.feed.waitFor(type, { callId: call.id, detail });
const heard = (channelId: string): string[] => heardIn(centre.recording(channelId, 'heard'), tones);
const legOf = (call: CallView, name: string): string => `${call.id}.${name}`;

async function over({ caller }: { caller: LineCaller }): Promise<void> {
  if (!caller.ended) await caller.hangUp();
  await centre.hangUpAll();
  await centre.quiet();
}

test('on hold the caller hears music and not the operator, and is back when he is taken back', async () => {
  const { caller, call } = await talk();
  await hears(caller, tones.first);
  expect((await command(call, 'hold')).status).toBe(202);
  const held = Date.now() + 500;
  expect((await centre.api.call(call.id)).hold).toMatchObject({ because: 'operator' });
  expect((await command(call, 'hold')).at('code')).toBe('calls.not-now');
  await timePasses(3_500);
  expect(caller.secondsOf(tones.first, held)).toBeLessThan(0.1);
  expect(caller.longestSilence(held)).toBeLessThan(2_000);
  expect((await command(call, 'resume')).status).toBe(202);
  await hears(caller, tones.first);
  expect((await command(call, 'resume')).at('code')).toBe('calls.not-on-hold');
  await over({ caller });
  expect(hearsMusic(centre.recording(call.channelId, 'heard'))).toBe(true);
}, 40_000);

test('muted, the operator is not heard; his keys work, and the caller hears none of them', async () => {
  const { caller, call, operator } = await talk();
  await hears(caller, tones.first);
  const typed = Date.now();
  await type(operator, '*2');
  await happened('operator.muted', call);
  const muted = Date.now() + 500;
  await timePasses(2_500);
  expect(caller.secondsOf(tones.first, muted)).toBeLessThan(0.1);
  await type(operator, '*2');
  await happened('operator.unmuted', call);
  await hears(caller, tones.first);
  await type(operator, '*0');
  await happened('code.unknown', call, { code: '*0' });
  await hears(caller, tones.first);
  // The tones of the keys: star is 941 and 1209 Hz, 2 is 697 and 1336 Hz.
  for (const tone of [941, 1209, 697, 1336]) expect(caller.secondsOf(tone, typed)).toBeLessThan(0.1);
  await over({ caller });
  expect(hearsPrompt(centre.recording(call.channelId, 'heard'), 'code-unknown')).toBe(false);
}, 40_000);

test('who is consulted is not heard by the caller, nor does he hear him; then all come together', async () => {
  const { caller, call, operator } = await talk();
  await hears(caller, tones.first);
  await type(operator, `*3${extensionOf(1)}#`);
  await happened('party.joined', call, { purpose: 'consult', operatorId: idOf(1) });
  const joined = Date.now();
  await timePasses(3_000);
  expect(caller.secondsOf(tones.first, joined)).toBeLessThan(0.1);
  expect(caller.secondsOf(tones.second, joined)).toBeLessThan(0.1);
  const consulting = heard(legOf(call, 'p2'));
  expect(consulting).toEqual(['first']);
  expect((await centre.api.call(call.id)).parties).toMatchObject([{ purpose: 'consult', operatorId: idOf(1) }]);
  await type(operator, '*5#');
  await happened('party.changed', call, { purpose: 'conference' });
  await hears(caller, tones.second);
  await hears(caller, tones.first);
  // The operator leaves, and whom he brought is the call's operator now.
  await operator.hangUp();
  await happened('party.took-over', call, { operatorId: idOf(1) });
  await centre.api.operatorIs(idOf(0), 'available');
  await hears(caller, tones.second);
  expect(caller.ended).toBe(false);
  await over({ caller });
  expect(heard(legOf(call, 'p2'))).toEqual(['caller', 'first']);
}, 60_000);

test('a consult ends with a key, and the caller is back with his operator', async () => {
  const { caller, call, operator } = await talk();
  await bring(call, { purpose: 'consult', operatorId: idOf(2) });
  await happened('party.joined', call, { purpose: 'consult', operatorId: idOf(2) });
  await type(operator, '*6');
  await happened('caller.resumed', call);
  await hears(caller, tones.first);
  await centre.api.operatorIs(idOf(2), 'available');
  expect(caller.secondsOf(tones.third, 0)).toBeLessThan(0.1);
}, 40_000);

test('handed over, the caller talks on with the colleague; the operator stays until he is there', async () => {
  const { caller, call, operator } = await talk();
  await hears(caller, tones.first);
  const key = { 'idempotency-key': 'hand-over-1' };
  const body = { purpose: 'hand-over', operatorId: idOf(2) };
  const asked = await centre.api.ask('POST', `/v1/calls/${call.id}/parties`, { body, headers: key });
  expect(asked.status).toBe(202);
  await happened('party.took-over', call, { operatorId: idOf(2) });
  await operator.waitFor('ended');
  await centre.api.operatorIs(idOf(0), 'available');
  await centre.api.operatorIs(idOf(2), 'talking');
  const since = Date.now();
  await hears(caller, tones.third);
  expect(caller.secondsOf(tones.first, since + 500)).toBeLessThan(0.1);
  const again = await centre.api.ask('POST', `/v1/calls/${call.id}/parties`, { body, headers: key });
  expect(again.at('code')).toBe('calls.party-ended');
  expect(centre.feed.all('party.requested', { callId: call.id })).toHaveLength(1);
  expect((await centre.api.call(call.id)).operatorId).toBe(idOf(2));
  await until('it is audited', async () => (await audited(call)).includes('calls.party-requested'));
}, 40_000);

async function audited(call: CallView): Promise<string[]> {
  const rows = await centre.api.sql(z.object({ action: z.string() }), 'select action from audit where subject = $1', [
    `call/${call.id}`,
  ]);
  return rows.map(({ action }) => action);
}

const refusals: [string, Behaviour, string][] = [['is busy', rejects(486), 'busy']];
test.each(refusals)(
  'a colleague who %s leaves the caller with his operator',
  async (_what, behaviour, reason) => {
    centre.phoneOf(1).behave(behaviour);
    const { caller, call } = await talk();
    await bring(call, { purpose: 'consult', operatorId: idOf(1) });
    await happened('party.not-reached', call, { reason });
    await hears(caller, tones.first);
    await over({ caller });
  },
  40_000,
);

test('the operator who hangs up while he holds the caller does not end the call', async () => {
  const { caller, call, operator } = await talk();
  await type(operator, '*1');
  await happened('caller.held', call);
  await pauseOperator(centre, 0);
  await operator.hangUp();
  await centre.feed.waitFor('operator.talking', { callId: call.id, count: 2 });
  expect(caller.ended).toBe(false);
  await resumeOperator(centre, 0);
  expect([idOf(1), idOf(2)]).toContain((await centre.api.call(call.id)).operatorId);
}, 40_000);

test("the softphone's hold is told", async () => {
  const { caller, call, operator } = await talk();
  await operator.hold();
  await happened('operator.holds', call);
  expect((await centre.api.call(call.id)).hold).toMatchObject({ because: 'phone' });
  await operator.unhold();
  await happened('operator.holds-no-more', call);
  await hears(caller, tones.first);
}, 40_000);

test('a ghost call is closed with one key', async () => {
  const { caller, call, operator } = await talk();
  await type(operator, '*9');
  await until('the caller is let go', () => Promise.resolve(caller.ended));
  const incident = await centre.api.incident(call.incidentId);
  expect(incident).toMatchObject({ status: 'closed', disposition: 'ghost' });
}, 40_000);

test('an operator commands the call that he talks on, and no other', async () => {
  const { call } = await talk();
  const answer = await centre.api.ask('POST', `/v1/calls/${call.id}/hold`, { as: 'operator' });
  expect(answer.status).toBe(403);
  expect(answer.at('code')).toBe('calls.not-yours');
  expect((await centre.api.ask('POST', `/v1/calls/${call.id}/hold`, { as: 'auditor' })).status).toBe(403);
  expect((await centre.api.call(call.id)).hold).toBeNull();
}, 40_000);

// Last: its phone is dead from then on.
test('a phone that dies while the caller is on hold: he rings at another operator', async () => {
  const { caller, call } = await talk();
  expect((await command(call, 'hold')).status).toBe(202);
  // It is not to ring again for this caller.
  await pauseOperator(centre, 0);
  await centre.phoneOf(0).kill();
  await centre.feed.waitFor('operator.lost', { callId: call.id, within: 25_000 });
  const talking = await centre.feed.waitFor('operator.talking', { callId: call.id, count: 2, within: 20_000 });
  expect([idOf(1), idOf(2)]).toContain(talking.detail['operatorId']);
  await until('he is heard', () =>
    Promise.resolve(caller.secondsOf(tones.second, 0) + caller.secondsOf(tones.third, 0) > 1),
  );
}, 60_000);
