import { startAsterisk, type OperatorAccount } from '../../scripts/runtime.mjs';
import {
  answers,
  freePort,
  rejects,
  startPhone,
  type Behaviour,
  type Call,
  type Phone,
} from '../../scripts/sip/phone.mjs';
import { carriers, type Centre } from '../support/centre.ts';
import { samplesHavePrompt } from '../support/ear.ts';
import type { LineCaller } from '../support/line-caller.ts';
import { until, type Answer } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

// One after the other: the centre is evacuated, comes back, loses its controllers, and at last Asterisk starts anew.
const tones = { caller: 440, operator: 660, backup: 990 };
const code = '246813';
let centre: Centre;
let backup: Phone;
let backupPort: number;
let desk: OperatorAccount;
let phone: Phone;

beforeAll(async () => {
  backupPort = await freePort();
  centre = await startCentre({ name: 'evacuation', operators: 1 });
  const [operator] = centre.operators;
  [phone] = (await centre.operatorPhones(answers(), [tones.operator])) as [Phone];
  if (operator === undefined) throw new Error('one operator');
  desk = operator;
  backup = await startPhone({
    sipp: centre.tools.sipp,
    folder: await centre.folder('backup-centre'),
    name: 'backup centre',
    port: backupPort,
    behaviour: answers({ after: 100 }),
    tone: tones.backup,
  });
}, 60_000);
afterAll(async () => {
  await backup.stop();
  await centre.stop();
}, 30_000);
afterEach(() => centre.hangUpAll());

const evacuate = (evacuated: boolean): Promise<Answer> =>
  centre.api.ask('PUT', '/v1/evacuation', { as: 'supervisor', body: { evacuated, reason: 'fire in the building' } });

async function dialsCode(dials: string, prompt: string): Promise<void> {
  const line = await centre.dialAtDesk(desk, dials);
  await until('the phone is hung up', () => line.ended);
  // The thread with the media may be behind.
  await until(`"${prompt}" was said`, () => samplesHavePrompt(line.samples(), prompt), 3_000);
}

/** Who stands in the audit trail for it. */
const told = async (action: string): Promise<unknown[]> =>
  (await centre.api.ask('GET', `/v1/audit?action=${action}`)).pluck('items', 'tokenId');

async function goesTo(to: Phone, behaviour: Behaviour = answers({ after: 100 })): Promise<[LineCaller, Call]> {
  to.behave(behaviour);
  const rung = centre.upcoming(to, 15_000);
  const citizen = await centre.dialLine(tones.caller);
  const tone = to === backup ? tones.backup : tones.operator;
  await until('the two hear each other', () => citizen.secondsOf(tone) > 0.5, 15_000);
  return [citizen, await rung];
}

test('without a backup centre there is no evacuation: callers would have nowhere to go', async () => {
  const refused = await evacuate(true);
  expect([refused.status, refused.code]).toEqual([422, 'evacuation.no-backup-centre']);
  expect((await centre.api.ask('PUT', '/v1/evacuation', { as: 'operator', body: {} })).status).toBe(403);
});

test('evacuated by REST: new calls go to the backup centre and are on record; the call under way stays', async () => {
  await centre.api.set({ backupCentre: { number: '999', host: '127.0.0.1', port: backupPort } });
  const [before, talking] = await goesTo(phone, answers());
  const began = await evacuate(true);
  expect(began.status).toBe(200);
  expect(began.body).toMatchObject({ evacuated: true, backupCentre: `999@127.0.0.1:${backupPort}` });
  await centre.feed.waitFor('evacuation.began', { detail: { reason: 'fire in the building' } });
  const [citizen, there] = await goesTo(backup);
  expect(there.invite.uri).toBe(`sip:999@127.0.0.1:${backupPort}`);
  expect(talking.ended || before.ended).toBe(false);
  const calls = phone.calls.length;
  await there.hangUp();
  await until('the caller is hung up', () => citizen.ended);
  expect(await centre.api.recordOf(citizen.wire.callId)).toMatchObject({
    recordedBy: 'cel',
    outcome: 'human-path',
    reason: 'evacuated',
  });
  expect(phone.calls.length).toBe(calls);
  await until('it is an alarm', async () => (await centre.api.alarms('evacuated')).length === 1);
}, 40_000);

test('while evacuated, the backup centre cannot be taken away', async () => {
  const { headers } = await centre.api.ask('GET', '/v1/settings');
  const refused = await centre.api.ask('PATCH', '/v1/settings', {
    body: { backupCentre: null },
    headers: { 'if-match': headers.get('etag') ?? '' },
  });
  expect([refused.status, refused.code]).toEqual([422, 'settings.no-way']);
});

