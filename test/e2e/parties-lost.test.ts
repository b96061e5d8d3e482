import { z } from 'zod';
import { answers, type Call } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

const tones = { caller: 440, first: 660, second: 880, third: 1100 };
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'parties-lost', operators: 3, settings: { holdSeconds: 60 } });
  await centre.operatorPhones(answers(), [tones.first, tones.second, tones.third]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
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

function upcoming(index: number): Promise<Call> {
  const phone = centre.phones[index];
  if (phone === undefined) throw new Error(`there is no phone ${index}`);
  return centre.upcoming(phone);
}

/** A caller who talks with the first operator, who has brought the second; the third takes no calls of the line. */
async function brought(purpose: 'consult' | 'conference'): Promise<Talk> {
  await state(0, 'available');
  for (const index of [1, 2]) await state(index, 'paused');
  const rung = upcoming(0);
  const caller = await centre.dialLine(tones.caller);
  const call = await centre.api.taken(caller.wire);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  await state(1, 'available');
  const asked = upcoming(1);
  const answer = await centre.api.ask('POST', `/v1/calls/${call.id}/parties`, {
    body: { purpose, operatorId: idOf(1) },
  });
  expect(z.string().parse(answer.at('id'))).not.toBe('');
  await centre.feed.waitFor('party.joined', { callId: call.id, detail: { purpose } });
  return { caller, call, operator: await rung, colleague: await asked };
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

describe('with every controller dead', () => {
  const kill = async (): Promise<void> => {
    for (const controller of centre.controllers) controller.kill('SIGKILL');
    await Promise.all(centre.controllers.map(({ exited }) => exited));
  };
  afterEach(async () => {
    await centre.startController();
    await centre.follow();
    await centre.api.operatorIs(idOf(0), 'available', 20_000);
  }, 40_000);

  test('an operator who leaves a conference leaves the caller to his colleague, and he to the human path', async () => {
    const { caller, operator, colleague } = await brought('conference');
    await kill();
    await operator.hangUp();
    await hears(caller, tones.second);
    await colleague.hangUp();
    const since = Date.now();
    const somebody = (): boolean =>
      [tones.first, tones.second, tones.third].some((tone) => caller.secondsOf(tone, since) > 1);
    await until('another phone has him', somebody, 30_000);
    expect(caller.ended).toBe(false);
    await caller.hangUp();
    await centre.hangUpAll();
    await centre.noChannelLeft(8_000);
  }, 90_000);

  test('a caller who is on hold for a consult is not forgotten: somebody speaks to him', async () => {
    const { caller } = await brought('consult');
    await kill();
    const since = Date.now();
    const somebody = (): boolean =>
      [tones.first, tones.second, tones.third].some((tone) => caller.secondsOf(tone, since) > 1);
    await until('he has somebody', somebody, 40_000);
    expect(caller.ended).toBe(false);
    await caller.hangUp();
    await centre.hangUpAll();
    await centre.noChannelLeft(8_000);
  }, 90_000);
});
