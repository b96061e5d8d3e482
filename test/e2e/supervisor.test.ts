import { z } from 'zod';
import { answers, rejects, rings, type Call, type Phone } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import { heardIn, hearsMusic, samplesHavePrompt } from '../support/ear.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { pauseOperator } from '../support/idle.ts';
import { until, type Answer } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import { talkOnTheWire, type WireTalk } from '../support/wire-talk.ts';

const tones = { caller: 440, operator: 660, second: 880, supervisor: 1100 };
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'supervisor', operators: 4 });
  for (const [index, tone] of [tones.operator, tones.second, tones.supervisor].entries()) {
    const account = centre.operators[index] ?? fail();
    centre.phones.push(await centre.registerOperator(account, answers(), tone));
    await centre.api.operatorIs(account.id, 'available');
  }
  // He takes no calls of his own, and is rung all the same when he asks.
  await pauseOperator(centre, 2);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear());

const supervisor = (): string => centre.operators[2]?.id ?? '';
const phone = (index: number): Phone => centre.phoneOf(index);
const fail = (): never => {
  throw new Error('there is no such phone');
};

interface Talk {
  citizen: LineCaller;
  operator: Call;
  call: CallView;
}

async function talk(): Promise<Talk> {
  const rung = Promise.race([phone(0), phone(1)].map((one) => centre.upcoming(one)));
  const citizen = await centre.dialLine(tones.caller);
  const call = await centre.api.taken(citizen.wire);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  return { citizen, operator: await rung, call };
}

const ask = (call: CallView, body: object): Promise<Answer> =>
  centre.api.ask('POST', `/v1/calls/${call.id}/monitors`, {
    as: 'supervisor',
    body: { operatorId: supervisor(), ...body },
  });
const change = (call: CallView, id: string, mode: string): Promise<Answer> =>
  centre.api.ask('PATCH', `/v1/calls/${call.id}/monitors/${id}`, { as: 'supervisor', body: { mode } });

interface Supervised extends Talk {
  monitorId: string;
  listener: Call;
}

async function supervised(mode: string): Promise<Supervised> {
  const talking = await talk();
  const rung = centre.upcoming(phone(2));
  const answer = await ask(talking.call, { mode });
  expect([answer.status, answer.at('mode')]).toEqual([202, mode]);
  const monitorId = String(answer.at('id'));
  await joined(monitorId, mode);
  return { ...talking, monitorId, listener: await rung };
}

const joined = (monitorId: string, mode: string): Promise<unknown> =>
  centre.feed.waitFor('monitor.joined', { detail: { monitorId, mode } });
const leg = (call: CallView, kind: 'o' | 'm', n: number): string => `${call.id}.${kind}${n}`;
const heard = (channelId: string): string[] => heardIn(centre.recording(channelId, 'heard'), tones);
const hears = (channelId: string, ...whom: (keyof typeof tones)[]): Promise<void> =>
  until(`${channelId} hears ${whom.join(', ')}`, () => whom.every((one) => heard(channelId).includes(one)));

/** The call went on as if nobody had listened. */
function undisturbed({
  citizen,
  operator,
  call,
}: {
  citizen: LineCaller;
  operator: { readonly ended: boolean };
  call: CallView;
}): void {
  expect([citizen.ended, operator.ended]).toEqual([false, false]);
  for (const type of ['operator.lost', 'operator.left', 'bridge.rebuilt', 'call.ended']) {
    expect(centre.feed.all(type, { callId: call.id })).toEqual([]);
  }
}

/** The call of an operator whose phone's wire can be listened to; the others are away meanwhile. */
const onTheWire = (test: (talk: WireTalk) => Promise<void>): Promise<void> =>
  talkOnTheWire(centre, { operator: 3, away: [0, 1], tones }, test);

