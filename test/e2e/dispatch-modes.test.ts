import { z } from 'zod';
import { accepts, answers, rejects, type Behaviour, type Call, type Phone } from '../../scripts/sip/phone.mjs';
import { findTones, readWav, SAMPLE_RATE } from '../../scripts/sip/tones.mjs';
import type { CallView } from '../../src/calls/view.ts';
import { dispatchView } from '../../src/dispatch/store.ts';
import type { Centre } from '../support/centre.ts';
import type { Dispatch } from '../support/centre-api.ts';
import { heardIn } from '../support/ear.ts';
import { Media } from '../support/line-caller.ts';
import { LinePhone } from '../support/line-phone.ts';
import { until, type Answer } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import { webhookServer } from '../support/webhook-server.ts';

const tones = { caller: 440, operator: 660, damkar: 880, polisi: 1100, psc: 1320, pln: 1540, kodim: 1760 };
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'dispatch-modes', operators: 2 });
  await centre.operatorPhones(answers(), [tones.operator, tones.operator]);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear());

const accepting = accepts({ pressAfter: 200 });

function trunk(trunkId: string, behaviour: Behaviour = accepting): Promise<Phone> {
  const tone = Object.entries(tones).find(([agencyId]) => trunkId.startsWith(agencyId))?.[1];
  return centre.trunk(trunkId, behaviour, tone);
}

interface Talk {
  citizen: Call;
  operator: Call;
  call: CallView;
}

async function talk(): Promise<Talk> {
  const rung = Promise.race(centre.phones.map((phone) => centre.upcoming(phone)));
  const citizen = await centre.dial({ tone: tones.caller });
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  return { citizen, operator: await rung, call };
}

async function engaged(call: CallView, agencyId: string, mode = 'bridge'): Promise<string> {
  const path = `/v1/incidents/${call.incidentId}/dispatches`;
  const answer = await centre.api.ask('POST', path, { body: { agencyId, mode } });
  expect(answer.status).toBe(202);
  return z.string().parse(answer.at('id'));
}

const joined = (dispatchId: string): Promise<unknown> =>
  centre.feed.waitFor('dispatch.joined', { detail: { dispatchId } });
const command = (dispatchId: string, what: string): Promise<Answer> =>
  centre.api.ask('POST', `/v1/dispatches/${dispatchId}/${what}`);
const ofCall = ({ id }: CallView, what: string): Promise<Answer> => centre.api.ask('POST', `/v1/calls/${id}/${what}`);
const heard = (channelId: string): string[] => heardIn(centre.recording(channelId, 'heard'), tones).sort();

async function ended(dispatchId: string, state: string): Promise<Dispatch> {
  await until(`the dispatch is ${state}`, async () => (await centre.api.dispatch(dispatchId)).state === state, 20_000);
  return centre.api.dispatch(dispatchId);
}

test('three agencies in one conference hear the caller, the operator and each other', async () => {
  const agencies = ['damkar', 'polisi', 'psc'] as const;
  await Promise.all(agencies.map((agencyId) => trunk(`${agencyId}-1`)));
  const { call } = await talk();
  const ids = await Promise.all(agencies.map((agencyId) => engaged(call, agencyId)));
  await Promise.all(ids.map(joined));
  const all = ['caller', 'operator', ...agencies];
  const but = (own: string): string[] => all.filter((one) => one !== own).sort();
  const legs = [call.channelId, `${call.id}.o1`, ...ids.map((id) => `${id}.a1`)];
  const wanted = all.map(but);
  await until('each hears all others', () => JSON.stringify(legs.map(heard)) === JSON.stringify(wanted));
  expect(legs.map(heard)).toEqual(wanted);
}, 60_000);

test('one who listens hears caller and operator and is heard by nobody, until he is opened to speak', async () => {
  await trunk('damkar-1');
  const { citizen, operator, call } = await talk();
  const dispatchId = await engaged(call, 'damkar', 'listen');
  await joined(dispatchId);
  expect(await centre.api.dispatch(dispatchId)).toMatchObject({ mode: 'listen', state: 'joined', muted: true });
  await until('the listener hears both', () => heard(`${dispatchId}.a1`).join() === 'caller,operator');
  await citizen.pause(1_500);
  expect([heard(call.channelId), heard(`${call.id}.o1`)]).toEqual([['operator'], ['caller']]);

  expect((await command(dispatchId, 'speak')).at('muted')).toBe(false);
  await until('the caller hears him', () => heard(call.channelId).includes('damkar'));
  await until('so does the operator', () => heard(`${call.id}.o1`).includes('damkar'));
  expect((await command(dispatchId, 'listen')).at('muted')).toBe(true);
  expect(operator.ended).toBe(false);
}, 60_000);

