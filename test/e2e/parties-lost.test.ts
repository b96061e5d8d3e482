import { z } from 'zod';
import { answers, type Call } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

const operatorTones = [660, 880, 1100, 1320, 1560, 1760] as const;
const tones = { caller: 440, second: operatorTones[1], third: operatorTones[2] };
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'parties-lost', operators: 6, settings: { holdSeconds: 60 } });
  await centre.operatorPhones(answers(), [...operatorTones]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
beforeEach(async () => {
  for (const index of centre.operators.keys()) await state(index, 'paused');
});
afterEach(async () => {
  await centre.hangUpAll();
  await centre.noChannelLeft(8_000);
});

const idOf = (index: number): string => centre.operators[index]?.id ?? '';

async function state(index: number, to: 'paused' | 'available'): Promise<void> {
  const body = { state: to, ...(to === 'paused' ? { reason: 'istirahat' } : {}) };
  expect((await centre.api.ask('POST', `/v1/operators/${idOf(index)}/state`, { body })).status).toBe(200);
}

interface Talk {
  caller: LineCaller;
  call: CallView;
  operator: Call;
  colleague: Call;
}

const upcoming = (index: number): Promise<Call> => centre.upcoming(centre.phoneOf(index));

/** A caller who talks with an operator; the others are paused. */
async function talk(index: number): Promise<Pick<Talk, 'caller' | 'call' | 'operator'>> {
  await state(index, 'available');
  const rung = upcoming(index);
  const caller = await centre.dialLine(tones.caller);
  const call = await centre.api.taken(caller.wire);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  return { caller, call, operator: await rung };
}

/** The same, and the operator has brought the next one. */
async function brought(purpose: 'consult' | 'conference', first = 0): Promise<Talk> {
  const { caller, call, operator } = await talk(first);
  await state(first + 1, 'available');
  const asked = upcoming(first + 1);
  const answer = await centre.api.ask('POST', `/v1/calls/${call.id}/parties`, {
    body: { purpose, operatorId: idOf(first + 1) },
  });
  expect(z.string().parse(answer.at('id'))).not.toBe('');
  await centre.feed.waitFor('party.joined', { callId: call.id, detail: { purpose } });
  return { caller, call, operator, colleague: await asked };
}

async function hears(caller: LineCaller, tone: number, within = 10_000): Promise<void> {
  const since = Date.now();
  await until(`the caller hears ${tone}`, () => caller.secondsOf(tone, since) > 1, within);
}

/** As if its network had gone: not a BYE. */
const lose = (call: CallView): Promise<unknown> => centre.ari('DELETE', `channels/${call.id}.o1?reason_code=41`);

describe("the operator's phone is lost", () => {
  test.each(['conference', 'consult'] as const)(
    'in a %s: his colleague has the caller at once',
    async (purpose) => {
      const { caller, call } = await brought(purpose);
      await lose(call);
      await centre.feed.waitFor('party.took-over', { callId: call.id, detail: { operatorId: idOf(1) } });
      await hears(caller, tones.second);
      expect(await centre.api.call(call.id)).toMatchObject({ stage: 'talking', operatorId: idOf(1), hold: null });
      await caller.hangUp();
      await centre.api.operatorIs(idOf(1), 'available');
    },
    60_000,
  );

  test('and then his colleague leaves: the caller does not end, and rings at another operator', async () => {
    const { caller, call, colleague } = await brought('conference');
    // Their phones are not to ring again for this caller.
    for (const index of [0, 1]) await state(index, 'paused');
    await lose(call);
    await centre.feed.waitFor('party.took-over', { callId: call.id });
    await centre.ari('DELETE', `channels/${call.id}.p2?reason_code=41`);
    await colleague.waitFor('ended');
    await state(2, 'available');
    await centre.feed.waitFor('operator.talking', { callId: call.id, detail: { operatorId: idOf(2) } });
    await hears(caller, tones.third);
    expect(caller.ended).toBe(false);
  }, 60_000);
});

// Last: nobody is in control from then on.
test('with every controller dead, who leaves a conference leaves the caller to the other, and nobody on hold is forgotten', async () => {
  const conference = await brought('conference', 0);
  const consult = await brought('consult', 2);
  const held = await talk(4);
  expect((await centre.api.ask('POST', `/v1/calls/${held.call.id}/hold`)).status).toBe(202);
  await centre.feed.waitFor('caller.held', { callId: held.call.id });
  for (const controller of centre.controllers) controller.kill('SIGKILL');
  const killed = Date.now();
  await conference.operator.hangUp();
  await hears(conference.caller, tones.second);
  for (const { caller } of [consult, held]) await spokenTo(caller, killed);
  const callers = [conference, consult, held].map(({ caller }) => caller);
  expect(callers.map(({ ended }) => ended)).toEqual([false, false, false]);
  for (const caller of callers) await caller.hangUp();
}, 90_000);

/** Some operator is heard by the caller. */
async function spokenTo(caller: LineCaller, since: number): Promise<void> {
  const somebody = (): boolean => operatorTones.some((tone) => caller.secondsOf(tone, since) > 1);
  await until('somebody speaks to him', somebody, 40_000);
}