test(
  'a supervisor listens to both and is heard by neither, whispers to the operator alone, and barges in',
  () =>
    onTheWire(async ({ citizen, operator, call }) => {
      const upcoming = centre.upcoming(phone(2));
      const asked = await ask(call, { mode: 'listen' });
      expect(asked.status).toBe(202);
      const monitorId = String(asked.at('id'));
      const listener = await upcoming;
      await joined(monitorId, 'listen');
      await hears(leg(call, 'm', 2), 'caller', 'operator');
      // A key that means nothing, which nobody is to hear.
      await listener.press('5');
      await centre.feed.waitFor('key.pressed', { callId: call.id, detail: { key: '5', by: 'supervisor' } });
      await listener.pause(1_000);
      expect([operator, citizen].map((one) => one.secondsOf(tones.supervisor))).toEqual([0, 0]);
      expect(await centre.api.call(call.id)).toMatchObject({
        monitors: [{ id: monitorId, operatorId: supervisor(), mode: 'listen', state: 'joined' }],
      });

      await listener.press('2');
      await joined(monitorId, 'whisper');
      await until('the operator hears the whisper', () => operator.secondsOf(tones.supervisor) > 1);
      expect(citizen.secondsOf(tones.supervisor)).toBe(0);

      await listener.press('3');
      await joined(monitorId, 'barge');
      await until('both hear the supervisor', () => citizen.secondsOf(tones.supervisor) > 1);
      const barged = Date.now();
      await until('the operator as well', () => operator.secondsOf(tones.supervisor, barged) > 0.5);

      // And is quiet again.
      await listener.press('1');
      await centre.feed.waitFor('monitor.joined', { detail: { monitorId, mode: 'listen' }, count: 2 });
      await listener.pause(500);
      const since = Date.now();
      await until('the two go on', () => citizen.secondsOf(tones.operator, since) > 1.5);
      expect([operator, citizen].map((one) => one.secondsOf(tones.supervisor, since))).toEqual([0, 0]);

      await listener.hangUp();
      await centre.feed.waitFor('monitor.ended', { detail: { monitorId, reason: 'the supervisor hung up' } });
      undisturbed({ citizen, operator, call });
      expect(await centre.api.call(call.id)).toMatchObject({ stage: 'talking', monitors: [] });
      expect(operator.requests.map(({ method }) => method)).not.toContain('INFO');
    }),
  60_000,
);

test('a supervisor who listens hears the operator while the caller is on hold, and no music', async () => {
  const { call, monitorId } = await supervised('listen');
  await hears(leg(call, 'm', 2), 'caller');
  const placed = (count: number): Promise<unknown> =>
    centre.feed.waitFor('monitor.joined', { detail: { monitorId, mode: 'listen' }, count });
  expect((await centre.api.ask('POST', `/v1/calls/${call.id}/hold`)).status).toBe(202);
  await placed(2);
  const held = Date.now();
  await until('three seconds on hold', () => Date.now() - held > 3_000);
  expect((await centre.api.ask('POST', `/v1/calls/${call.id}/resume`)).status).toBe(202);
  await placed(3);
  expect(hearsMusic(centre.recording(call.channelId, 'heard'))).toBe(true);
  expect(hearsMusic(centre.recording(leg(call, 'm', 2), 'heard'))).toBe(false);
}, 40_000);

/** Whoever took the call, and his tone. */
async function operatorOf(call: CallView): Promise<{ id: string; tone: 'operator' | 'second' }> {
  const { operatorId } = await centre.api.call(call.id);
  const index = centre.operators.findIndex(({ id }) => id === operatorId);
  return { id: operatorId ?? '', tone: index === 0 ? 'operator' : 'second' };
}

test('a supervisor takes over: the operator leaves, the caller stays, and it is his call', async () => {
  const monitoring = await supervised('listen');
  const { call, monitorId, operator, citizen, listener } = monitoring;
  expect((await change(call, monitorId, 'take-over')).status).toBe(202);
  await operator.waitFor('ended');
  expect(operator.endedBy).toBe('them');
  await until('the caller hears the supervisor', () => citizen.secondsOf(tones.supervisor) > 0.5);
  expect(await centre.api.call(call.id)).toMatchObject({ stage: 'talking', operatorId: supervisor(), monitors: [] });
  expect(centre.feed.all('operator.lost', { callId: call.id })).toEqual([]);
  expect(citizen.ended).toBe(false);
  // His hang-up is an operator's.
  await listener.hangUp();
  await until('the call has ended', () => citizen.ended);
  expect(await centre.api.recordOf(call.sipCallId ?? '')).toMatchObject({ outcome: 'answered' });
}, 40_000);