test('whom the rules want to listen hears the call as soon as it is classified, and no word comes from there', async () => {
  await trunk('damkar-1');
  await centre.trunk('bpbd-1', accepting, tones.polisi);
  await centre.trunk('basarnas-1', accepting, tones.psc);
  const { citizen, call } = await talk();
  const classified = await centre.api.edit(`/v1/incidents/${call.incidentId}`, { kind: 'natural-disaster' });
  const ids = z.array(z.string()).length(3).parse(classified.at('dispatchIds'));
  await Promise.all(ids.map(joined));
  const dispatches = await Promise.all(ids.map((id) => centre.api.dispatch(id)));
  const listener = dispatches.find(({ agencyId }) => agencyId === 'damkar');
  expect(listener).toMatchObject({ mode: 'listen', muted: true, reason: { by: 'rule', ruleId: 'natural-disaster' } });
  await until('it hears both', () => {
    const voices = heard(`${listener?.id}.a1`);
    return voices.includes('caller') && voices.includes('operator');
  });
  await citizen.pause(1_500);
  for (const channelId of [call.channelId, `${call.id}.o1`]) expect(heard(channelId)).not.toContain('damkar');
}, 60_000);

test('who listens hears nothing of what is said to a consulted colleague, and hears the call again afterwards', async () => {
  const media = new Media();
  const listener = await LinePhone.start(media, {
    ...(await centre.trunkAddress('kodim-1')),
    server: centre.asterisk.sip,
    tone: tones.kodim,
  });
  const hears = async (): Promise<void> => {
    const since = Date.now();
    await until('the listener hears both', () =>
      [tones.caller, tones.operator].every((tone) => listener.secondsOf(tone, since) > 0.5),
    );
  };
  try {
    const { citizen, call } = await talk();
    const dispatchId = await engaged(call, 'kodim', 'listen');
    await centre.feed.waitFor('dispatch.announced', { detail: { dispatchId } });
    listener.press('1');
    await joined(dispatchId);
    await hears();
    const colleague = centre.operators.find(({ id }) => id !== call.operatorId);
    const parties = `/v1/calls/${call.id}/parties`;
    const asked = await centre.api.ask('POST', parties, { body: { purpose: 'consult', operatorId: colleague?.id } });
    expect(asked.status).toBe(202);
    await centre.feed.waitFor('party.joined', { callId: call.id });
    const refused = await command(dispatchId, 'speak');
    expect([refused.status, refused.code]).toEqual([409, 'dispatches.not-now']);

    const since = Date.now();
    await citizen.pause(2_500);
    expect([tones.caller, tones.operator].map((tone) => listener.secondsOf(tone, since))).toEqual([0, 0]);
    const withColleague = centre.recording(`${call.id}.p2`, 'heard');
    await until('the colleague hears the operator', () => heardIn(withColleague, tones).includes('operator'));

    expect((await ofCall(call, 'resume')).status).toBe(202);
    await hears();
    expect(heard(call.channelId)).toEqual(['operator']);
  } finally {
    listener.close();
    await media.stop();
  }
}, 60_000);

test('with only a listener left, the caller is back with an operator', async () => {
  const police = await trunk('polisi-1');
  await trunk('damkar-1');
  const { citizen, operator, call } = await talk();
  const listener = await engaged(call, 'damkar', 'listen');
  await joined(listener);
  const upcoming = centre.upcoming(police);
  const talker = await engaged(call, 'polisi');
  await joined(talker);
  expect((await ofCall(call, 'leave')).status).toBe(202);
  await operator.waitFor('ended');
  await (await upcoming).hangUp();
  await centre.feed.waitFor('operator.talking', { callId: call.id, count: 2 });
  expect(citizen.ended).toBe(false);
  expect(await centre.api.dispatch(listener)).toMatchObject({ state: 'joined', muted: true });
}, 60_000);

test('a muted agency is not heard, and whoever alone speaks with the caller is not muted', async () => {
  await trunk('damkar-1');
  const { citizen, call } = await talk();
  const dispatchId = await engaged(call, 'damkar');
  await joined(dispatchId);
  await until('the caller hears it', () => heard(call.channelId).includes('damkar'));
  expect((await command(dispatchId, 'mute')).at('muted')).toBe(true);
  expect((await ofCall(call, 'leave')).status).toBe(409);
  const recording = centre.recording(call.channelId, 'heard');
  const before = readWav(recording).length;
  await citizen.pause(3_000);
  // What was on its way when it was muted is not counted.
  const late = readWav(recording).subarray(before + SAMPLE_RATE);
  expect(findTones(late, [tones.damkar, tones.operator]).map(({ present }) => present)).toEqual([false, true]);
  expect((await command(dispatchId, 'unmute')).at('muted')).toBe(false);
  expect((await ofCall(call, 'leave')).status).toBe(202);
  const refused = await command(dispatchId, 'mute');
  expect([refused.status, refused.code]).toEqual([409, 'dispatches.not-now']);
}, 60_000);