test('a backup centre that refuses or does not answer loses nobody: who is here is rung', async () => {
  await centre.quiet();
  const [citizen] = await goesToAfter(rejects(486), phone);
  await citizen.hangUp();
  await centre.quiet();
});

async function goesToAfter(refusal: Behaviour, to: Phone): Promise<[LineCaller, Call]> {
  backup.behave(refusal);
  const refused = centre.upcoming(backup);
  const found = await goesTo(to);
  await refused;
  return found;
}

test('a wrong code is refused, the right one ends it: calls come here again', async () => {
  const set = await centre.api.ask('PUT', '/v1/evacuation/code', { body: { code } });
  expect(set.status).toBe(204);
  await dialsCode('*81135790', 'code-refused');
  expect((await centre.api.ask('GET', '/v1/evacuation')).at('evacuated')).toBe(true);
  await dialsCode(`*81${code}`, 'not-evacuated');
  const ended = await centre.feed.waitFor('evacuation.ended');
  expect(ended.detail).toMatchObject({ by: desk.username, operatorId: desk.id });
  const [citizen] = await goesTo(phone);
  await citizen.hangUp();
  await centre.quiet();
  await until('it is audited', async () => {
    const listed = await centre.api.ask('GET', '/v1/audit?action=evacuation.end');
    return listed.pluck('items', 'subject').length === 1;
  });
  expect(JSON.stringify((await centre.api.ask('GET', '/v1/audit')).body)).not.toContain(code);
}, 40_000);

test('the trail tells which phone dialled a wrong code, once, whoever else saw it', async () => {
  const second = await centre.startController({ rank: 1, name: 'controller-second' });
  await until('it is audited', async () => (await told('evacuation.code-refused')).length === 1);
  await dialsCode('*80135791', 'code-refused');
  await until('the next one as well', async () => (await told('evacuation.code-refused')).length === 2);
  await dialsCode(`*80${code}`, 'evacuated');
  await dialsCode(`*81${code}`, 'not-evacuated');
  await centre.feed.waitFor('evacuation.ended', { count: 2 });
  // By both, and both have written all by the time they are stopped.
  second.kill('SIGTERM');
  await second.exited;
  expect(await told('evacuation.code-refused')).toEqual([desk.username, desk.username]);
  expect(await told('evacuation.end')).toEqual([desk.username, desk.username]);
});

test('after five wrong codes not even the right one is taken, for ten minutes', async () => {
  for (let tries = 0; tries < 5; tries += 1) await dialsCode(`*8000000${tries}`, 'code-refused');
  await dialsCode(`*80${code}`, 'code-refused');
  await centre.cli('database put siaga evacuation-tries-since 1');
}, 60_000);

test('with every controller killed, a code evacuates all the same, and Asterisk started anew knows it', async () => {
  for (const controller of centre.controllers) controller.kill('SIGKILL');
  await Promise.all(centre.controllers.map(({ exited }) => exited));
  const since = Date.now();
  await dialsCode(`*80${code}`, 'evacuated');
  const [first, there] = await goesTo(backup);
  await there.hangUp();
  await until('the caller is hung up', () => first.ended);
  const { ports, tools, directory } = centre;
  await centre.asterisk.stop();
  const again = await startAsterisk({
    directory,
    tools,
    ports,
    node: 'e2e',
    env: { ASTERISK_CARRIERS: `telkom=${carriers.telkom}` },
  });
  try {
    const [second, thereAgain] = await goesTo(backup);
    await thereAgain.hangUp();
    await until('the caller is hung up', () => second.ended);
    await centre.startController({ rank: 0, name: 'controller-back' });
    const known = async (): Promise<boolean> =>
      (await centre.api.ask('GET', '/v1/evacuation')).at('evacuated') === true;
    await until('the controller knows it', known);
    expect((await centre.api.ask('GET', '/v1/evacuation')).at('by')).toBe(desk.username);
    const alarms = async () => (await centre.api.alarms('evacuated')).filter(({ at }) => Date.parse(at) >= since);
    await until('it is an alarm again', async () => (await alarms()).length === 1);
    // The one before was seen by controllers.
    const byPhone = async () => (await told('evacuation.begin')).filter((who) => who === desk.username);
    await until('it is in the trail, though nobody saw it', async () => (await byPhone()).length === 2);
  } finally {
    await again.stop();
  }
}, 90_000);