test('an operator who is lost leaves the caller with a supervisor who has barged in', async () => {
  const { call, citizen, listener } = await supervised('barge');
  await until('the caller hears him', () => citizen.secondsOf(tones.supervisor) > 0.5);
  await centre.ari('DELETE', `channels/${leg(call, 'o', 1)}?reason_code=41`);
  await centre.feed.waitFor('operator.lost', { callId: call.id });
  const since = Date.now();
  await until('he still hears him', () => citizen.secondsOf(tones.supervisor, since) > 0.5);
  expect([citizen.ended, listener.ended]).toEqual([false, false]);
  expect(await centre.api.call(call.id)).toMatchObject({ stage: 'talking', operatorId: supervisor(), monitors: [] });
  await citizen.hangUp();
  await listener.waitFor('ended');
}, 40_000);

test('a change of operator: who whispered listens from then on, and hears the next one', async () => {
  const { call, citizen, monitorId } = await supervised('whisper');
  const before = await operatorOf(call);
  await centre.ari('DELETE', `channels/${leg(call, 'o', 1)}?reason_code=41`);
  await joined(monitorId, 'listen');
  await centre.feed.waitFor('operator.talking', { callId: call.id, count: 2 });
  const next = await operatorOf(call);
  const operatorLeg = (await centre.channels()).find((one) => one.includes(`${call.id}.o`))?.split(' ')[1] ?? '';
  expect(operatorLeg).not.toBe(leg(call, 'o', 1));
  await hears(operatorLeg, 'caller');
  if (next.id !== before.id) await hears(leg(call, 'm', 2), next.tone);
  expect(heard(operatorLeg)).toEqual(['caller']);
  expect(citizen.secondsOf(tones.supervisor)).toBe(0);
  expect((await centre.api.ask('DELETE', `/v1/calls/${call.id}/monitors/${monitorId}`)).status).toBe(204);
  expect(citizen.ended).toBe(false);
}, 40_000);

test('a caller who hangs up ends the listening too', async () => {
  const { citizen, listener, monitorId } = await supervised('whisper');
  await citizen.hangUp();
  await listener.waitFor('ended');
  await centre.feed.waitFor('monitor.ended', { detail: { monitorId } });
});

test('a supervisor who refuses, or lets it ring, harms nobody', async () => {
  const talking = await talk();
  phone(2).behave(rejects(486));
  expect((await ask(talking.call, { mode: 'barge' })).status).toBe(202);
  await centre.feed.waitFor('monitor.ended', { callId: talking.call.id, detail: { reason: 'busy' } });
  phone(2).behave(rings());
  const second = await ask(talking.call, { mode: 'listen' });
  const twice = await ask(talking.call, { mode: 'listen' });
  expect([second.status, twice.status, twice.code]).toEqual([202, 409, 'monitors.engaged']);
  await centre.feed.waitFor('monitor.ended', { callId: talking.call.id, detail: { reason: 'no-answer' } });
  phone(2).behave(answers());
  undisturbed(talking);
}, 40_000);

test('only supervisors may, and whatever they do is in the audit trail', async () => {
  const { call, monitorId } = await supervised('listen');
  const path = `/v1/calls/${call.id}/monitors`;
  const body = { mode: 'listen', operatorId: supervisor() };
  for (const as of ['operator', 'auditor'] as const) {
    expect((await centre.api.ask('POST', path, { as, body })).status).toBe(403);
    expect((await centre.api.ask('PATCH', `${path}/${monitorId}`, { as, body: { mode: 'barge' } })).status).toBe(403);
    expect((await centre.api.ask('DELETE', `${path}/${monitorId}`, { as })).status).toBe(403);
  }
  const nobody = await centre.api.ask('POST', path, { as: 'supervisor', body: { mode: 'listen' } });
  expect([nobody.status, nobody.code]).toEqual([422, 'monitors.no-operator']);
  expect((await change(call, 'none', 'barge')).code).toBe('monitors.unknown');
  expect((await change(call, monitorId, 'shout')).status).toBe(400);
  expect((await change(call, monitorId, 'barge')).status).toBe(202);
  await joined(monitorId, 'barge');
  const gone = await centre.api.ask('DELETE', `${path}/${monitorId}`, { as: 'supervisor' });
  expect(gone.status).toBe(204);
  const entry = z.object({ action: z.string(), role: z.string(), mode: z.string().nullable() });
  const read = (): Promise<z.output<typeof entry>[]> =>
    centre.api.sql(
      entry,
      `select action, role, detail->>'mode' as mode from audit where subject = $1 and action like 'monitors.%' order by id`,
      [`call/${call.id}`],
    );
  await until('all is noted', async () => (await read()).length === 3);
  expect(await read()).toEqual([
    { action: 'monitors.start', role: 'supervisor', mode: 'listen' },
    { action: 'monitors.change', role: 'supervisor', mode: 'barge' },
    { action: 'monitors.end', role: 'supervisor', mode: 'barge' },
  ]);
}, 40_000);

