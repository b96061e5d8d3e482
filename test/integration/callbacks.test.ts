import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { z } from 'zod';
import { newImei, newNumber } from '../support/callers.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { until } from '../support/rest.ts';
import { identityOf, startTriageRooms, type TriageRooms } from '../support/triage-rooms.ts';

jest.setTimeout(120_000);

let triage: TriageRooms;
let rooms: ControllerRooms;

beforeAll(async () => {
  triage = await startTriageRooms({
    callbackMinimumWaitSeconds: 10,
    callbackMinimumRank: 40,
    callbackSpacingSeconds: 60,
    callbackTries: 2,
  });
  ({ rooms } = triage);
});
afterAll(() => triage.stop());

describe('an abandoned call', () => {
  // What earlier tests left on the list is of no concern.
  beforeEach(() =>
    rooms.database.execute(`update callbacks set state = 'reviewed' where state in ('listed', 'calling')`),
  );

  test('of a confidential incident is reviewed by who may know of it; who else tried stands in the trail', async () => {
    const call = await triage.abandon({ number: newNumber() }, 30);
    const { id } = await triage.callbackOf(call.id);
    await triage.edit(call.incident.id, { kind: 'domestic-violence' });
    const review = { disposition: 'abandoned', note: 'sudah aman' };
    for (const what of ['review', 'call']) {
      const body = what === 'review' ? review : undefined;
      const refused = await triage.send('POST', `/v1/callbacks/${id}/${what}`, body, 'operator');
      expect([refused.status, refused.code]).toEqual([403, 'incidents.confidential']);
    }
    const tried = [`/v1/callbacks/${id}/call`, `/v1/callbacks/${id}/review`];
    await until('both are noted', async () => (await triage.audited('access.refused')).length >= 2);
    expect((await triage.audited('access.refused')).sort()).toEqual(tried);
    expect((await triage.send('POST', `/v1/callbacks/${id}/review`, review)).status).toBe(200);
    expect(await triage.audited('callbacks.review')).toContain(`callback/${id}`);
    // It was classified: whoever did is at work on it.
    const incident = await triage.send('GET', `/v1/incidents/${call.incident.id}`);
    expect(incident.body).toMatchObject({ status: 'open', disposition: null });
  });

  test('is listed with its wait, called back in tries, and stays listed until a person has reviewed it', async () => {
    const call = await triage.abandon({ number: newNumber() }, 30);
    const listed = await triage.callbackOf(call.id);
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
        detail: {
          callbackId: listed.id,
          state: 'listed',
          reason: 'gave-up',
          rank: 20,
          rangSeconds: 30,
          repeats: 0,
          tries: 0,
          notCallable: null,
        },
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
    expect(await triage.callbackOf(call.id)).toMatchObject({ state: 'listed', tries: 2 });

    expect((await triage.send('POST', `/v1/callbacks/${listed.id}/call`, undefined, 'auditor')).status).toBe(403);
    expect((await triage.send('POST', `/v1/callbacks/${listed.id}/call`, undefined, 'operator')).status).toBe(202);
    expect(await callbacks.nextDue()).toMatchObject({ id: listed.id });
    const called = await triage.send('POST', `/v1/callbacks/${listed.id}/call`);
    expect([called.code, called.at('detail')]).toEqual([
      'callbacks.not-listed',
      expect.stringContaining('being called at this moment'),
    ]);
    await callbacks.tried(listed.id, 'not-reached', 'no answer');

    const redial = () => rooms.triage.earlierOf(call.identity, randomUUID(), (call.endedAt ?? 0) + 1_000);
    expect(redial()).toMatchObject({ relation: 'joined' });
    const review = { disposition: 'abandoned', note: 'tidak diangkat tiga kali' };
    expect((await triage.send('POST', `/v1/callbacks/${listed.id}/review`, review, 'auditor')).status).toBe(403);
    expect((await triage.send('POST', `/v1/callbacks/${listed.id}/review`, { note: 'x' })).status).toBe(400);
    const reviewed = await triage.send('POST', `/v1/callbacks/${listed.id}/review`, review, 'operator');
    expect(reviewed.body).toMatchObject({ state: 'reviewed', review });
    // His next call is another matter: it joins nothing that is settled.
    const incident = await triage.send('GET', `/v1/incidents/${call.incident.id}`);
    expect(incident.body).toMatchObject({ status: 'closed', disposition: 'abandoned' });
    await until('no later call joins it', () => redial() === null);
    const again = await triage.send('POST', `/v1/callbacks/${listed.id}/review`, review);
    expect([again.status, again.code]).toEqual([409, 'callbacks.reviewed']);
    const closed = await triage.send('POST', `/v1/callbacks/${listed.id}/call`);
    expect([closed.code, closed.at('detail')]).toEqual([
      'callbacks.not-listed',
      expect.stringContaining('/v1/outgoing-calls'),
    ]);
    expect(await triage.audited('callbacks.review')).toContain(`callback/${listed.id}`);
    expect(await triage.audited('callbacks.call')).toEqual([`callback/${listed.id}`]);
    expect((await triage.send('GET', `/v1/callbacks/${randomUUID()}`)).code).toBe('callbacks.unknown');
  });

  test('of a caller without a number is listed with the reason, and cannot be called', async () => {
    const call = await triage.abandon({ imei: newImei() }, 50);
    const listed = await triage.callbackOf(call.id);
    expect(listed).toMatchObject({ number: null, notCallable: 'no-sim', state: 'listed' });
    const asked = await triage.send('POST', `/v1/callbacks/${listed.id}/call`);
    expect([asked.status, asked.code]).toEqual([409, 'callbacks.not-callable']);
    expect(await rooms.triage.callbacks.nextDue()).toBeNull();
  });

  test('too short a wait and too low a rank are listed, and not called', async () => {
    const call = await triage.abandon({ number: newNumber() }, 3);
    expect(await triage.callbackOf(call.id)).toMatchObject({ state: 'listed', rangSeconds: 3 });
    expect(await rooms.triage.callbacks.nextDue()).toBeNull();
  });

  test('that a fault cut off is listed as such in any stage, called back at once, and taken off by a redial', async () => {
    const lost = async (talked: boolean): Promise<Awaited<ReturnType<typeof triage.abandon>>> => {
      const call = rooms.arrive({ number: newNumber() });
      rooms.ahead(3_000);
      if (talked) await triage.talk(call);
      if (talked) rooms.ahead(60_000);
      rooms.runner.tell(call.id, { type: 'cut-off', at: rooms.now() });
      await rooms.settled();
      return call;
    };
    const waited = await lost(false);
    const talked = await lost(true);
    const listed = { state: 'listed', reason: 'connection-lost', rangSeconds: 3, rank: 62 };
    expect(await triage.callbackOf(waited.id)).toMatchObject(listed);
    expect(await triage.callbackOf(talked.id)).toMatchObject(listed);
    const { callbacks } = rooms.triage;
    const due = [(await callbacks.nextDue())?.callId, (await callbacks.nextDue())?.callId];
    expect(due.sort()).toEqual([waited.id, talked.id].sort());
    const again = rooms.arrive({ number: talked.identity.number ?? '' });
    expect(again.incident.id).toBe(talked.incident.id);
    await triage.talk(again);
    await until('he is taken off', async () => (await triage.callbackOf(talked.id)).state === 'redialled');
    rooms.hangUp(again.id);
    await rooms.settled();
  });

  test('of whom a person ended is not on the list', async () => {
    const call = rooms.arrive({ number: newNumber() });
    rooms.runner.tell(call.id, { type: 'call-ended-by', at: rooms.now(), by: 'token' });
    await rooms.settled();
    const other = await triage.abandon({ number: newNumber() }, 1);
    await triage.callbackOf(other.id);
    const rows = await rooms.database.rows(
      z.object({ id: z.string() }),
      'select id from callbacks where call_id = $1',
      [call.id],
    );
    expect(rows).toEqual([]);
  });

  test('a redial joins its incident, and takes it off when it gets through', async () => {
    const number = newNumber();
    const first = await triage.abandon({ number }, 20);
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
    expect(await triage.callbackOf(first.id)).toMatchObject({ state: 'listed' });
    await triage.talk(second);
    await until('he is taken off', async () => (await triage.callbackOf(first.id)).state === 'redialled');
    expect(await triage.callbackOf(first.id)).toMatchObject({ redialledBy: second.id });
    const { body } = await triage.send('GET', `/v1/incidents/${first.incident.id}`);
    expect(body).toMatchObject({ callIds: [first.id, second.id] });
    await triage.edit(first.incident.id, { kind: 'medical' });
    rooms.hangUp(second.id);
    await rooms.gone(second.id);
    const stored = await triage.send('GET', `/v1/incidents/${first.incident.id}`);
    expect(stored.body).toMatchObject({ kind: 'medical', callIds: [first.id, second.id] });
    // He was served: a call after that is another matter.
    const third = rooms.arrive({ number });
    expect(third.incident.id).not.toBe(first.incident.id);
    rooms.hangUp(third.id);
  });

  test('a redial joins an incident that a person has changed since', async () => {
    const number = newNumber();
    const first = await triage.abandon({ number }, 4);
    await rooms.gone(first.id);
    const noted = await triage.send('POST', `/v1/incidents/${first.incident.id}/notes`, { text: 'terdengar tangisan' });
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
    const first = await triage.abandon({ number }, 1);
    const other = rooms.arrive({ number: newNumber() });
    expect(other.earlier).toBeNull();
    rooms.hangUp(other.id);
    await triage.edit(first.incident.id, { disposition: 'abandoned', status: 'closed' });
    await until('the end is known', () => rooms.triage.earlierOf(identityOf(number), 'none', rooms.now()) === null);
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
    const first = await triage.abandon({ number }, 1);
    const other = await startController(triage.databaseUrl);
    other.ahead(rooms.now() - other.now());
    const second = other.arrive({ number });
    expect(second.incident.id).toBe(first.incident.id);
    other.hangUp(second.id);
    await other.settled();
    await other.stop();
  });

  test('reviewed while its redial is with another controller: the incident stays as that one has it', async () => {
    const number = newNumber();
    const first = await triage.abandon({ number }, 20);
    await rooms.gone(first.id);
    const { id } = await triage.callbackOf(first.id);
    const other = await startController(triage.databaseUrl);
    other.ahead(rooms.now() - other.now());
    const second = other.arrive({ number });
    expect(second.incident.id).toBe(first.incident.id);
    await other.settled();
    const path = `/v1/incidents/${first.incident.id}`;
    const { version } = second.incident;
    expect((await triage.send('GET', path)).body).toMatchObject({ version, status: 'open' });
    const review = { disposition: 'abandoned', note: 'menelepon lagi' };
    expect((await triage.send('POST', `/v1/callbacks/${id}/review`, review)).body).toMatchObject({ state: 'reviewed' });
    expect((await triage.send('GET', path)).body).toMatchObject({ version, status: 'open', disposition: null });
    other.hangUp(second.id);
    await other.settled();
    await other.stop();
  });
});
