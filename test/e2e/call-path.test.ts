import { answers, rejects, rings, type Call } from '../../scripts/sip/phone.mjs';
import { notToBeTold } from '../../src/asterisk/translate.ts';
import type { CallView } from '../../src/calls/view.ts';
import { carriers, type Centre } from '../support/centre.ts';
import { idleInOrder as operatorsIdle, pauseOperator, resumeOperator } from '../support/idle.ts';
import { startCentre } from '../support/start-centre.ts';
import { hearsMusic, hearsPrompt, heardIn } from '../support/ear.ts';
import { until } from '../support/rest.ts';
import { eventsNotTold } from '../support/told.ts';
import { WireCall } from '../support/wire.ts';

const tones = { caller: 440, ani: 660, budi: 880, citra: 1100 };
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'call-path', operators: 3 });
  await centre.operatorPhones(answers(), [tones.ani, tones.budi, tones.citra]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(async () => {
  await centre.quiet();
  for (const phone of centre.phones) phone.behave(answers());
  for (const index of [0, 1, 2]) await resume(index);
  expect(centre.complaints()).toEqual([]);
});

const idOf = (index: number): string => centre.operators[index]?.id ?? '';

const pause = (index: number): Promise<void> => pauseOperator(centre, index);
const resume = (index: number): Promise<void> => resumeOperator(centre, index);
const idleInOrder = (...order: number[]): Promise<void> => operatorsIdle(centre, ...order);

async function dialAndTalk(): Promise<{ citizen: Call; call: CallView; operatorId: string }> {
  const citizen = await centre.dial();
  const call = await centre.api.taken(citizen);
  const talking = await centre.feed.waitFor('operator.talking', { callId: call.id });
  return { citizen, call, operatorId: String(talking.detail['operatorId']) };
}

test('Asterisk makes no events that nobody here has a use for', async () => {
  expect(await eventsNotTold(centre)).toEqual([...notToBeTold].sort());
});

test('answers with a greeting, shows who calls, and lets both hear each other', async () => {
  await idleInOrder(0);
  centre.phoneOf(0).behave(answers({ after: 2_500 }));
  const upcoming = centre.upcoming(centre.phoneOf(0));
  const citizen = await centre.dial({ from: '+6281234567890', displayName: 'Warga Tampan', tone: tones.caller });
  const operator = await upcoming;
  const call = await centre.api.taken(citizen);
  expect(operator.from).toMatchObject({ name: 'Warga Tampan', user: '+6281234567890' });
  // He is on the line, free to hear, long before the operator takes it.
  await citizen.waitFor('answered');
  expect(operator.times.answered).toBeUndefined();

  await centre.feed.waitFor('operator.talking', { callId: call.id });
  expect(operator.span('invite', 'answered')).toBeGreaterThan(2_000);
  expect(await centre.api.call(call.id)).toMatchObject({
    stage: 'talking',
    operatorId: idOf(0),
    callerNumber: '+6281234567890',
    callerName: 'Warga Tampan',
    carrier: 'telkom',
    dialled: '112',
  });
  await operator.pause(1_500);
  await citizen.hangUp();
  await centre.quiet();

  const caller = centre.recording(call.channelId, 'heard');
  expect(hearsPrompt(caller, 'greeting')).toBe(true);
  expect(heardIn(caller, tones)).toEqual(['ani']);
  expect(heardIn(centre.recording(`${call.id}.o1`, 'heard'), tones)).toEqual(['caller']);
  const record = await centre.api.recordOf(citizen.callId);
  expect(record).toMatchObject({ outcome: 'answered', operatorId: idOf(0), recordedBy: 'controller', stage: 'ended' });
});

test('the second carrier is told apart by its address', async () => {
  const citizen = await centre.dial({ address: carriers.seluler });
  expect(await centre.api.taken(citizen)).toMatchObject({ carrier: 'seluler' });
  await citizen.hangUp();
});

test('who has been idle the longest gets the next call', async () => {
  await idleInOrder(2, 0, 1);
  const first = [await dialAndTalk(), await dialAndTalk(), await dialAndTalk()];
  expect(first.map(({ operatorId }) => operatorId)).toEqual([idOf(2), idOf(0), idOf(1)]);
  for (const index of [1, 0, 2]) {
    await first[index]?.citizen.hangUp();
    await centre.api.operatorIs(first[index]?.operatorId ?? '', 'available');
  }
  const second = [await dialAndTalk(), await dialAndTalk(), await dialAndTalk()];
  expect(second.map(({ operatorId }) => operatorId)).toEqual([idOf(0), idOf(2), idOf(1)]);
});

test('an operator who does not answer in time is followed by the next', async () => {
  await idleInOrder(0, 1);
  centre.phoneOf(0).behave(rings());
  const { call, operatorId } = await dialAndTalk();
  expect(operatorId).toBe(idOf(1));
  const missed = centre.feed.all('operator.not-reached', { callId: call.id });
  expect(missed.map(({ detail }) => detail)).toEqual([
    expect.objectContaining({ operatorId: idOf(0), reason: 'no-answer' }),
  ]);
  const rung = centre.phoneOf(0).calls.at(-1);
  await rung?.waitFor('ended');
  expect(rung?.times.cancel).toBeDefined();
});

test('a busy phone costs no time: the next rings before its time would have been over', async () => {
  const ringTime = 3_000;
  await idleInOrder(0, 1);
  centre.phoneOf(0).behave(rejects(486));
  const { citizen, call, operatorId } = await dialAndTalk();
  expect(operatorId).toBe(idOf(1));
  expect(centre.feed.all('operator.not-reached', { callId: call.id })).toEqual([
    expect.objectContaining({ detail: expect.objectContaining({ operatorId: idOf(0), reason: 'busy' }) as unknown }),
  ]);
  const ringing = centre.phoneOf(1).calls.at(-1);
  expect((ringing?.times.invite ?? Infinity) - (citizen.times.invite ?? 0)).toBeLessThan(ringTime);
});

test('with nobody free the caller waits with music, and the first who is free gets him', async () => {
  await idleInOrder();
  const before = centre.phones.map((phone) => phone.calls.length);
  const citizen = await centre.dial({ tone: tones.caller });
  const call = await centre.api.taken(citizen);
  const queue = await centre.api.ask('GET', '/v1/queue');
  expect(queue.at('waiting.0.callId')).toBe(call.id);
  expect(queue.at('operators.paused')).toBe(3);
  // The greeting lasts six seconds; music follows it.
  const file = centre.recording(call.channelId, 'heard');
  await until('the caller hears music', () => hearsMusic(file), 15_000);
  expect(centre.phones.map((phone) => phone.calls.length)).toEqual(before);

  await resume(1);
  const talking = await centre.feed.waitFor('operator.talking', { callId: call.id });
  expect(talking.detail).toEqual({ operatorId: idOf(1) });
  await citizen.pause(1_000);
  await citizen.hangUp();
  await centre.quiet();
  expect(heardIn(file, tones)).toEqual(['budi']);
});

test('a caller who hangs up while he waits is recorded as abandoned, and no operator hears of him', async () => {
  await idleInOrder();
  const before = centre.phones.map((phone) => phone.calls.length);
  const citizen = await centre.dial();
  const call = await centre.api.taken(citizen);
  await citizen.waitFor('answered');
  await citizen.hangUp();
  const record = await centre.api.recordOf(citizen.callId);
  expect(record).toMatchObject({ outcome: 'abandoned', operatorId: null, firstTalkAt: null });
  await resume(0);
  // Were he still in the line, the phone would ring now: the next caller gets it instead.
  const next = await dialAndTalk();
  expect(next.operatorId).toBe(idOf(0));
  expect(centre.phones.map((phone) => phone.calls.length)).toEqual(before.map((n, index) => n + (index === 0 ? 1 : 0)));
  expect(centre.feed.all('operator.assigned', { callId: call.id })).toEqual([]);
});

test("a caller who hangs up while an operator's phone rings silences it", async () => {
  await idleInOrder(0);
  centre.phoneOf(0).behave(rings());
  const upcoming = centre.upcoming(centre.phoneOf(0));
  const citizen = await centre.dial();
  const ringing = await upcoming;
  await ringing.waitFor('ringing');
  await citizen.waitFor('answered');
  await citizen.hangUp();
  await ringing.waitFor('ended');
  expect(ringing.times.cancel).toBeDefined();
  expect((await centre.api.recordOf(citizen.callId)).outcome).toBe('abandoned');
  await centre.api.operatorIs(idOf(0), 'available');
});

test('a CANCEL right behind the INVITE leaves an abandoned call and no phone ringing', async () => {
  await idleInOrder(0);
  centre.phoneOf(0).behave(rings());
  const number = '081100220033';
  const from = `<sip:${number}@127.0.0.1>`;
  const wire = await WireCall.open({ server: centre.asterisk.sip, address: carriers.telkom, from });
  wire.invite();
  wire.cancel();
  const final = await wire.answered();
  if (final.status === 200) {
    // The answer was quicker than the CANCEL.
    wire.ack();
    await wire.hangUp();
  } else expect(final.status).toBe(487);
  // A call that was over before the dialplan's first step has no SIP Call-ID in its record; it has its number.
  const record = await centre.api.recordOfNumber(number);
  expect(record.outcome).toBe('abandoned');
  wire.close();
});

test('either side ends the call for the other', async () => {
  await idleInOrder(0);
  const one = await dialAndTalk();
  const operator = centre.phoneOf(0).calls.at(-1);
  await one.citizen.hangUp();
  await operator?.waitFor('ended');
  expect(operator?.endedBy).toBe('them');
  expect(await centre.api.recordOf(one.citizen.callId)).toMatchObject({
    outcome: 'answered',
    reason: 'the caller hung up',
  });

  const two = await dialAndTalk();
  await centre.phoneOf(0).calls.at(-1)?.hangUp();
  await two.citizen.waitFor('ended');
  expect(two.citizen.endedBy).toBe('them');
  expect(await centre.api.recordOf(two.citizen.callId)).toMatchObject({
    outcome: 'answered',
    reason: 'the operator hung up',
  });
});

test('after a call the operator has his wrap-up to himself', async () => {
  await centre.api.set({ wrapUpSeconds: 2 });
  try {
    await idleInOrder(0);
    const one = await dialAndTalk();
    await one.citizen.hangUp();
    const wrapUp = await centre.feed.waitFor('operator.state', { detail: { operatorId: idOf(0), state: 'wrap-up' } });
    const upcoming = centre.upcoming(centre.phoneOf(0));
    const citizen = await centre.dial();
    const ringing = await upcoming;
    await ringing.waitFor('answered');
    expect((ringing.times.invite ?? 0) - wrapUp.at).toBeGreaterThan(1_900);
    await citizen.hangUp();
  } finally {
    await centre.api.set({ wrapUpSeconds: 0 });
  }
});

test('a paused operator is left alone until he is back', async () => {
  await idleInOrder(0, 1);
  const paused = await centre.api.ask('POST', `/v1/operators/${idOf(0)}/state`, {
    body: { state: 'paused', reason: 'istirahat' },
  });
  expect(paused.at('state')).toBe('paused');
  expect(paused.at('reason')).toBe('istirahat');
  expect((await dialAndTalk()).operatorId).toBe(idOf(1));
  const waiting = await centre.dial();
  const call = await centre.api.taken(waiting);
  await resume(0);
  const talking = await centre.feed.waitFor('operator.talking', { callId: call.id });
  expect(talking.detail).toEqual({ operatorId: idOf(0) });
});

test('a phone that dies in mid-call costs the caller his operator and not his place', async () => {
  await idleInOrder(2);
  const first = await dialAndTalk();
  const second = await centre.dial();
  const behind = await centre.api.taken(second);
  // The dead phone is not to ring for him: he waits, and the next one who is free is his.
  await pause(2);
  await centre.phoneOf(2).kill();
  await centre.feed.waitFor('operator.lost', { callId: first.call.id, within: 20_000 });
  const caller = centre.recording(first.call.channelId, 'heard');
  await until('the caller is told', () => hearsPrompt(caller, 'operator-lost'));
  await resume(1);
  const talking = await centre.feed.waitFor('operator.talking', { callId: first.call.id, count: 2 });
  expect(talking.detail).toEqual({ operatorId: idOf(1) });
  expect(centre.feed.all('operator.talking', { callId: behind.id })).toEqual([]);
  expect(first.citizen.ended).toBe(false);
  expect(second.ended).toBe(false);
}, 60_000);
