import { z } from 'zod';
import type { OperatorAccount } from '../../scripts/runtime.mjs';
import { answers } from '../../scripts/sip/phone.mjs';
import type { Centre } from '../support/centre.ts';
import { samplesHavePrompt } from '../support/ear.ts';
import type { Happening } from '../support/feed.ts';
import { pauseOperator } from '../support/idle.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

// What operators dial on their idle phones. The last test kills the only controllers.
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'codes', operators: 2 });
  await centre.operatorPhones(answers(), [660, 880]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.hangUpAll());

function operator(index = 0): OperatorAccount {
  const found = centre.operators[index];
  if (found === undefined) throw new Error('two operators');
  return found;
}

/** Is it said, and is the phone then hung up by the centre? */
async function isTold(phone: LineCaller, prompt: string, within = 10_000): Promise<void> {
  await until(`"${prompt}" is said and the phone hung up`, () => phone.ended, within);
  // The thread with the media may be behind.
  await until(`"${prompt}" was said`, () => samplesHavePrompt(phone.samples(), prompt), 3_000);
}

const codeOf = (code: string, count: number): Promise<Happening> =>
  centre.feed.waitFor('desk.code', { detail: { code }, count });

async function states(): Promise<Map<string, string>> {
  const { items } = await centre.api.get(
    '/v1/operators',
    z.object({ items: z.array(z.object({ id: z.string(), state: z.string(), reason: z.string().nullable() })) }),
  );
  return new Map(items.map(({ id, state, reason }) => [id, reason === null ? state : `${state} ${reason}`]));
}

const audited = async (action: string): Promise<unknown[]> => {
  const { items } = await centre.api.get(
    `/v1/audit?action=${action}`,
    z.object({ items: z.array(z.object({ subject: z.string(), detail: z.record(z.string(), z.unknown()) })) }),
  );
  return items.map(({ subject }) => subject);
};

test('*14 and a digit pauses who dials, with the reason; *13 ends it; both are audited', async () => {
  const { id } = operator();
  await isTold(await centre.dialAtDesk(operator(), '*142'), 'paused');
  expect((await codeOf('pause', 1)).detail).toMatchObject({ operatorId: id, done: true, reason: null });
  expect((await states()).get(id)).toBe('paused meal');
  await isTold(await centre.dialAtDesk(operator(), '*13'), 'available');
  expect((await states()).get(id)).toBe('available');
  for (const action of ['desk.pause', 'desk.available']) {
    await until(`${action} is audited`, async () => (await audited(action)).includes(`operator/${id}`));
  }
});

test.each(['*77', '*', '12', 'abc', '0812)34'])('"%s" is no code, and that is said', async (dials) => {
  const before = centre.feed.all('desk.code', { detail: { code: 'unknown' } }).length;
  await isTold(await centre.dialAtDesk(operator(), dials), 'code-unknown');
  expect((await codeOf('unknown', before + 1)).detail).toMatchObject({ done: false, reason: 'unknown-code' });
});

test('a PIN is asked for and typed; a wrong one logs nobody in, nor does one dialled with the code', async () => {
  const phone = await centre.dialAtDesk(operator(), `*11${operator(1).extension}`);
  await until('the PIN is asked for', () => samplesHavePrompt(phone.samples(), 'enter-pin'));
  for (const key of '9*8765#') await phone.wire.press(key);
  await isTold(phone, 'log-in-refused');
  await isTold(await centre.dialAtDesk(operator(), `*11${operator(1).extension}*8765`), 'log-in-refused');
  expect((await codeOf('log-in', 2)).detail).toEqual({
    code: 'log-in',
    phone: operator().username,
    operatorId: null,
    done: false,
    reason: 'wrong',
  });
  const trail = () => centre.api.ask('GET', '/v1/audit?action=desk.log-in-refused');
  await until('the trail has the phone', async () => (await trail()).pluck('items', 'tokenId').length === 2);
  expect((await trail()).at('items.0')).toMatchObject({
    tokenId: operator().username,
    detail: { operatorId: operator(1).id, reason: 'wrong' },
  });
  expect((await trail()).text).not.toContain('8765');
}, 30_000);