test('the operator leaves, agency and caller talk on, and he comes back', async () => {
  await trunk('polisi-1');
  const { citizen, operator, call } = await talk();
  expect((await ofCall(call, 'leave')).status).toBe(409);
  const dispatchId = await engaged(call, 'polisi');
  await joined(dispatchId);
  expect((await ofCall(call, 'leave')).status).toBe(202);
  await operator.waitFor('ended');
  await until('the caller hears the agency', () => heard(call.channelId).includes('polisi'));
  expect(await centre.api.call(call.id)).toMatchObject({ stage: 'talking' });
  expect(citizen.ended).toBe(false);
  expect((await ofCall(call, 'return')).status).toBe(202);
  await centre.feed.waitFor('operator.talking', { callId: call.id, count: 2 });
  await until('he hears both', () => heard(`${call.id}.o2`).join() === 'caller,polisi');
  expect(await centre.api.dispatch(dispatchId)).toMatchObject({ state: 'joined' });
}, 60_000);

test('an agency that declines is followed by the one that is asked instead', async () => {
  const agency = await centre.api.ask('GET', '/v1/agencies/damkar');
  const { version, ...rest } = z.looseObject({ version: z.number() }).parse(agency.body);
  const body = Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'id'));
  const put = (alternates: string[], etag: string): Promise<Answer> =>
    centre.api.ask('PUT', '/v1/agencies/damkar', { body: { ...body, alternates }, headers: { 'if-match': etag } });
  expect((await put(['pln'], `"${version}"`)).status).toBe(200);
  await trunk('damkar-1', accepts({ digit: '9', pressAfter: 200 }));
  await trunk('damkar-2', rejects(603));
  await trunk('pln-1', answers());
  const { call } = await talk();
  const dispatchId = await engaged(call, 'damkar');
  await centre.feed.waitFor('dispatch.joined', { callId: call.id });
  expect(await ended(dispatchId, 'failed')).toMatchObject({ outcome: 'refused' });
  const path = `/v1/dispatches?incidentId=${call.incidentId}`;
  const listed = async (): Promise<Dispatch[]> =>
    (await centre.api.get(path, z.object({ items: z.array(dispatchView) }))).items;
  await until('both are on record', async () => (await listed()).length === 2);
  const instead = (await listed()).find(({ id }) => id !== dispatchId);
  expect(instead).toMatchObject({ agencyId: 'pln', state: 'joined', reason: { by: 'fallback', of: dispatchId } });
  expect((await put([], `"${version + 1}"`)).status).toBe(200);
}, 60_000);

test('an agency of mode notify is told by a message and rung by nobody; so it is when the call has ended meanwhile', async () => {
  const gateway = await webhookServer();
  await centre.api.set({ webhookNetworks: ['127.0.0.0/8'] });
  const contact = { name: 'Piket PLN', agencyId: 'pln', channels: [{ type: 'webhook', url: gateway.url() }] };
  // The one whom the agency names as its contact.
  const replaced = await centre.api.ask('PUT', '/v1/recipients/piket-pln', {
    body: contact,
    headers: { 'if-match': '"1"' },
  });
  expect(replaced.status).toBe(200);
  const phone = await trunk('pln-1', answers());
  const before = phone.calls.length;
  const { citizen, call } = await talk();
  const first = await engaged(call, 'pln', 'notify');
  expect(await ended(first, 'told')).toMatchObject({ outcome: 'delivered', attempts: [] });
  expect(gateway.received).toHaveLength(1);

  let release: () => void = () => undefined;
  gateway.answer((response) => {
    release = () => response.writeHead(204).end();
  });
  const second = await engaged(call, 'pln', 'notify');
  await until('the message is on its way', () => gateway.received.length === 2);
  await citizen.hangUp();
  await centre.feed.waitFor('call.ended', { callId: call.id });
  release();
  expect(await ended(second, 'told')).toMatchObject({ outcome: 'delivered' });
  expect(phone.calls.length).toBe(before);
  await gateway.close();
}, 60_000);
