import { z } from 'zod';
import { answers, rings } from '../../scripts/sip/phone.mjs';
import type { Centre } from '../support/centre.ts';
import { AdoptionCentre } from '../support/adoption-centre.ts';
import { end, fates, tones } from '../support/fault-centre.ts';
import { pauseOperator, resumeOperator } from '../support/idle.ts';
import { followFeed } from '../support/feed.ts';
import { ask, until, type Answer } from '../support/rest.ts';

// The leader dies or freezes, and a standby goes on with its calls: nobody hears of it, and everything can be done as before.
let adoption: AdoptionCentre;
let centre: Centre;

beforeAll(async () => {
  adoption = await AdoptionCentre.start('adoption');
  ({ centre } = adoption.faults);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
beforeEach(() => adoption.ready(), 30_000);
afterEach(() => adoption.renew(), 60_000);

/** Whoever goes on with it talks, can be put on hold and back, and ends as a call does. */
const talksOn = 8_000;

describe.each(fates)('the leader is %s, and the standby goes on', (fate) => {
  test('with two who talk: they notice nothing, hold and resume work, and there is one record', async () => {
    const { caller, operator } = await adoption.faults.conversation();
    const call = await adoption.taken(caller);
    const struck = await adoption.adopted(fate, call);
    await until('they have talked on', () => caller.secondsOf(tones.operator, struck.at) > 6, talksOn + 4_000);
    expect(caller.missed(tones.operator, struck.at)).toBeLessThan(200);
    await adoption.command(call, 'hold');
    const held = Date.now() + 500;
    await until('he hears music', () => caller.longestSilence(held) < 2_000 && Date.now() > held + 1_500);
    expect(caller.secondsOf(tones.operator, held)).toBeLessThan(0.1);
    await adoption.command(call, 'resume');
    const back = Date.now();
    await until('he hears his operator again', () => caller.secondsOf(tones.operator, back) > 0.5);
    await operator.hangUp();
    await until('the caller is hung up', () => caller.ended);
    const { outcome, recordedBy, types } = await adoption.recordOf(caller);
    expect({ outcome, recordedBy }).toEqual({ outcome: 'answered', recordedBy: 'controller' });
    expect(types.filter((type) => type === 'call.adopted' || type === 'operator.lost')).toEqual(['call.adopted']);
  }, 90_000);

  test('with one who waits: his operator is rung as soon as there is one', async () => {
    await adoption.faults.free();
    await pauseOperator(centre, 0);
    await adoption.standbyKnows('paused');
    const caller = await adoption.faults.lineCaller();
    const call = await adoption.taken(caller);
    const struck = await adoption.adopted(fate, call);
    const waits = await centre.api.call(call.id);
    expect(waits).toMatchObject({ stage: 'waiting', arrivedAt: call.arrivedAt });
    const coming = centre.upcoming(adoption.faults.phone, 15_000);
    await resumeOperator(centre, 0);
    await coming;
    await until('the caller hears him', () => caller.secondsOf(tones.operator, struck.at) > 0.5, talksOn);
    expect(caller.longestSilence(struck.at)).toBeLessThan(5_000);
    await caller.hangUp();
    expect((await adoption.recordOf(caller)).types.filter((type) => type === 'call.arrived')).toHaveLength(1);
  }, 90_000);
});

// What it is told does not depend on how it died: who stands still is fenced as in the tests above.
describe('the leader is killed, and the standby goes on', () => {
  const fate = 'killed';

  test('with a phone that rings: it rings on, and gets its caller', async () => {
    const { caller, operator } = await adoption.faults.ringing();
    const call = await adoption.taken(caller);
    await adoption.adopted(fate, call);
    await operator.answer();
    await operator.play();
    await until('the caller hears him', () => caller.secondsOf(tones.operator) > 0.5, talksOn);
    await until('they talk', async () => (await centre.api.call(call.id)).stage === 'talking');
    await operator.hangUp();
    await until('the caller is hung up', () => caller.ended);
    expect((await adoption.recordOf(caller)).types.filter((type) => type === 'operator.assigned')).toHaveLength(1);
  }, 90_000);

  test('with one on hold: he hears music, and is taken back', async () => {
    const { caller } = await adoption.faults.conversation();
    const call = await adoption.taken(caller);
    await adoption.command(call, 'hold');
    const held = Date.now() + 500;
    await adoption.adopted(fate, call);
    expect((await centre.api.call(call.id)).hold).toMatchObject({ because: 'operator' });
    expect(caller.secondsOf(tones.operator, held)).toBeLessThan(0.1);
    expect(caller.longestSilence(held)).toBeLessThan(2_000);
    await adoption.command(call, 'resume');
    const back = Date.now();
    await until('he hears his operator again', () => caller.secondsOf(tones.operator, back) > 0.5);
    await caller.hangUp();
  }, 90_000);

  test.each(['ringing', 'announced to'])(
    'with an agency that is %s: it accepts, and all three hear each other',
    async (stage) => {
      const { caller, operator, incidentId } = await adoption.faults.conversation();
      const call = await adoption.taken(caller);
      const phone = await centre.trunk('damkar-1', stage === 'ringing' ? rings() : answers(), tones.agency);
      const before = phone.calls.length;
      const coming = centre.upcoming(phone);
      await classify(incidentId);
      const agency = await coming;
      await agency.waitFor(stage === 'ringing' ? 'ringing' : 'answered');
      const struck = await adoption.adopted(fate, call);
      if (stage === 'ringing') {
        await agency.answer();
        await agency.play();
      }
      await until('it is told', async () => (await stateOf(incidentId)) === 'announced');
      await agency.press('1');
      await until('the caller hears the agency', () => caller.secondsOf(tones.agency, struck.at) > 0.5, talksOn);
      expect(caller.missed(tones.operator, struck.at)).toBeLessThan(200);
      expect(await stateOf(incidentId)).toBe('joined');
      expect(phone.calls.length - before).toBe(1);
      await operator.hangUp();
      const left = Date.now();
      await until('the agency is heard on', () => caller.secondsOf(tones.agency, left) > 1.5, talksOn);
      await caller.hangUp();
      await agency.waitFor('ended');
    },
    90_000,
  );

  test('with three in conference: nobody loses a word, and each goes as ever', async () => {
    const { caller, operator, incidentId } = await adoption.faults.conversation();
    const call = await adoption.taken(caller);
    const phone = await centre.trunk('damkar-1', answers({ digits: [{ digit: '1', after: 300 }] }), tones.agency);
    const coming = centre.upcoming(phone);
    await classify(incidentId);
    const agency = await coming;
    await until('the caller hears the agency', () => caller.secondsOf(tones.agency) > 0.3, 10_000);
    const struck = await adoption.adopted(fate, call);
    await until('they have talked on', () => caller.secondsOf(tones.agency, struck.at) > 5, talksOn + 4_000);
    expect(caller.missed(tones.agency, struck.at)).toBeLessThan(200);
    expect(caller.missed(tones.operator, struck.at)).toBeLessThan(200);
    await adoption.command(call, 'leave');
    await operator.waitFor('ended');
    const left = Date.now();
    await until('the agency is heard on', () => caller.secondsOf(tones.agency, left) > 1.5, talksOn);
    await caller.hangUp();
    await agency.waitFor('ended', { within: 9_000 });
  }, 90_000);
});

describe('whichever controller is asked', () => {
  const standby = (method: string, path: string, body?: object): Promise<Answer> =>
    adoption.ask(method, path, body, adoption.standby?.http);

  test("the standby takes commands on the leader's call, and shows it as it is", async () => {
    const feed = await followFeed(adoption.standby?.http ?? '', centre.tokens.operator);
    const { caller, incidentId } = await adoption.faults.conversation();
    const call = await adoption.taken(caller);
    await feed.waitFor('operator.talking', { callId: call.id });
    expect((await standby('GET', '/v1/calls?live=true')).pluck('items', 'id')).toEqual([call.id]);
    expect((await standby('GET', '/v1/queue')).at('operators.talking')).toBe(1);
    expect((await standby('POST', `/v1/calls/${call.id}/hold`)).status).toBe(202);
    const held = Date.now() + 500;
    await feed.waitFor('caller.held', { callId: call.id });
    expect((await standby('GET', `/v1/calls/${call.id}`)).at('hold.because')).toBe('operator');
    expect((await standby('POST', `/v1/calls/${call.id}/hold`)).status).toBe(409);
    await until('he hears music', () => caller.longestSilence(held) < 2_000 && Date.now() > held + 1_000);
    expect((await standby('POST', `/v1/calls/${call.id}/resume`)).status).toBe(202);
    const place = { type: 'point', latitude: 0.5, longitude: 101.4 };
    expect((await standby('POST', `/v1/calls/${call.id}/locations`, place)).status).toBe(201);
    expect((await centre.api.call(call.id)).bestFix).toMatchObject({ source: 'operator' });
    const phone = await centre.trunk('damkar-1', rings(), tones.agency);
    const coming = centre.upcoming(phone);
    const wish = { agencyId: 'damkar', mode: 'bridge' };
    const dispatched = await standby('POST', `/v1/incidents/${incidentId}/dispatches`, wish);
    expect(dispatched.status).toBe(202);
    await (await coming).waitFor('ringing');
    const dispatch = `/v1/dispatches/${String(dispatched.at('id'))}`;
    expect((await standby('POST', `${dispatch}/cancel`)).status).toBe(202);
    const as = (token: string | undefined) =>
      ask({ base: adoption.standby?.http ?? '' }, token, 'POST', `/v1/calls/${call.id}/end`);
    expect([(await as('siaga_none')).status, (await as(centre.tokens.auditor)).status]).toEqual([401, 403]);
    expect((await standby('POST', `/v1/calls/${call.id}/end`)).status).toBe(202);
    await until('the caller is hung up', () => caller.ended);
    const audit = `/v1/audit?subject=call/${call.id}&action=calls.end`;
    await until('it is noted', async () => (await standbyAsAdmin(audit)).pluck('items', 'id').length > 0);
    expect((await standbyAsAdmin(audit)).pluck('items', 'id')).toHaveLength(1);
    await feed.waitFor('call.ended', { callId: call.id });
    expect(new Set(feed.seen.map(({ id }) => id)).size).toBe(feed.seen.length);
    expect(feed.all('operator.talking', { callId: call.id })).toHaveLength(1);
    feed.close();
  }, 60_000);

  const standbyAsAdmin = (path: string): Promise<Answer> =>
    ask({ base: adoption.standby?.http ?? '' }, centre.tokens.admin, 'GET', path);

  test('a frozen owner is told of at once, and its call is to be had again when it is taken over', async () => {
    const { caller } = await adoption.faults.conversation();
    const call = await adoption.taken(caller);
    const unknown = '018f0000-0000-7000-8000-000000000001';
    expect((await standby('GET', `/v1/calls/${unknown}`)).status).toBe(404);
    const feed = await followFeed(adoption.standby?.http ?? '', centre.tokens.operator);
    await adoption.strike('frozen');
    const [refused, read] = await Promise.all([
      standby('POST', `/v1/calls/${call.id}/hold`),
      standby('GET', `/v1/calls/${call.id}`),
    ]);
    expect([refused.status, refused.code, refused.at('mayBeDone')]).toEqual([503, 'controllers.unreachable', true]);
    expect([read.status, read.code, read.at('mayBeDone')]).toEqual([503, 'controllers.unreachable', false]);
    expect(refused.headers.get('retry-after')).toBe('2');
    await adoption.goesOn(call);
    await feed.waitFor('call.adopted', { callId: call.id });
    await until('events of the frozen one may be missing', () => feed.signals.includes('feed.reset'));
    feed.close();
    expect((await standby('GET', `/v1/calls/${call.id}`)).at('hold')).toBeNull();
    expect((await standby('GET', `/v1/calls/${unknown}`)).status).toBe(404);
    await adoption.command(call, 'hold');
    // A new leader has none of it, and takes commands on it all the same.
    await adoption.faults.restart();
    const leader = adoption.faults.controller.http;
    expect((await adoption.ask('GET', '/v1/calls?live=true', undefined, leader)).pluck('items', 'id')).toEqual([
      call.id,
    ]);
    expect((await adoption.ask('POST', `/v1/calls/${call.id}/resume`, undefined, leader)).status).toBe(202);
    expect((await standby('GET', `/v1/calls/${call.id}`)).at('hold')).toBeNull();
    await caller.hangUp();
  }, 60_000);
});

test('a leader that wakes after its calls were taken leaves them alone and ends', async () => {
  const { caller, operator } = await adoption.faults.conversation();
  const call = await adoption.taken(caller);
  const woken = adoption.faults.controller;
  const struck = await adoption.adopted('frozen', call);
  woken.kill('SIGCONT');
  await until('it has ended', () => woken.ended !== null, 10_000);
  expect(woken.ended).toMatchObject({ code: 75 });
  const woke = Date.now();
  await until('they talk on', () => caller.secondsOf(tones.operator, woke) > 3, talksOn);
  expect(caller.missed(tones.operator, struck.at)).toBeLessThan(200);
  expect([caller.ended, operator.ended]).toEqual([false, false]);
  await caller.hangUp();
  expect((await adoption.recordOf(caller)).outcome).toBe('answered');
}, 60_000);

test('a call whose caller hangs up while nobody sees it is closed, with one record', async () => {
  const { caller, operator } = await adoption.faults.conversation();
  await adoption.strike('killed');
  await caller.hangUp();
  await operator.waitFor('ended', { within: 9_000 });
  const { outcome, recordedBy } = await adoption.recordOf(caller);
  expect({ outcome, recordedBy }).toEqual({ outcome: 'answered', recordedBy: 'controller' });
}, 60_000);

test('when the one who took the calls dies as well, the next goes on with them', async () => {
  const { caller, operator } = await adoption.faults.conversation();
  const call = await adoption.taken(caller);
  await adoption.adopted('killed', call);
  const next = await centre.startController({ rank: 2, name: `third-${centre.controllers.length}` });
  const first = adoption.standby;
  if (first === undefined) throw new Error('no standby');
  await end(first);
  await adoption.goesOn(call);
  await adoption.command(call, 'hold');
  await adoption.command(call, 'resume');
  await operator.hangUp();
  await until('the caller is hung up', () => caller.ended);
  const { types } = await adoption.recordOf(caller);
  expect(types.filter((type) => type === 'call.adopted')).toHaveLength(2);
  await end(next);
}, 60_000);

test('a controller that starts anew goes on with the calls of the one before it', async () => {
  const standby = adoption.standby;
  if (standby !== undefined) await end(standby);
  const { caller, operator } = await adoption.faults.conversation();
  const call = await adoption.taken(caller);
  const struck = await adoption.faults.strike('killed');
  await adoption.faults.restart();
  await adoption.goesOn(call);
  await adoption.command(call, 'hold');
  await adoption.command(call, 'resume');
  const back = Date.now();
  await until('he hears his operator', () => caller.secondsOf(tones.operator, back) > 0.5);
  expect(struck.at).toBeLessThan(back);
  await operator.hangUp();
  await until('the caller is hung up', () => caller.ended);
  expect((await adoption.recordOf(caller)).types).toContain('call.adopted');
}, 60_000);

test('a caller who went to the dialplan meanwhile comes back to his own call, with all that is known of it', async () => {
  const standby = adoption.standby;
  if (standby !== undefined) await end(standby);
  const { caller, operator } = await adoption.faults.conversation();
  const call = await adoption.taken(caller);
  await centre.api.edit(`/v1/incidents/${call.incidentId}`, { severity: 'moderate' });
  // In the dialplan his phone rings and rings, until the dialplan asks for a controller again.
  adoption.faults.phone.behave(rings());
  await adoption.faults.strike('killed');
  await operator.hangUp();
  await adoption.faults.noticed();
  await adoption.faults.restart();
  adoption.faults.phone.behave(answers());
  await adoption.goesOn(call, 25_000);
  const back = Date.now();
  await until('he hears an operator', () => caller.secondsOf(tones.operator, back) > 0.5, talksOn);
  await caller.hangUp();
  expect((await centre.api.incident(call.incidentId)).severity).toBe('moderate');
  const { types } = await adoption.recordOf(caller);
  expect(types.filter((type) => type === 'call.arrived' || type === 'call.adopted')).toEqual([
    'call.arrived',
    'call.adopted',
  ]);
}, 90_000);

const classify = (incidentId: string) =>
  centre.api.edit(`/v1/incidents/${incidentId}`, { kind: 'fire', severity: 'moderate' });

async function stateOf(incidentId: string): Promise<string | undefined> {
  const path = `/v1/dispatches?incidentId=${incidentId}`;
  return (await centre.api.get(path, z.object({ items: z.array(z.object({ state: z.string() })) }))).items.at(-1)
    ?.state;
}
