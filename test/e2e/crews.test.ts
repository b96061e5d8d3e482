import { z } from 'zod';
import { accepts, answers } from '../../scripts/sip/phone.mjs';
import { agencySchema } from '../../src/agencies/agency.ts';
import { incidentNumber } from '../../src/incidents/incident-number.ts';
import type { Centre } from '../support/centre.ts';
import { samplesHavePrompt } from '../support/ear.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

// Crews that call the number of the setting and say by keys where they are. The last test kills the only controller.
const responderNumber = '0761555300';
const operatorTone = 660;
let centre: Centre;
let pin: string;
/** What was called for a crew, by its SIP Call-ID: none of it is a 112 call. */
const reports: string[] = [];

beforeAll(async () => {
  centre = await startCentre({ name: 'crews', operators: 1 });
  await centre.operatorPhones(answers(), [operatorTone]);
  await centre.api.set({ responderNumber });
  const made = await centre.api.ask('POST', '/v1/agencies/damkar/crew-pin');
  pin = z
    .string()
    .regex(/^\d{6}$/)
    .parse(made.at('pin'));
  const kept = (): Promise<string> => centre.cli('database get siaga responder-number');
  await until('the dialplan knows the number', async () => (await kept()).includes(responderNumber));
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear());

async function crew(number?: string): Promise<LineCaller> {
  const caller = await centre.dialLine(0, { dials: responderNumber, ...(number === undefined ? {} : { number }) });
  reports.push(caller.wire.callId);
  return caller;
}

async function keys(caller: LineCaller, text: string): Promise<void> {
  for (const key of text) await caller.wire.press(key);
}

const isSaid = (caller: LineCaller, prompt: string, within = 10_000): Promise<void> =>
  until(`"${prompt}" is said`, () => samplesHavePrompt(caller.samples(), prompt), within);

/** Is it said, and is the phone then hung up by the centre? */
async function isTold(caller: LineCaller, prompt: string): Promise<void> {
  await until(`"${prompt}" is said and the phone hung up`, () => caller.ended, 20_000);
  await isSaid(caller, prompt, 3_000);
}

/** The fire brigade has taken a call that is over. */
async function dispatched(): Promise<{ dispatchId: string; incidentId: string; number: string }> {
  await centre.trunk('damkar-1', accepts({ pressAfter: 200 }));
  const citizen = await centre.dial();
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  const { incidentId } = call;
  const path = `/v1/incidents/${incidentId}/dispatches`;
  const made = await centre.api.ask('POST', path, { body: { agencyId: 'damkar' } });
  const dispatchId = z.string().parse(made.at('id'));
  await centre.feed.waitFor('dispatch.joined', { detail: { dispatchId } });
  await centre.clear();
  return { dispatchId, incidentId, number: incidentNumber(incidentId) };
}

const stateOf = async (dispatchId: string): Promise<unknown> =>
  (await centre.api.ask('GET', `/v1/dispatches/${dispatchId}`)).at('responder.state');

test('a crew keys incident, PIN and its steps; never back; a citizen who dials 112 meanwhile is served', async () => {
  const { dispatchId, incidentId, number } = await dispatched();
  const caller = await crew();
  await isSaid(caller, 'crew-number');
  await keys(caller, number);
  await isSaid(caller, 'crew-pin');
  await keys(caller, pin);
  await isSaid(caller, 'crew-keys');

  const citizen = await centre.dialLine(440);
  await until('the operator is heard', () => citizen.secondsOf(operatorTone) > 0.5);

  // In the media, as telephones do.
  caller.press('2');
  await isSaid(caller, 'crew-en-route');
  expect(await stateOf(dispatchId)).toBe('en-route');
  await keys(caller, '1');
  await isSaid(caller, 'crew-behind');
  await keys(caller, '3');
  await isSaid(caller, 'crew-on-scene');
  await keys(caller, '4');
  await isTold(caller, 'crew-done');
  expect(await stateOf(dispatchId)).toBe('done');
  const step = await centre.feed.waitFor('responder.done', { detail: { dispatchId } });
  expect(step.detail).toEqual({ dispatchId, agencyId: 'damkar', by: 'phone', note: null });
  const timeline = await centre.api.ask('GET', `/v1/incidents/${incidentId}/timeline`);
  const told = timeline.pluck('items', 'type').filter((type) => String(type).startsWith('responder.'));
  expect(told).toEqual(['responder.en-route', 'responder.on-scene', 'responder.done']);
  // A voice has any tone for a moment.
  expect(caller.hearsOnly(operatorTone, 0.2)).toBe(false);
  expect(citizen.hearsOnly(operatorTone, 0.2)).toBe(true);
  expect(citizen.ended).toBe(false);
}, 90_000);

test('three wrong PINs end it, and the trail says who was tried; a number that no incident has is answered the same', async () => {
  const { dispatchId, number } = await dispatched();
  const wrong = pin === '000001' ? '000002' : '000001';
  const caller = await crew('081200000001');
  for (let times = 1; times <= 2; times += 1) {
    await keys(caller, `${number}${wrong}`);
    await until('it is wrong', async () => (await refusals()).length === times);
    await isSaid(caller, 'crew-wrong');
  }
  await keys(caller, `${number}${wrong}`);
  await isTold(caller, 'crew-locked');
  const tried = { by: 'phone', caller: '081200000001', number, agencyIds: ['damkar'] };
  expect((await refusals()).at(-1)).toMatchObject(tried);
  const other = await crew('081200000002');
  await keys(other, `${number === '999999' ? '999998' : '999999'}${pin}`);
  await isSaid(other, 'crew-wrong');
  await keys(other, `${number}${pin}`);
  await isSaid(other, 'crew-keys');
  await keys(other, '1');
  await isSaid(other, 'crew-acknowledged');
  await other.hangUp();
  expect(await stateOf(dispatchId)).toBe('acknowledged');
  expect(await refusals()).toHaveLength(3);
  expect((await centre.api.ask('GET', '/v1/audit')).text).not.toContain(pin);
}, 90_000);

async function refusals(): Promise<unknown[]> {
  return (await centre.api.ask('GET', '/v1/audit?action=responders.pin-refused')).pluck('items', 'detail').reverse();
}

test('a crew that hangs up in the middle leaves nothing behind', async () => {
  const caller = await crew();
  await keys(caller, '123');
  await caller.hangUp();
  await centre.noChannelLeft(5_000);
});

test('a zero and nothing behind it is a 112 call: an operator answers', async () => {
  const caller = await crew();
  await isSaid(caller, 'crew-number');
  await keys(caller, '0');
  const call = await centre.api.taken(caller.wire, 15_000);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  await until('the operator is heard', () => caller.secondsOf(operatorTone) > 0.5);
  await caller.hangUp();
  expect(await centre.api.recordOf(caller.wire.callId)).toMatchObject({ outcome: 'answered' });
  reports.splice(reports.indexOf(caller.wire.callId), 1);
}, 40_000);

test("an agency's own desk reports as well, and calls nobody else", async () => {
  const { dispatchId, number } = await dispatched();
  const { headers, body } = await centre.api.ask('GET', '/v1/agencies/pln');
  const { id, version, ...pln } = agencySchema.parse(body);
  expect([id, version]).toEqual(['pln', 2]);
  const edited = await centre.api.ask('PUT', '/v1/agencies/pln', {
    headers: { 'if-match': headers.get('etag') ?? '' },
    body: { ...pln, trunks: [...pln.trunks, { id: 'pln-desk', type: 'desk', name: 'Piket' }] },
  });
  expect(edited.status).toBe(200);
  const made = await centre.api.ask('POST', '/v1/agencies/pln/trunks/pln-desk/credentials');
  const account = z.object({ username: z.string(), password: z.string() }).parse(made.at('sip'));
  const desk = { ...account, id: 'pln-desk', extension: '0' };
  await expect(centre.dialAtDesk(desk, '112')).rejects.toThrow('403');
  const caller = await centre.dialAtDesk(desk, responderNumber);
  // The desk is another agency's: what counts is the PIN.
  await keys(caller, `${number}${pin}`);
  await isSaid(caller, 'crew-keys');
  await keys(caller, '3');
  await isSaid(caller, 'crew-on-scene');
  expect(await stateOf(dispatchId)).toBe('on-scene');
}, 60_000);

test('with no controller a crew is told so and hung up, a citizen is answered; no report is on record as a call', async () => {
  const [controller] = centre.controllers;
  controller?.kill('SIGKILL');
  await controller?.exited;
  const caller = await crew();
  await isTold(caller, 'crew-no-controller');
  const citizen = await centre.dialLine(440);
  await until('the operator is heard', () => citizen.secondsOf(operatorTone) > 0.5, 20_000);
  await citizen.hangUp();
  await centre.startController({ rank: 0 });
  // Later in the log than all the others.
  await centre.api.recordOf(citizen.wire.callId, 30_000);
  expect(reports).toHaveLength(5);
  const recorded = await centre.api.sql(z.unknown(), 'select id from calls where sip_call_id = any($1)', [reports]);
  expect(recorded).toEqual([]);
  await centre.api.set({ responderNumber: null });
  const kept = (): Promise<string> => centre.cli('database get siaga responder-number');
  await until('the number is a 112 number like any other', async () => !(await kept()).includes(responderNumber));
  const other = await centre.dialLine(440, { dials: responderNumber });
  await centre.api.taken(other.wire);
}, 90_000);
