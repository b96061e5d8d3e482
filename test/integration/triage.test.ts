import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { z } from 'zod';
import type { Call } from '../../src/calls/call.ts';
import type { Role } from '../../src/platform/auth.ts';
import type { Entry } from '../../src/records/entry.ts';
import { defaultSettings } from '../../src/settings/setting.ts';
import { callbackView } from '../../src/triage/callback-routes.ts';
import { workOf, writeTriage } from '../../src/triage/write.ts';
import { newImei, newNumber } from '../support/callers.ts';
import { startController, type Arrival, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { callEntry } from '../support/records.ts';
import { ask, until, type Answer } from '../support/rest.ts';
import { makeTokens } from '../support/tokens.ts';

jest.setTimeout(120_000);

let database: TestDatabase;
let rooms: ControllerRooms;
let tokens: Record<Role, string>;
const operatorId = randomUUID();

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  rooms = await startController(database.url, {
    settings: { callbackMinimumWaitSeconds: 10, callbackMinimumRank: 40, callbackSpacingSeconds: 60, callbackTries: 2 },
  });
});
afterAll(async () => {
  await rooms.stop();
  await database.drop();
});

type CallbackView = z.output<typeof callbackView>;
const send = (method: string, path: string, body?: unknown, as: Role = 'supervisor'): Promise<Answer> =>
  ask(rooms, tokens[as], method, path, body === undefined ? {} : { body });

/** A call whose caller hangs up after so many seconds, with nobody on the line. */
async function abandon(arrival: Arrival, seconds = 12): Promise<Call> {
  const call = rooms.arrive(arrival);
  rooms.ahead(seconds * 1_000);
  rooms.hangUp(call.id);
  await rooms.settled();
  return call;
}

async function answer(arrival: Arrival, seconds = 60): Promise<Call> {
  const call = rooms.arrive(arrival);
  await rooms.talk(call.id, operatorId);
  rooms.ahead(seconds * 1_000);
  rooms.hangUp(call.id);
  await rooms.settled();
  return call;
}

async function close(incidentId: string, disposition: string): Promise<void> {
  const { headers } = await send('GET', `/v1/incidents/${incidentId}`);
  const changed = await ask(rooms, tokens.supervisor, 'PATCH', `/v1/incidents/${incidentId}`, {
    body: { disposition, status: 'closed' },
    headers: { 'if-match': headers.get('etag') ?? '' },
  });
  expect(changed.status).toBe(200);
  await rooms.settled();
}

const scoreView = z.object({
  score: z.number(),
  measure: z.string(),
  contributions: z.array(
    z.object({ reason: z.string(), points: z.number(), callId: z.string(), liftedBy: z.string().nullable() }),
  ),
});
async function scoreOf(number: string): Promise<z.output<typeof scoreView>> {
  const found = await send('GET', `/v1/nuisance?number=${encodeURIComponent(number)}`);
  expect(found.status).toBe(200);
  return scoreView.parse(found.body);
}
const reasons = async (number: string): Promise<string[]> =>
  (await scoreOf(number)).contributions.filter(({ liftedBy }) => liftedBy === null).map(({ reason }) => reason);

async function callbackOf(callId: string): Promise<CallbackView> {
  let found: CallbackView | undefined;
  await until('the call is on the list', async () => {
    const { body } = await send('GET', '/v1/callbacks?limit=200');
    found = z
      .object({ items: z.array(callbackView) })
      .parse(body)
      .items.find((one) => one.callId === callId);
    return found !== undefined;
  });
  if (found === undefined) throw new Error('unreachable');
  return found;
}
const audited = (action: string): Promise<{ subject: string }[]> =>
  rooms.database.rows(z.object({ subject: z.string() }), 'select subject from audit where action = $1', [action]);

