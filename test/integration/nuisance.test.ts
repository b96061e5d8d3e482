import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { z } from 'zod';
import type { Entry } from '../../src/records/entry.ts';
import { defaultSettings } from '../../src/settings/setting.ts';
import { workOf, writeTriage } from '../../src/triage/write.ts';
import { newImei, newNumber } from '../support/callers.ts';
import type { ControllerRooms } from '../support/controller-rooms.ts';
import { callEntry } from '../support/records.ts';
import { until } from '../support/rest.ts';
import { identityOf, startTriageRooms, type TriageRooms } from '../support/triage-rooms.ts';

jest.setTimeout(120_000);

let triage: TriageRooms;
let rooms: ControllerRooms;

beforeAll(async () => {
  triage = await startTriageRooms();
  ({ rooms } = triage);
});
afterAll(() => triage.stop());

const scoreView = z.object({
  score: z.number(),
  measure: z.string(),
  contributions: z.array(
    z.object({ reason: z.string(), points: z.number(), callId: z.string(), liftedBy: z.string().nullable() }),
  ),
});
async function scoreOf(number: string): Promise<z.output<typeof scoreView>> {
  const found = await triage.send('GET', `/v1/nuisance?number=${encodeURIComponent(number)}`);
  expect(found.status).toBe(200);
  return scoreView.parse(found.body);
}
const reasons = async (number: string): Promise<string[]> =>
  (await scoreOf(number)).contributions.filter(({ liftedBy }) => liftedBy === null).map(({ reason }) => reason);

describe('a nuisance score', () => {
  test('is fed by the end of an incident, once though it is written twice, and taken back with another end', async () => {
    const number = newNumber();
    const call = await triage.answer({ number });
    await triage.edit(call.incident.id, { disposition: 'prank', status: 'closed' });
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
    await triage.edit(call.incident.id, { disposition: 'settled-by-phone', status: 'closed' });
    expect(await reasons(number)).toEqual([]);
    await triage.edit(call.incident.id, { disposition: 'prank', status: 'closed' });
    expect(await reasons(number)).toEqual(['prank']);
  });

  test('is fed also by an incident that is closed long after its call', async () => {
    const number = newNumber();
    const call = await triage.answer({ number });
    await rooms.gone(call.id);
    await triage.edit(call.incident.id, { disposition: 'ghost', status: 'closed' });
    expect(await reasons(number)).toEqual(['ghost']);
  });

  test('is fed by short calls and by repeats, and forgiven to whoever reports a real incident', async () => {
    const number = newNumber();
    await triage.answer({ number }, 2);
    expect(await reasons(number)).toEqual(['short-call']);
    for (let n = 0; n < 2; n += 1) await triage.answer({ number }, 20);
    expect(await reasons(number)).toEqual(['short-call']);
    const fourth = rooms.arrive({ number });
    await triage.talk(fourth);
    rooms.ahead(20_000);
    rooms.hangUp(fourth.id);
    await rooms.settled();
    expect((await reasons(number)).sort()).toEqual(['repeat', 'short-call']);
    await triage.edit(fourth.incident.id, { kind: 'fire' });
    expect(await reasons(number)).toEqual([]);
  });

  test('is not fed by whoever calls again because nobody answered', async () => {
    const number = newNumber();
    for (let n = 0; n < 6; n += 1) await triage.abandon({ number }, 5);
    expect(await reasons(number)).toEqual([]);
  });

  test('is nobody’s whose number many phones have, or which a network has put in', async () => {
    const number = newNumber();
    for (let n = 0; n < 6; n += 1) {
      await triage.answer({ number, imei: newImei() });
      rooms.ahead(700_000);
    }
    const last = await triage.answer({ number, imei: newImei() });
    await triage.edit(last.incident.id, { disposition: 'prank', status: 'closed' });
    expect(await reasons(number)).toEqual([]);
    const nobody = await triage.answer({ number: '0000000000' });
    await triage.edit(nobody.incident.id, { disposition: 'prank', status: 'closed' });
    const rows = await rooms.database.rows(
      z.object({ id: z.string() }),
      'select id::text from nuisance_contributions where call_id = $1',
      [nobody.id],
    );
    expect(rows).toEqual([]);
  });

  test('lowers the next call, and is lifted by a supervisor, who is audited', async () => {
    const number = newNumber();
    await triage.edit((await triage.answer({ number })).incident.id, { disposition: 'prank', status: 'closed' });
    await until('the score is in memory', () => rooms.triage.nuisanceOf(identityOf(number), rooms.now()) !== null);
    const call = rooms.arrive({ number });
    expect(rooms.call(call.id).queue.priority).toBe(4);
    expect(rooms.events.filter(({ callId }) => callId === call.id).map(({ type }) => type)).toContain('caller.lowered');

    const body = { number, reason: 'seorang anak, sudah dibicarakan' };
    expect((await triage.send('POST', '/v1/nuisance/lift', body, 'operator')).status).toBe(403);
    expect((await triage.send('POST', '/v1/nuisance/lift', body, 'auditor')).status).toBe(403);
    expect((await triage.send('POST', '/v1/nuisance/lift', { ...body, number: 'abc' })).status).toBe(400);
    const lifted = await triage.send('POST', '/v1/nuisance/lift', body);
    expect(lifted.body).toEqual({ lifted: 1 });
    expect(rooms.call(call.id).queue.priority).toBe(3);
    expect(await triage.audited('nuisance.lift')).toEqual(['nuisance/number']);
    expect(await scoreOf(number)).toMatchObject({ score: 0, measure: 'none', contributions: [{ reason: 'prank' }] });
    rooms.hangUp(call.id);
    const next = rooms.arrive({ number });
    expect(rooms.call(next.id).queue.priority).toBe(3);
    rooms.hangUp(next.id);
  });

  test('is lifted at once when another caller of the district opens a real incident', async () => {
    const number = newNumber();
    await triage.edit((await triage.answer({ number })).incident.id, { disposition: 'prank', status: 'closed' });
    await until('the score is in memory', () => rooms.triage.nuisanceOf(identityOf(number), rooms.now()) !== null);
    const cell = { variables: { SIAGA_PANI: '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=51010A1B2C3D4E5F' } };
    const prankster = rooms.arrive({ number, ...cell });
    const elsewhere = rooms.arrive({
      number,
      variables: { SIAGA_PANI: '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=51010A1B2C3D4E50' },
    });
    const witness = rooms.arrive({ number: newNumber(), ...cell });
    await triage.talk(witness);
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
      (['admin', 'supervisor', 'auditor', 'operator'] as const).map((role) =>
        triage.send('GET', path, undefined, role),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 403]);
    expect((await triage.send('GET', '/v1/nuisance')).status).toBe(400);
  });
});
