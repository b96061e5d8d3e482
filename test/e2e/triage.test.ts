import { z } from 'zod';
import { answers, type Call } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import { callbackView } from '../../src/triage/callback-routes.ts';
import type { Centre } from '../support/centre.ts';
import { hearsPrompt } from '../support/ear.ts';
import { pauseOperator, resumeOperator } from '../support/idle.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

let centre: Centre;
const nuisance = {
  prank: 12,
  ghost: 2,
  silent: 1,
  shortCall: 0,
  repeat: 0,
  halfLifeHours: 168,
  lowerAt: 10,
  challengeAt: 20,
};

beforeAll(async () => {
  centre = await startCentre({
    name: 'triage',
    operators: 1,
    // Whoever is abandoned here is called back by nobody.
    settings: { nuisance, callbackOperators: 0 },
  });
  await centre.operatorPhones(answers(), [660]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(async () => {
  await centre.clear();
  await resumeOperator(centre, 0);
});

interface Dialled {
  citizen: Call;
  call: CallView;
}

async function dial(from: string, options: { cell?: string; digits?: { digit: string; after: number }[] } = {}) {
  const { cell, digits } = options;
  const citizen = await centre.dial({
    from,
    ...(cell === undefined ? {} : { accessNetwork: `3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=${cell}` }),
    ...(digits === undefined ? {} : { digits }),
  });
  return { citizen, call: await centre.api.taken(citizen) };
}

const talking = (call: CallView): Promise<unknown> => centre.feed.waitFor('operator.talking', { callId: call.id });

async function talkAndHangUp({ citizen, call }: Dialled): Promise<void> {
  await talking(call);
  await citizen.hangUp();
  await centre.quiet();
}

/** A caller whose calls were pranks, so many of them. */
async function prankster(number: string, pranks: number): Promise<void> {
  for (let n = 0; n < pranks; n += 1) {
    const dialled = await dial(number);
    await talkAndHangUp(dialled);
    await centre.api.edit(`/v1/incidents/${dialled.call.incidentId}`, { disposition: 'prank', status: 'closed' });
  }
  await until('it is noted', async () => {
    const { contributions } = await centre.api.get(
      `/v1/nuisance?number=${encodeURIComponent(number)}`,
      z.object({ contributions: z.array(z.unknown()) }),
    );
    return contributions.length === pranks;
  });
}

async function callbackOf(callId: string): Promise<z.output<typeof callbackView> | undefined> {
  const { items } = await centre.api.get('/v1/callbacks?limit=200', z.object({ items: z.array(callbackView) }));
  return items.find((one) => one.callId === callId);
}
const onTheList = (callId: string, state: string): Promise<void> =>
  until(`the call is ${state}`, async () => (await callbackOf(callId))?.state === state);

/** One of a kind: the calls of one test are nobody else's redials. */
let numbers = 0;
const newNumber = (): string => `+6281277700${String((numbers += 1)).padStart(2, '0')}`;

test('an abandoned call is listed with its wait; a redial joins its incident and takes it off', async () => {
  await pauseOperator(centre, 0);
  const number = newNumber();
  const first = await dial(number);
  await first.citizen.waitFor('answered');
  await first.citizen.pause(2_000);
  await first.citizen.hangUp();
  await onTheList(first.call.id, 'listed');
  const listed = await callbackOf(first.call.id);
  expect(listed).toMatchObject({ number, notCallable: null, incidentId: first.call.incidentId });
  expect(listed?.rangSeconds).toBeGreaterThanOrEqual(2);
  expect(listed?.rangSeconds).toBeLessThan(20);

  const second = await dial(number);
  expect(second.call.incidentId).toBe(first.call.incidentId);
  await resumeOperator(centre, 0);
  await talking(second.call);
  await onTheList(first.call.id, 'redialled');
  const incident = await centre.api.incident(first.call.incidentId);
  expect(incident.callIds).toEqual([first.call.id, second.call.id]);
  expect(centre.feed.all('call.joined-incident', { callId: second.call.id })).toHaveLength(1);
}, 60_000);

test('a prankster waits behind a later clean caller, and is answered', async () => {
  const number = newNumber();
  await prankster(number, 1);
  await pauseOperator(centre, 0);
  const prank = await dial(number);
  await centre.feed.waitFor('caller.lowered', { callId: prank.call.id });
  const clean = await dial(newNumber());
  await resumeOperator(centre, 0);
  await talking(clean.call);
  expect(centre.feed.all('operator.assigned', { callId: prank.call.id })).toEqual([]);
  await clean.citizen.hangUp();
  await talking(prank.call);
}, 60_000);

test('who is asked presses 1 and has his ordinary place; who presses nothing is answered as well', async () => {
  const number = newNumber();
  await prankster(number, 2);
  const pressing = await dial(number, { digits: [{ digit: '1', after: 2_000 }] });
  await centre.feed.waitFor('caller.challenged', { callId: pressing.call.id });
  const raised = await centre.feed.waitFor('caller.raised', { callId: pressing.call.id });
  expect(raised.detail).toMatchObject({ priority: 3, by: 'caller' });
  // No phone rang before the key.
  const assigned = await centre.feed.waitFor('operator.assigned', { callId: pressing.call.id });
  expect(assigned.at).toBeGreaterThanOrEqual(raised.at);
  await talking(pressing.call);
  await pressing.citizen.hangUp();
  await centre.quiet();
  expect(hearsPrompt(centre.recording(pressing.call.channelId, 'heard'), 'challenge')).toBe(true);

  const silent = await dial(number);
  await centre.feed.waitFor('caller.challenged', { callId: silent.call.id });
  const lowered = await centre.feed.waitFor('caller.lowered', { callId: silent.call.id, within: 30_000 });
  expect(lowered.detail).toMatchObject({ priority: 9, because: 'no key' });
  await talking(silent.call);
}, 90_000);

test('a score is lifted when another call from the same cell opens a real incident', async () => {
  const number = newNumber();
  const cell = '51010A1B2C3D4E5F';
  await prankster(number, 1);
  const witness = await dial(newNumber(), { cell });
  await talking(witness.call);
  const prank = await dial(number, { cell });
  const elsewhere = await dial(number, { cell: '51010A1B2C3D4E50' });
  await centre.feed.waitFor('caller.lowered', { callId: prank.call.id });
  await centre.api.edit(`/v1/incidents/${witness.call.incidentId}`, { kind: 'information' });
  expect(centre.feed.all('caller.raised', { callId: prank.call.id })).toEqual([]);
  await centre.api.edit(`/v1/incidents/${witness.call.incidentId}`, { kind: 'crime' });
  const raised = await centre.feed.waitFor('caller.raised', { callId: prank.call.id });
  expect(raised.detail).toMatchObject({ priority: 3, by: 'triage' });
  expect(centre.feed.all('caller.raised', { callId: elsewhere.call.id })).toEqual([]);
  await elsewhere.citizen.hangUp();
  await witness.citizen.hangUp();
  await talking(prank.call);
}, 60_000);