describe('a nuisance score', () => {
  test('is fed by the end of an incident, once though it is written twice, and taken back with another end', async () => {
    const number = newNumber();
    const call = await answer({ number });
    await close(call.incident.id, 'prank');
    expect(await scoreOf(number)).toMatchObject({
      measure: 'lower',
      contributions: [{ reason: 'prank', points: 10, callId: call.id }],
    });
    // The same entries again, as after a crash, change nothing.
    const entry: Entry = { ...callEntry(1, 1), facts: [{ type: 'incident.changed', detail: {} }], state: call };
    const work = workOf([entry], []);
    if (work === null) throw new Error('nothing to do');
    const { nuisance, redialSeconds, identityLimit } = defaultSettings;
    await rooms.database.transaction((sql) =>
      writeTriage(sql, work, { newId: randomUUID, weights: nuisance, redialSeconds, identityLimit }),
    );
    expect(await reasons(number)).toEqual(['prank']);
    await close(call.incident.id, 'settled-by-phone');
    expect(await reasons(number)).toEqual([]);
    await close(call.incident.id, 'prank');
    expect(await reasons(number)).toEqual(['prank']);
  });

  test('is fed also by an incident that is closed long after its call', async () => {
    const number = newNumber();
    const call = await answer({ number });
    await rooms.gone(call.id);
    await close(call.incident.id, 'ghost');
    expect(await reasons(number)).toEqual(['ghost']);
  });

  test('is fed by short calls and by repeats, and forgiven to whoever reports a real incident', async () => {
    const number = newNumber();
    await answer({ number }, 2);
    expect(await reasons(number)).toEqual(['short-call']);
    for (let n = 0; n < 2; n += 1) await answer({ number }, 20);
    expect(await reasons(number)).toEqual(['short-call']);
    const fourth = rooms.arrive({ number });
    await rooms.talk(fourth.id, operatorId);
    rooms.ahead(20_000);
    rooms.hangUp(fourth.id);
    await rooms.settled();
    expect((await reasons(number)).sort()).toEqual(['repeat', 'short-call']);
    const { headers } = await send('GET', `/v1/incidents/${fourth.incident.id}`);
    await ask(rooms, tokens.supervisor, 'PATCH', `/v1/incidents/${fourth.incident.id}`, {
      body: { kind: 'fire' },
      headers: { 'if-match': headers.get('etag') ?? '' },
    });
    await rooms.settled();
    expect(await reasons(number)).toEqual([]);
  });

  test('is not fed by whoever calls again because nobody answered', async () => {
    const number = newNumber();
    for (let n = 0; n < 6; n += 1) await abandon({ number }, 5);
    expect(await reasons(number)).toEqual([]);
  });

  test('is nobody’s whose number many phones have, or which a network has put in', async () => {
    const number = newNumber();
    for (let n = 0; n < 6; n += 1) {
      await answer({ number, imei: newImei() });
      rooms.ahead(700_000);
    }
    const last = await answer({ number, imei: newImei() });
    await close(last.incident.id, 'prank');
    expect(await reasons(number)).toEqual([]);
    const nobody = await answer({ number: '0000000000' });
    await close(nobody.incident.id, 'prank');
    const rows = await rooms.database.rows(
      z.object({ id: z.string() }),
      'select id::text from nuisance_contributions where call_id = $1',
      [nobody.id],
    );
    expect(rows).toEqual([]);
  });

  test('lowers the next call, and is lifted by a supervisor, who is audited', async () => {
    const number = newNumber();
    await close((await answer({ number })).incident.id, 'prank');
    await until('the score is in memory', () => rooms.triage.nuisanceOf(identityOf(number), rooms.now()) !== null);
    const call = rooms.arrive({ number });
    expect(rooms.call(call.id).queue.priority).toBe(4);
    expect(rooms.events.filter(({ callId }) => callId === call.id).map(({ type }) => type)).toContain('caller.lowered');

    const body = { number, reason: 'seorang anak, sudah dibicarakan' };
    expect((await send('POST', '/v1/nuisance/lift', body, 'operator')).status).toBe(403);
    expect((await send('POST', '/v1/nuisance/lift', body, 'auditor')).status).toBe(403);
    expect((await send('POST', '/v1/nuisance/lift', { ...body, number: 'abc' })).status).toBe(400);
    const lifted = await send('POST', '/v1/nuisance/lift', body);
    expect(lifted.body).toEqual({ lifted: 1 });
    expect(rooms.call(call.id).queue.priority).toBe(3);
    expect(await audited('nuisance.lift')).toEqual([{ subject: 'nuisance/number' }]);
    expect(await scoreOf(number)).toMatchObject({ score: 0, measure: 'none', contributions: [{ reason: 'prank' }] });
    rooms.hangUp(call.id);
    const next = rooms.arrive({ number });
    expect(rooms.call(next.id).queue.priority).toBe(3);
    rooms.hangUp(next.id);
  });

  test('is lifted at once when another caller of the district opens a real incident', async () => {
    const number = newNumber();
    await close((await answer({ number })).incident.id, 'prank');
    await until('the score is in memory', () => rooms.triage.nuisanceOf(identityOf(number), rooms.now()) !== null);
    const cell = { variables: { SIAGA_PANI: '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=51010A1B2C3D4E5F' } };
    const prankster = rooms.arrive({ number, ...cell });
    const elsewhere = rooms.arrive({
      number,
      variables: { SIAGA_PANI: '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=51010A1B2C3D4E50' },
    });
    const witness = rooms.arrive({ number: newNumber(), ...cell });
    await rooms.talk(witness.id, operatorId);
    expect(rooms.call(prankster.id).queue.priority).toBe(4);
    const change = (kind: string): boolean =>
      rooms.runner.tell(witness.id, {
        type: 'incident-changed',
        at: rooms.now(),
        change: { kind },
        by: 'token',
        dispatches: [],
      });
    change('prank');
    expect(rooms.call(prankster.id).queue.priority).toBe(4);
    change('fire');
    expect(rooms.call(prankster.id).queue.priority).toBe(3);
    expect(rooms.call(elsewhere.id).queue.priority).toBe(4);
    const later = rooms.arrive({ number, ...cell });
    expect(rooms.call(later.id).queue.priority).toBe(3);
    for (const { id } of [prankster, elsewhere, witness, later]) rooms.hangUp(id);
    await rooms.settled();
  });

  test('is read by supervisors, admins and auditors', async () => {
    const path = `/v1/nuisance?number=${encodeURIComponent(newNumber())}`;
    const answers = await Promise.all(
      (['admin', 'supervisor', 'auditor', 'operator'] as const).map((role) => send('GET', path, undefined, role)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 403]);
    expect((await send('GET', '/v1/nuisance')).status).toBe(400);
  });
});

