import { z } from 'zod';
import { answers, rejects, type Call, type Phone } from '../../scripts/sip/phone.mjs';
import { callbackView } from '../../src/triage/callback-routes.ts';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import { heardIn } from '../support/ear.ts';
import { idleInOrder, pauseOperator, resumeOperator } from '../support/idle.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

const tones = { operator: 660, outside: 1100 };
const spacing = 10_000;
let centre: Centre;
/** Whoever is called back answers here. */
let outside: Phone;

beforeAll(async () => {
  centre = await startCentre({ name: 'callback', operators: 2 });
  outside = await centre.outsidePhone({ tone: tones.outside });
  await centre.api.set({
    outgoingNumber: '0761112',
    callbackMinimumWaitSeconds: 0,
    callbackSpacingSeconds: spacing / 1_000,
    callbackTries: 2,
    callbackOperators: 1,
  });
  await centre.operatorPhones(answers(), [tones.operator, tones.operator]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear());

let numbers = 0;
const newNumber = (): string => `+6281277711${String((numbers += 1)).padStart(2, '0')}`;

async function dial(from = newNumber()): Promise<{ citizen: Call; call: CallView }> {
  const citizen = await centre.dial({ from });
  return { citizen, call: await centre.api.taken(citizen) };
}

/** With nobody free, somebody calls and gives up. */
async function abandoned(from = newNumber()): Promise<CallView> {
  const { citizen, call } = await dial(from);
  await citizen.waitFor('answered');
  await citizen.hangUp();
  await until('he is on the list', async () => (await callbackOf(call.id)) !== undefined);
  return call;
}

async function callbackOf(callId: string): Promise<z.output<typeof callbackView> | undefined> {
  const { items } = await centre.api.get('/v1/callbacks?limit=200', z.object({ items: z.array(callbackView) }));
  return items.find((one) => one.callId === callId);
}
const reaches = (callId: string, state: string): Promise<void> =>
  until(`the call is ${state}`, async () => (await callbackOf(callId))?.state === state, 15_000);

test('who gave up is called back as soon as an operator is free, as an emergency centre does it', async () => {
  await idleInOrder(centre);
  outside.behave(answers());
  const call = await abandoned('+628127771234');
  const rung = centre.upcoming(outside, 20_000);
  await resumeOperator(centre, 0);
  const back = await rung;
  expect(back.invite.uri).toMatch(/^sip:\+?628127771234@|^sip:08127771234@/);
  // RFC 7090
  expect(back.header('Priority')).toBe('psap-callback');
  expect(back.from.user).toBe('0761112');
  // The operator is there before the citizen's phone rings.
  const operator = centre.phones[0]?.calls.at(-1);
  expect(operator?.times.answered).toBeLessThan(back.times.invite ?? 0);
  await reaches(call.id, 'calling');
  const answered = await centre.feed.waitFor('outgoing.answered');
  const id = String(answered.detail['outgoingId']);
  await back.pause(1_500);
  await back.hangUp();
  await reaches(call.id, 'reached');
  await centre.quiet();
  expect(heardIn(centre.recording(`${id}.x1`, 'heard'), tones)).toEqual(['operator']);
  expect(heardIn(centre.recording(`${id}.o1`, 'heard'), tones)).toEqual(['outside']);
  expect(await callbackOf(call.id)).toMatchObject({ tries: 1 });
}, 60_000);

test('who reported by an app, and wishes it, is called back: a person of the centre is on the line first', async () => {
  await idleInOrder(centre);
  outside.behave(answers());
  const rung = centre.upcoming(outside, 20_000);
  const reported = await centre.api.ask('POST', '/v1/incidents', {
    as: 'client',
    headers: { 'idempotency-key': 'report-with-callback' },
    body: {
      kind: 'information',
      text: 'Jalan ditutup?',
      source: 'app',
      reporter: { number: '081277718899' },
      wantsCallback: true,
    },
  });
  expect(reported.status).toBe(201);
  await resumeOperator(centre, 0);
  const back = await rung;
  expect(back.invite.uri).toMatch(/^sip:\+?6281277718899@|^sip:081277718899@/);
  expect(centre.phones[0]?.calls.at(-1)?.times.answered).toBeLessThan(back.times.invite ?? 0);
  await centre.feed.waitFor('outgoing.answered');
  await back.pause(500);
  await back.hangUp();
  const listed = async () =>
    (await centre.api.get('/v1/callbacks?limit=200', z.object({ items: z.array(callbackView) }))).items.find(
      ({ incidentId }) => incidentId === reported.at('id'),
    );
  await until('he is reached', async () => (await listed())?.state === 'reached', 15_000);
  expect(await listed()).toMatchObject({ callId: null, tries: 1 });
}, 60_000);

test('nobody is called back while a caller waits, and no more at once than is set', async () => {
  await idleInOrder(centre);
  outside.behave(answers());
  const [first, second] = [await abandoned(), await abandoned()];
  const waiting = await dial();
  const before = outside.calls.length;
  await resumeOperator(centre, 0);
  const talking = await centre.feed.waitFor('operator.talking', { callId: waiting.call.id });
  expect(outside.calls).toHaveLength(before);
  expect(talking.detail['operatorId']).toBe(centre.operators[0]?.id);
  // With the caller served and two operators there, one of them calls back and the other stays free.
  await waiting.citizen.hangUp();
  await resumeOperator(centre, 1);
  await until('one is called back', () => outside.calls.length === before + 1, 15_000);
  await outside.calls.at(-1)?.waitFor('answered');
  const states = async () => {
    const found = await Promise.all([callbackOf(first.id), callbackOf(second.id)]);
    return found.map((one) => one?.state).sort();
  };
  expect(await states()).toEqual(['calling', 'listed']);
  // A caller who comes now has the other operator at once.
  const next = await dial();
  await centre.feed.waitFor('operator.talking', { callId: next.call.id });
  expect(outside.calls).toHaveLength(before + 1);
  await next.citizen.hangUp();
  await outside.calls.at(-1)?.hangUp();
  await until('the other one is called back', () => outside.calls.length === before + 2, 20_000);
  await outside.calls.at(-1)?.waitFor('answered');
  await outside.calls.at(-1)?.hangUp();
  await until('both were reached', async () => (await states()).join() === 'reached,reached', 15_000);
}, 90_000);

test('who is busy is called again after a while, so often as is set; then he stays on the list for a person', async () => {
  await idleInOrder(centre);
  outside.behave(rejects(486));
  const call = await abandoned();
  const before = outside.calls.length;
  await resumeOperator(centre, 0);
  await until('he was tried twice', () => outside.calls.length === before + 2, 40_000);
  const [one, two] = outside.calls.slice(before);
  expect((two?.times.invite ?? 0) - (one?.times.invite ?? 0)).toBeGreaterThanOrEqual(spacing);
  await until('both tries are noted', async () => (await callbackOf(call.id))?.tries === 2);
  expect(await callbackOf(call.id)).toMatchObject({ state: 'listed', nextTryAt: null });
  const review = { disposition: 'abandoned', note: 'Tidak dapat dihubungi. (Could not be reached.)' };
  const answer = await centre.api.ask('POST', `/v1/callbacks/${(await callbackOf(call.id))?.id}/review`, {
    body: review,
  });
  expect(answer.status).toBe(200);
  expect((await callbackOf(call.id))?.state).toBe('reviewed');
}, 90_000);

test('a citizen who dials 112 again while he is called back is served, and taken off the list', async () => {
  await idleInOrder(centre);
  outside.behave(rejects(486));
  const number = newNumber();
  const call = await abandoned(number);
  const again = await dial(number);
  await resumeOperator(centre, 0);
  await centre.feed.waitFor('operator.talking', { callId: again.call.id });
  await reaches(call.id, 'redialled');
  expect(again.call.incidentId).toBe(call.incidentId);
  await again.citizen.hangUp();
  await pauseOperator(centre, 0);
}, 60_000);