test('a person logs out at his desk, and in at another by his PIN: calls ring where he is', async () => {
  const [first, second] = [operator(), operator(1)];
  const given = await centre.api.ask('POST', `/v1/operators/${first.id}/pin`);
  const pin = z.string().parse(given.at('pin'));
  for (const desk of [first, second]) await isTold(await centre.dialAtDesk(desk, '*12'), 'logged-out');
  await isTold(await centre.dialAtDesk(second, '*13'), 'code-refused');
  const phone = await centre.dialAtDesk(second, `*11${first.extension}`);
  for (const key of `${pin}#`) await phone.wire.press(key);
  await isTold(phone, 'logged-in');
  expect((await centre.feed.waitFor('desk.code', { detail: { code: 'log-in', done: true } })).detail).toMatchObject({
    operatorId: first.id,
  });
  // Once more, in one go: where he is already, he may log in.
  await isTold(await centre.dialAtDesk(second, `*11${first.extension}*${pin}`), 'logged-in');
  const citizen = await centre.dialLine(440);
  await until('the phone at the other desk is answered', () => citizen.secondsOf(880) > 0.5);
  await citizen.hangUp();
  // Back to where the other tests want them.
  await until('his phone is idle', async () => (await states()).get(first.id) === 'available');
  await isTold(await centre.dialAtDesk(first, `*11${first.extension}*${pin}`), 'logged-in');
  const other = z.string().parse((await centre.api.ask('POST', `/v1/operators/${second.id}/pin`)).at('pin'));
  await isTold(await centre.dialAtDesk(second, `*11${second.extension}*${other}`), 'logged-in');
  for (const { id } of [first, second]) await centre.api.operatorIs(id, 'available');
  await until('each log-in is in the trail', async () => (await audited('desk.log-in')).length === 4);
  expect((await centre.api.ask('GET', '/v1/audit')).text).not.toContain(pin);
}, 60_000);

test('whoever types no PIN is hung up after ten seconds', async () => {
  const phone = await centre.dialAtDesk(operator(), '*11102');
  await isTold(phone, 'log-in-refused', 30_000);
}, 40_000);

test('a phone that is hung up while it dials leaves nothing behind', async () => {
  const phone = await centre.dialAtDesk(operator(), '*11102');
  await phone.hangUp();
  await centre.noChannelLeft(5_000);
});

test('*9 closes the incident of the last call as a ghost, once', async () => {
  const citizen = await centre.dial();
  const call = await centre.api.taken(citizen);
  const { detail } = await centre.feed.waitFor('operator.talking', { callId: call.id });
  const index = centre.operators.findIndex(({ id }) => id === detail['operatorId']);
  await citizen.hangUp();
  await centre.feed.waitFor('call.ended', { callId: call.id });
  await until('his phone is idle', async () => (await states()).get(operator(index).id) === 'available');
  await isTold(await centre.dialAtDesk(operator(index), '*9'), 'done');
  expect(await centre.api.incident(call.incidentId)).toMatchObject({ status: 'closed', disposition: 'ghost' });
  await isTold(await centre.dialAtDesk(operator(index), '*9'), 'code-refused');
  expect((await codeOf('ghost', 2)).detail).toMatchObject({ done: false, reason: 'no-call' });
}, 30_000);

test('a number may not be called from here while nothing leads outside', async () => {
  await isTold(await centre.dialAtDesk(operator(), '08123456789'), 'code-refused');
});

test('112 dialled at a desk is a call to the centre: another operator answers, and it is recorded', async () => {
  // The line does not know yet that he is at his phone.
  await pauseOperator(centre, 0);
  const phone = await centre.dialAtDesk(operator(), '112', 440);
  const call = await centre.api.taken(phone.wire);
  await centre.feed.waitFor('operator.talking', { callId: call.id, detail: { operatorId: operator(1).id } });
  await until('both hear each other', () => phone.secondsOf(880) > 0.5);
  await phone.hangUp();
  const record = await centre.api.recordOf(phone.wire.callId);
  expect(record).toMatchObject({ outcome: 'answered', recordedBy: 'controller' });
  expect(record.identity).toMatchObject({ trunk: 'desk' });
}, 30_000);

test('a controller that dies with a phone in its hands: the next one hangs it up; with none, it is said so', async () => {
  const [leader] = centre.controllers;
  const standby = await centre.startController({ rank: 1, name: 'standby' });
  const phone = await centre.dialAtDesk(operator(), '*11102');
  leader?.kill('SIGKILL');
  await until('the phone is hung up', () => phone.ended, 15_000);
  await isTold(await centre.dialAtDesk(operator(), '*77'), 'code-unknown');
  standby.kill('SIGKILL');
  await standby.exited;
  await isTold(await centre.dialAtDesk(operator(), '*12'), 'no-controller');
}, 60_000);