function identityOf(number: string): Call['identity'] {
  return { number, numberFrom: 'From', imei: null, callable: true, notCallable: null, trunk: null, network: null };
}

describe('an abandoned call', () => {
  test('is listed with its wait, called back in tries, and stays listed until a person has reviewed it', async () => {
    const call = await abandon({ number: newNumber() }, 30);
    const listed = await callbackOf(call.id);
    expect(listed).toMatchObject({
      rangSeconds: 30,
      state: 'listed',
      repeats: 0,
      rank: 20,
      notCallable: null,
      tries: 0,
    });
    expect(rooms.events).toContainEqual(
      expect.objectContaining({
        type: 'callback.listed',
        callId: call.id,
        detail: expect.objectContaining({ callbackId: listed.id, rangSeconds: 30 }),
      }),
    );
    const { callbacks } = rooms.triage;
    for (let tries = 1; tries <= 2; tries += 1) {
      const due = await callbacks.nextDue();
      expect(due).toMatchObject({ id: listed.id, state: 'calling' });
      // Nobody else gets the same one meanwhile.
      expect(await callbacks.nextDue()).toBeNull();
      await callbacks.tried(listed.id, 'not-tried', 'a caller waits');
      rooms.ahead(11_000);
      expect(await callbacks.nextDue()).toMatchObject({ id: listed.id, tries: tries - 1 });
      await callbacks.tried(listed.id, 'not-reached', 'busy');
      expect(await callbacks.nextDue()).toBeNull();
      rooms.ahead(61_000);
    }
    // His tries are used up: he stays on the list for people.
    expect(await callbacks.nextDue()).toBeNull();
    expect(await callbackOf(call.id)).toMatchObject({ state: 'listed', tries: 2 });

    expect((await send('POST', `/v1/callbacks/${listed.id}/call`, undefined, 'auditor')).status).toBe(403);
    expect((await send('POST', `/v1/callbacks/${listed.id}/call`, undefined, 'operator')).status).toBe(202);
    expect(await callbacks.nextDue()).toMatchObject({ id: listed.id });
    await callbacks.tried(listed.id, 'not-reached', 'no answer');

    const review = { disposition: 'abandoned', note: 'tidak diangkat tiga kali' };
    expect((await send('POST', `/v1/callbacks/${listed.id}/review`, review, 'auditor')).status).toBe(403);
    expect((await send('POST', `/v1/callbacks/${listed.id}/review`, { note: 'x' })).status).toBe(400);
    const reviewed = await send('POST', `/v1/callbacks/${listed.id}/review`, review, 'operator');
    expect(reviewed.body).toMatchObject({ state: 'reviewed', review });
    const again = await send('POST', `/v1/callbacks/${listed.id}/review`, review);
    expect([again.status, again.code]).toEqual([409, 'callbacks.reviewed']);
    expect((await send('POST', `/v1/callbacks/${listed.id}/call`)).code).toBe('callbacks.not-listed');
    expect(await audited('callbacks.review')).toEqual([{ subject: `callback/${listed.id}` }]);
    expect(await audited('callbacks.call')).toEqual([{ subject: `callback/${listed.id}` }]);
    expect((await send('GET', `/v1/callbacks/${randomUUID()}`)).code).toBe('callbacks.unknown');
  });

  test('of a caller without a number is listed with the reason, and cannot be called', async () => {
    const call = await abandon({ imei: newImei() }, 50);
    const listed = await callbackOf(call.id);
    expect(listed).toMatchObject({ number: null, notCallable: 'no-sim', state: 'listed' });
    const asked = await send('POST', `/v1/callbacks/${listed.id}/call`);
    expect([asked.status, asked.code]).toEqual([409, 'callbacks.not-callable']);
    expect(await rooms.triage.callbacks.nextDue()).toBeNull();
  });

  test('too short a wait and too low a rank are listed, and not called', async () => {
    const call = await abandon({ number: newNumber() }, 3);
    expect(await callbackOf(call.id)).toMatchObject({ state: 'listed', rangSeconds: 3 });
    expect(await rooms.triage.callbacks.nextDue()).toBeNull();
  });

  test('of whom a person ended is not on the list', async () => {
    const call = rooms.arrive({ number: newNumber() });
    rooms.runner.tell(call.id, { type: 'call-ended-by', at: rooms.now(), by: 'token' });
    await rooms.settled();
    const other = await abandon({ number: newNumber() }, 1);
    await callbackOf(other.id);
    const rows = await rooms.database.rows(
      z.object({ id: z.string() }),
      'select id from callbacks where call_id = $1',
      [call.id],
    );
    expect(rows).toEqual([]);
  });

  test('a redial joins its incident, and takes it off when it gets through', async () => {
    const number = newNumber();
    const first = await abandon({ number }, 20);
    const second = rooms.arrive({ number });
    expect(second.incident).toMatchObject({ id: first.incident.id, version: first.incident.version + 1 });
    expect(second.emergency.incidentId).toBe(first.emergency.incidentId);
    expect(second.emergency.callId).not.toBe(first.emergency.callId);
    expect(rooms.events).toContainEqual(
      expect.objectContaining({
        type: 'call.joined-incident',
        callId: second.id,
        detail: { incidentId: first.incident.id, earlierCallId: first.id },
      }),
    );
    expect(await callbackOf(first.id)).toMatchObject({ state: 'listed' });
    await rooms.talk(second.id, operatorId);
    await until('he is taken off', async () => (await callbackOf(first.id)).state === 'redialled');
    expect(await callbackOf(first.id)).toMatchObject({ redialledBy: second.id });
    const { headers, body } = await send('GET', `/v1/incidents/${first.incident.id}`);
    expect(body).toMatchObject({ callIds: [first.id, second.id] });
    const changed = await ask(rooms, tokens.operator, 'PATCH', `/v1/incidents/${first.incident.id}`, {
      body: { kind: 'medical' },
      headers: { 'if-match': headers.get('etag') ?? '' },
    });
    expect(changed.status).toBe(200);
    rooms.hangUp(second.id);
    await rooms.gone(second.id);
    const stored = await send('GET', `/v1/incidents/${first.incident.id}`);
    expect(stored.body).toMatchObject({ kind: 'medical', callIds: [first.id, second.id] });
    // He was served: a call after that is another matter.
    const third = rooms.arrive({ number });
    expect(third.incident.id).not.toBe(first.incident.id);
    rooms.hangUp(third.id);
  });

  test('a redial joins an incident that a person has changed since', async () => {
    const number = newNumber();
    const first = await abandon({ number }, 4);
    await rooms.gone(first.id);
    const noted = await send('POST', `/v1/incidents/${first.incident.id}/notes`, { text: 'terdengar tangisan' });
    expect(noted.status).toBe(201);
    await until('the change is known', () => {
      const found = rooms.triage.earlierOf(identityOf(number), 'none', rooms.now());
      return found?.relation === 'joined' && found.incident.notes.length === 1;
    });
    const second = rooms.arrive({ number });
    expect(second.incident).toMatchObject({ id: first.incident.id, version: 3 });
    rooms.hangUp(second.id);
    await rooms.settled();
  });

  test('a redial too late, of another, or to a closed incident joins nothing; a second line is linked', async () => {
    const number = newNumber();
    const first = await abandon({ number }, 1);
    const other = rooms.arrive({ number: newNumber() });
    expect(other.earlier).toBeNull();
    rooms.hangUp(other.id);
    await close(first.incident.id, 'abandoned');
    const second = rooms.arrive({ number });
    expect(second.earlier).toBeNull();
    const both = rooms.arrive({ number });
    expect(both.earlier).toEqual({ relation: 'linked', callId: second.id, incidentId: second.incident.id });
    expect(both.incident.id).not.toBe(second.incident.id);
    rooms.hangUp(both.id);
    rooms.hangUp(second.id);
    await rooms.settled();
    rooms.ahead(1_801_000);
    const late = rooms.arrive({ number });
    expect(late.earlier).toBeNull();
    rooms.hangUp(late.id);
  });

  test('is known to a process that starts after it', async () => {
    const number = newNumber();
    const first = await abandon({ number }, 1);
    const other = await startController(database.url);
    other.ahead(rooms.now() - other.now());
    const second = other.arrive({ number });
    expect(second.incident.id).toBe(first.incident.id);
    other.hangUp(second.id);
    await other.settled();
    await other.stop();
  });
});