test(
  'an operator who asks for help in vain hears so beside his caller, who hears him on; and it is an alarm',
  () =>
    onTheWire(async ({ citizen, operator, call }) => {
      const since = Date.now();
      const answer = await centre.api.ask('POST', `/v1/calls/${call.id}/assist`, { as: 'supervisor' });
      expect([answer.status, answer.code]).toEqual([409, 'assist.refused']);
      await centre.feed.waitFor('assist.refused', { callId: call.id });
      const told = (): boolean => samplesHavePrompt(operator.samples(since), 'code-refused', tones.caller);
      await until('the operator hears it', told);
      await until('nothing of it is left', async () =>
        (await centre.channels()).every((name) => !name.startsWith('Snoop/')),
      );
      const after = Date.now();
      await until('they talk on', () => citizen.secondsOf(tones.operator, after) > 0.5);
      expect(citizen.missed(tones.operator, since)).toBeLessThan(200);
      expect(operator.longestWithout(tones.caller, since)).toBeLessThan(200);
      expect(samplesHavePrompt(citizen.samples(), 'code-refused', tones.operator)).toBe(false);
      await until('there is an alarm', async () => (await centre.api.alarms('assist-refused')).length === 1);
      undisturbed({ citizen, operator, call });
      const stranger = await centre.api.ask('POST', `/v1/calls/${call.id}/assist`, { as: 'operator' });
      expect([stranger.status, stranger.code]).toEqual([403, 'calls.not-yours']);
    }),
  60_000,
);

describe('with every controller dead', () => {
  const kill = async (): Promise<void> => {
    for (const controller of centre.controllers) controller.kill('SIGKILL');
    await Promise.all(centre.controllers.map(({ exited }) => exited));
  };

  test('who listened is hung up, and the two talk on', async () => {
    const { citizen, operator, listener, call } = await supervised('listen');
    await kill();
    await listener.waitFor('ended', { within: 15_000 });
    const since = Date.now();
    await until(
      'they hear each other',
      () => citizen.secondsOf(tones.operator, since) + citizen.secondsOf(tones.second, since) > 1,
    );
    expect([citizen.ended, operator.ended]).toEqual([false, false]);
    expect(
      (await centre.channels()).filter((name) => name.startsWith('Snoop/') || name.includes(`${call.id}.m`)),
    ).toEqual([]);
    await citizen.hangUp();
    await centre.hangUpAll();
    await centre.noChannelLeft(8_000);
    await centre.startController();
    await centre.follow();
    await until('the line is there', async () => (await centre.api.ask('GET', '/v1/queue')).status === 200);
    await pauseOperator(centre, 2);
    await centre.api.operatorIs(centre.operators[0]?.id ?? '', 'available');
  }, 60_000);

  test('who has barged in stays with the caller', async () => {
    const { citizen, listener } = await supervised('barge');
    await until('the caller hears him', () => citizen.secondsOf(tones.supervisor) > 0.5);
    await kill();
    const since = Date.now();
    // Longer than the guardian takes to see that nobody is in control.
    await until('he still does', () => citizen.secondsOf(tones.supervisor, since) > 5, 20_000);
    expect([citizen.ended, listener.ended]).toEqual([false, false]);
    await citizen.hangUp();
    await centre.hangUpAll();
    await centre.noChannelLeft(8_000);
    await centre.startController();
    await centre.follow();
  }, 60_000);
});
