import { z } from 'zod';
import type { ControllerHandle } from '../../scripts/runtime.mjs';
import { accepts, answers, rejects, rings, type Call } from '../../scripts/sip/phone.mjs';
import { createToken } from '../../src/access/token-command.ts';
import type { Centre } from '../support/centre.ts';
import type { Dispatch } from '../support/centre-api.ts';
import { heardIn, hearsPrompt } from '../support/ear.ts';
import { ask, until, type Answer } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

const tones = { caller: 440, operator: 660, damkar: 880 };
let centre: Centre;
/** The operator's own, at his desk. */
let token: string;

beforeAll(async () => {
  centre = await startCentre({ name: 'without-call', operators: 1 });
  await centre.operatorPhones(answers(), [tones.operator]);
  const operatorId = centre.operators[0]?.id ?? '';
  ({ token } = await createToken(centre.database.url, { role: 'operator', name: 'Ani', operatorId }));
  await until('his token is known', async () => (await asOperator('GET', '/v1/rules')).status === 200);
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => centre.clear());

const asOperator = (method: string, path: string, body?: object): Promise<Answer> =>
  ask(centre, token, method, path, body === undefined ? {} : { body });

let reports = 0;
async function report(over: object = {}): Promise<string> {
  const answer = await centre.api.ask('POST', '/v1/incidents', {
    as: 'client',
    headers: { 'idempotency-key': `report-${(reports += 1)}` },
    body: { kind: 'fire', severity: 'low', text: 'Asap', reporter: { number: '081234567890' }, source: 'app', ...over },
  });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return z.string().parse(answer.at('id'));
}

async function dispatchOf(incidentId: string, agencyId: string): Promise<Dispatch> {
  let found: Dispatch | undefined;
  await until(`${agencyId} is engaged`, async () => {
    const path = `/v1/dispatches?incidentId=${incidentId}`;
    const { items } = await centre.api.get(
      path,
      z.object({ items: z.array(z.looseObject({ id: z.string(), agencyId: z.string() })) }),
    );
    const id = items.find((one) => one.agencyId === agencyId)?.id;
    if (id !== undefined) found = await centre.api.dispatch(id);
    return found !== undefined;
  });
  if (found === undefined) throw new Error('unreachable');
  return found;
}

async function ended(dispatchId: string, state: string, within = 20_000): Promise<Dispatch> {
  await until(`the dispatch is ${state}`, async () => (await centre.api.dispatch(dispatchId)).state === state, within);
  return centre.api.dispatch(dispatchId);
}

/** An incident whose call is over. */
async function endedCall(): Promise<string> {
  const rung = centre.upcoming(centre.phones[0] ?? neverRung());
  const citizen = await centre.dial({ tone: tones.caller });
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  await rung;
  await citizen.hangUp();
  await centre.quiet();
  return call.incidentId;
}

function neverRung(): never {
  throw new Error('there is no phone');
}

const timelineOf = async (incidentId: string): Promise<string[]> =>
  (
    await centre.api.get(
      `/v1/incidents/${incidentId}/timeline`,
      z.object({ items: z.array(z.looseObject({ type: z.string() })) }),
    )
  ).items.map(({ type }) => type);

test('a report from an app rings the fire brigade, which hears what it is about, and has been told', async () => {
  const phone = await centre.trunk('damkar-1', accepts({ pressAfter: 1_500 }), tones.damkar);
  const coming = centre.upcoming(phone);
  const incidentId = await report({ position: { latitude: 0.5071, longitude: 101.4478, radius: 20 } });
  const agency: Call = await coming;
  expect(agency.from.user).toBe('+6281234567890');
  expect(agency.header('X-Siaga-Incident')).toBe(incidentId);
  expect(agency.invite.body).toContain('0.5071 101.4478');
  const { id } = await dispatchOf(incidentId, 'damkar');
  await centre.feed.waitFor('dispatch.told', { detail: { dispatchId: id } });
  expect(await centre.api.dispatch(id)).toMatchObject({ state: 'accepted', callId: null, reason: { by: 'rule' } });
  await agency.pause(1_000);
  await agency.hangUp();
  expect(await ended(id, 'left')).toMatchObject({ outcome: 'told' });
  expect(hearsPrompt(centre.recording(`${id}.a1`, 'heard'), 'announcement-intro')).toBe(true);
  await until('all is on record', async () => (await timelineOf(incidentId)).includes('dispatch.left'));
  expect(await timelineOf(incidentId)).toEqual(
    expect.arrayContaining(['incident.reported', 'dispatch.requested', 'dispatch.announced', 'dispatch.told']),
  );
}, 60_000);

test('a report that no agency answers for raises an alarm, when the last was asked: no screen is open on it', async () => {
  // The disaster agency is asked in place of the fire brigade.
  for (const id of ['damkar-1', 'damkar-2', 'bpbd-1']) await centre.trunk(id, rejects(503));
  await centre.trunk('bpbd-2', accepts({ digit: '9', pressAfter: 200 }));
  const incidentId = await report({});
  const { id: dispatchId } = await dispatchOf(incidentId, 'bpbd');
  await ended(dispatchId, 'declined');
  const told = async (): Promise<unknown[]> =>
    (await centre.api.alarms('dispatch-failed')).flatMap(({ detail }) =>
      detail['incidentId'] === incidentId ? detail : [],
    );
  await until('somebody is told', async () => (await told()).length > 0);
  expect(await told()).toEqual([{ incidentId, dispatchId, agencyId: 'damkar' }]);
}, 60_000);

test('an operator dispatches on an ended call: the agency accepts, his phone rings, they hear each other', async () => {
  const incidentId = await endedCall();
  await centre.trunk('damkar-1', accepts({ pressAfter: 200 }), tones.damkar);
  const operator = centre.upcoming(centre.phones[0] ?? neverRung());
  const asked = await asOperator('POST', `/v1/incidents/${incidentId}/dispatches`, { agencyId: 'damkar' });
  expect([asked.status, asked.at('callId')]).toEqual([202, null]);
  const id = z.string().parse(asked.at('id'));
  const again = await asOperator('POST', `/v1/incidents/${incidentId}/dispatches`, { agencyId: 'damkar' });
  expect([again.code, again.at('dispatchId')]).toEqual(['dispatches.engaged', id]);
  const rung = await operator;
  await centre.feed.waitFor('dispatch.joined', { detail: { dispatchId: id } });
  await centre.api.operatorIs(centre.operators[0]?.id ?? '', 'talking');
  await rung.pause(1_500);
  await rung.hangUp();
  expect(await ended(id, 'left')).toMatchObject({ outcome: 'call-ended', agencyId: 'damkar' });
  await centre.quiet();
  expect(heardIn(centre.recording(`${id}.a1`, 'heard'), tones)).toEqual(['operator']);
  expect(heardIn(centre.recording(`${id}.o1`, 'heard'), tones)).toEqual(['damkar']);
}, 60_000);

test('an ended call is classified: whom the rules name is rung and told, and a second change rings nobody again', async () => {
  const incidentId = await endedCall();
  const phone = await centre.trunk('damkar-1', accepts({ pressAfter: 1_500 }), tones.damkar);
  const coming = centre.upcoming(phone);
  const path = `/v1/incidents/${incidentId}`;
  const patch = async (body: object): Promise<string[]> => {
    const { headers } = await centre.api.ask('GET', path);
    const put = { body, headers: { 'if-match': headers.get('etag') ?? '' } };
    return z.array(z.string()).parse((await centre.api.ask('PATCH', path, put)).at('dispatchIds'));
  };
  const made = await patch({ kind: 'fire', severity: 'low' });
  const agency = await coming;
  expect(agency.header('X-Siaga-Incident')).toBe(incidentId);
  const { id } = await dispatchOf(incidentId, 'damkar');
  expect(made).toContain(id);
  await centre.feed.waitFor('dispatch.told', { detail: { dispatchId: id } });
  await agency.hangUp();
  expect(await ended(id, 'left')).toMatchObject({ outcome: 'told', callId: null, reason: { by: 'rule' } });
  expect(hearsPrompt(centre.recording(`${id}.a1`, 'heard'), 'announcement-intro')).toBe(true);
  await until('the decision is on record', async () => {
    const decisions = z.object({ items: z.array(z.object({ ruleSetVersion: z.number() })) });
    return (await centre.api.get(`${path}/decisions`, decisions)).items.length === 1;
  });
  await patch({ severity: 'moderate' });
  const { items } = await centre.api.get(
    `/v1/dispatches?incidentId=${incidentId}`,
    z.object({ items: z.array(z.object({ agencyId: z.string() })) }),
  );
  expect(items.filter(({ agencyId }) => agencyId === 'damkar')).toHaveLength(1);
}, 60_000);

test('an agency that declines, after a trunk that is dead: the outcome is on the timeline, and no operator is rung', async () => {
  const incidentId = await endedCall();
  await centre.trunk('damkar-1', rejects(503));
  await centre.trunk('damkar-2', accepts({ digit: '9', pressAfter: 200 }));
  const before = centre.phones[0]?.calls.length;
  const asked = await asOperator('POST', `/v1/incidents/${incidentId}/dispatches`, { agencyId: 'damkar' });
  const dispatch = await ended(z.string().parse(asked.at('id')), 'declined');
  expect(dispatch.attempts.map(({ trunkId, outcome }) => `${trunkId} ${outcome}`)).toEqual([
    'damkar-1 unreachable',
    'damkar-2 declined',
  ]);
  await until('it is on record', async () => (await timelineOf(incidentId)).includes('dispatch.declined'));
  expect(centre.phones[0]?.calls.length).toBe(before);
  // Who is asked in its place has trunks that answer nothing.
  await centre.quiet(25_000);
}, 60_000);

test('an agency that has no path reaches nobody: REST, the feed and the timeline say so at once', async () => {
  const headers = { 'if-none-match': '*' };
  const noPath = { name: 'Tagana', nameEnglish: 'Social services', number: '1500112', trunks: [] };
  const made = await centre.api.ask('PUT', '/v1/agencies/tagana', { body: noPath, headers });
  expect(made.status).toBe(201);
  const incidentId = await endedCall();
  const before = centre.phones[0]?.calls.length;
  const asked = await asOperator('POST', `/v1/incidents/${incidentId}/dispatches`, { agencyId: 'tagana' });
  expect(asked.status).toBe(202);
  const id = z.string().parse(asked.at('id'));
  await centre.feed.waitFor('dispatch.failed', { detail: { dispatchId: id, reason: 'unreachable' } });
  expect(await ended(id, 'failed')).toMatchObject({ outcome: 'unreachable', callId: null, attempts: [] });
  await until('it is on record', async () => (await timelineOf(incidentId)).includes('dispatch.failed'));
  expect(centre.phones[0]?.calls.length).toBe(before);
}, 60_000);

/** A report has the fire brigade's phone ring, which is on record; nobody answers yet. */
async function ringing() {
  await centre.api.set({ agencyRingSeconds: 40 });
  const phone = await centre.trunk('damkar-1', rings(), tones.damkar);
  const before = phone.calls.length;
  const coming = centre.upcoming(phone);
  const incidentId = await report();
  const agency = await coming;
  await agency.waitFor('ringing');
  const { id } = await dispatchOf(incidentId, 'damkar');
  await until('it is on record', async () => (await centre.api.dispatch(id)).state === 'ringing');
  return { id, agency, rung: () => phone.calls.length - before };
}

const standing = z.object({ owner: z.string(), state: z.string(), outcome: z.string().nullable() });
/** How a dispatch without a call stands in PostgreSQL, and whose it is. */
async function stands(dispatchId: string): Promise<z.output<typeof standing> | undefined> {
  const query = `select w.owner, d.state, d.outcome from dispatches_without_call w join dispatches d using (incident_id)
    where d.id = $1`;
  return (await centre.api.sql(standing, query, [dispatchId]))[0];
}

test('the controller is killed while the agency rings: another goes on, and the phone rings once', async () => {
  const [first] = centre.controllers;
  await centre.startController();
  const { id, agency, rung } = await ringing();
  first?.kill('SIGKILL');
  await until('it is dead', () => first?.ended !== null);
  await centre.follow();
  const dead = (await stands(id))?.owner;
  await until('another goes on with it', async () => (await stands(id))?.owner !== dead, 30_000);
  expect(agency.ended).toBe(false);
  await agency.answer();
  await centre.feed.waitFor('dispatch.announced', { detail: { dispatchId: id } });
  await agency.press('1');
  await centre.feed.waitFor('dispatch.told', { detail: { dispatchId: id } });
  await agency.hangUp();
  expect(await ended(id, 'left')).toMatchObject({ outcome: 'told', attempts: [{ number: 1 }] });
  expect(rung()).toBe(1);
}, 90_000);

test.each(['after', 'before'])(
  'the controller stood still, and another goes on: an agency that answers %s the first wakes, and ends, is not hung up on',
  async (when) => {
    const frozen = centre.controllers.find(({ ended: over }) => over === null);
    if (centre.controllers.filter(({ ended: over }) => over === null).length < 2) await centre.startController();
    const { id, agency, rung } = await ringing();
    const first = (await stands(id))?.owner;
    frozen?.kill('SIGSTOP');
    try {
      await until('another goes on with it', async () => (await stands(id))?.owner !== first, 30_000);
      if (when === 'after') await wakes(frozen);
      await agency.answer();
      await until('the agency hears what it is', async () => (await stands(id))?.state === 'announced', 15_000);
      await agency.press('1');
      await until('it has accepted', async () => (await stands(id))?.state === 'accepted');
      expect(agency.ended).toBe(false);
      await agency.hangUp();
      await until('it is over', async () => (await stands(id))?.state === 'left');
      expect(await stands(id)).toMatchObject({ outcome: 'told' });
      expect(rung()).toBe(1);
    } finally {
      await wakes(frozen);
    }
  },
  90_000,
);

/** Taken for dead, it ends as soon as it knows. */
async function wakes(frozen: ControllerHandle | undefined): Promise<void> {
  frozen?.kill('SIGCONT');
  await until('it has ended', () => frozen?.ended !== null, 15_000);
}
