import { jest } from '@jest/globals';
import { z } from 'zod';
import { incidentNumber } from '../../src/incidents/incident-number.ts';
import { isPin } from '../../src/platform/pin.ts';
import { signLink } from '../../src/responders/link.ts';
import { dispatchesOfNumber } from '../../src/responders/store.ts';
import type { ControllerRooms } from '../support/controller-rooms.ts';
import { until } from '../support/rest.ts';
import { publicUrl, startSopCentre, type SopCentre } from '../support/sop-rooms.ts';

jest.setTimeout(60_000);

let centre: SopCentre;
let rooms: ControllerRooms;
beforeAll(async () => {
  centre = await startSopCentre();
  rooms = await centre.controller();
});
afterAll(async () => {
  await rooms.stop();
  await centre.drop();
});

const say = (id: string, state: string, as?: 'operator' | 'auditor' | 'gateway') =>
  centre.send(rooms, 'POST', `/v1/dispatches/${id}/responder`, { state }, as);

/** The path of a new link. */
async function linkOf(id: string): Promise<string> {
  const made = await centre.send(rooms, 'POST', `/v1/dispatches/${id}/responder-link`);
  expect([made.status, made.at('url')]).toEqual([200, expect.stringMatching(/^https:\/\/112\.example\/r\//)]);
  return String(made.at('url')).slice(publicUrl.length);
}

const press = (path: string, state: string, base = rooms.base): Promise<Response> =>
  fetch(base + path, { method: 'POST', body: new URLSearchParams({ state }) });

test('a crew goes forward only; the same step twice is answered the same, and all of it stands on record', async () => {
  const { call, id } = await centre.dispatch(rooms);
  for (const as of ['auditor', 'gateway'] as const) expect((await say(id, 'acknowledged', as)).status).toBe(403);
  const first = await say(id, 'en-route', 'operator');
  expect(first.body).toMatchObject({ state: 'en-route', acknowledgedAt: null, onSceneAt: null, doneAt: null });
  const again = await say(id, 'en-route');
  expect([again.status, again.body]).toEqual([200, first.body]);
  const back = await say(id, 'acknowledged');
  expect([back.status, back.code, back.at('state')]).toEqual([409, 'responders.behind', 'en-route']);
  const both = await Promise.all([say(id, 'done'), say(id, 'done')]);
  expect(both.map(({ status }) => status)).toEqual([200, 200]);
  expect(both[0].at('doneAt')).toBe(both[1].at('doneAt'));
  const shown = await centre.send(rooms, 'GET', `/v1/dispatches/${id}`);
  expect(shown.at('responder')).toEqual(both[0].body);
  // The agency's leg is not over: the dispatch is what that is.
  expect(shown.at('state')).toBe('requested');
  const timeline = await centre.send(rooms, 'GET', `/v1/incidents/${call.incident.id}/timeline`);
  const steps = timeline.pluck('items', 'type').filter((type) => String(type).startsWith('responder.'));
  expect(steps).toEqual(['responder.en-route', 'responder.done']);
  await until('the feed has it', () => rooms.events.some(({ type }) => type === 'responder.done'));
  const step = rooms.events.find(({ type }) => type === 'responder.done');
  expect(step).toMatchObject({ callId: call.id, incidentId: call.incident.id, detail: { dispatchId: id } });
  expect((await say(id.replace(/^.{8}/, '01234567'), 'done')).code).toBe('dispatches.unknown');
});

test('once its leg is over a dispatch says where the crew is; a cancelled one has none', async () => {
  const { call, id } = await centre.dispatch(rooms);
  centre.accept(rooms, call);
  await say(id, 'en-route');
  await centre.end(rooms, call);
  expect((await centre.send(rooms, 'GET', `/v1/dispatches/${id}`)).at('state')).toBe('en-route');
  await say(id, 'done');
  expect(
    (await centre.send(rooms, 'GET', `/v1/dispatches?incidentId=${call.incident.id}`)).pluck('items', 'state'),
  ).toEqual(['done']);
  const other = await centre.dispatch(rooms);
  await centre.send(rooms, 'POST', `/v1/dispatches/${other.id}/cancel`);
  expect((await say(other.id, 'acknowledged')).code).toBe('dispatches.called-off');
  const page = await fetch(rooms.base + (await linkOf(other.id)));
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('dibatalkan')]);
});

test("a crew's link shows no caller, takes its buttons, and needs no token, cookie or script", async () => {
  const { call, id } = await centre.dispatch(rooms);
  const path = await linkOf(id);
  const page = await fetch(rooms.base + path);
  const html = await page.text();
  expect([page.status, page.headers.get('content-type'), page.headers.get('set-cookie')]).toEqual([
    200,
    'text/html; charset=utf-8',
    null,
  ]);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('script-src');
  expect([page.headers.get('referrer-policy'), page.headers.get('cache-control')]).toEqual(['no-referrer', 'no-store']);
  for (const text of ['Berangkat', 'En route', 'Tiba di lokasi', 'Selesai', 'kejadian']) expect(html).toContain(text);
  const { number } = call.identity;
  expect(number).toMatch(/^\+?\d{8,}$/);
  expect(html).not.toContain(number ?? '');

  const pressed = await press(path, 'on-scene');
  expect([pressed.status, await pressed.text()]).toEqual([200, expect.stringContaining('Tercatat')]);
  expect((await centre.send(rooms, 'GET', `/v1/dispatches/${id}`)).at('responder.state')).toBe('on-scene');
  expect((await press(path, 'on-scene')).status).toBe(200);
  expect((await press(path, 'acknowledged')).status).toBe(409);
  expect((await press(path, 'home')).status).toBe(400);
  expect((await fetch(rooms.base + path, { method: 'POST' })).status).toBe(400);
});

test('a forged link is unknown, an old one has expired, and every controller takes a good one', async () => {
  const { id } = await centre.dispatch(rooms);
  const path = await linkOf(id);
  const flipped = path.slice(0, -4) + (path.at(-4) === 'A' ? 'B' : 'A') + path.slice(-3);
  const foreign = `/r/${signLink('another secret', id, rooms.now() + 60_000)}`;
  for (const forged of [flipped, foreign, '/r/x', '/r/%00', `${path}A`]) {
    expect([forged, (await fetch(rooms.base + forged)).status]).toEqual([forged, 404]);
    expect((await press(forged, 'done')).status).toBe(404);
  }
  const other = await centre.controller();
  expect((await press(path, 'acknowledged', other.base)).status).toBe(200);
  rooms.ahead(12 * 3_600_000 + 1_000);
  expect((await fetch(rooms.base + path)).status).toBe(410);
  expect((await press(path, 'done')).status).toBe(410);
  const shown = await centre.send(rooms, 'GET', `/v1/dispatches/${id}`);
  expect(shown.at('responder.state')).toBe('acknowledged');
  await other.stop();
});

test('whoever tries links is slowed down', async () => {
  const answers = await Promise.all(Array.from({ length: 90 }, (_, index) => fetch(`${rooms.base}/r/guess-${index}`)));
  expect(answers.map(({ status }) => status)).toContain(429);
});

test('of a confidential incident the page tells kind and number alone, and REST is for who may know', async () => {
  const { call, id } = await centre.dispatch(rooms);
  await centre.end(rooms, call);
  await rooms.database.execute(`update incidents set kind = 'domestic-violence', district = 'Tampan' where id = $1`, [
    call.incident.id,
  ]);
  expect((await say(id, 'acknowledged', 'operator')).code).toBe('incidents.confidential');
  const path = await linkOf(id);
  const other = await centre.controller();
  const html = await (await fetch(other.base + path)).text();
  expect(html).toContain('kejadian');
  expect(html).not.toContain('Tampan');
  await other.stop();
});

test("an admin gives an agency's crews a PIN, rolls it and takes it away; it is shown once and kept as a digest", async () => {
  const path = '/v1/agencies/damkar/crew-pin';
  const admin = (method: string, to = path) => centre.send(rooms, method, to, undefined, 'admin');
  const digest = () =>
    rooms.database.first(z.object({ digest: z.string() }), `select digest from crew_pins where agency_id = 'damkar'`);
  for (const as of ['supervisor', 'operator', 'auditor', 'client'] as const) {
    expect((await centre.send(rooms, 'POST', path, undefined, as)).status).toBe(403);
    expect((await centre.send(rooms, 'DELETE', path, undefined, as)).status).toBe(403);
  }
  expect((await admin('DELETE')).code).toBe('agencies.no-crew-pin');
  expect((await admin('POST', '/v1/agencies/nobody/crew-pin')).code).toBe('agencies.unknown');
  const first = await admin('POST');
  expect([first.status, first.at('agencyId')]).toEqual([200, 'damkar']);
  expect(first.at('pin')).toMatch(/^\d{6}$/);
  const kept = (await digest())?.digest ?? '';
  expect(await isPin(String(first.at('pin')), kept)).toBe(true);
  const second = await admin('POST');
  const rolled = (await digest())?.digest ?? '';
  expect(await isPin(String(second.at('pin')), rolled)).toBe(true);
  expect(rolled).not.toBe(kept);
  for (const shown of ['/v1/agencies/damkar', '/v1/audit?action=agencies.crew-pin']) {
    const { text } = await admin('GET', shown);
    expect(text).not.toContain(String(second.at('pin')));
    expect(text).not.toContain(rolled);
  }
  expect((await admin('GET', '/v1/audit?action=agencies.crew-pin')).pluck('items', 'subject')).toEqual([
    'agency/damkar',
    'agency/damkar',
  ]);
  expect((await admin('DELETE')).status).toBe(204);
  expect(await digest()).toBeUndefined();
});

test("an incident's number leads to the dispatches of the last days, those that are under way first", async () => {
  const { call, id } = await centre.dispatch(rooms);
  const number = incidentNumber(call.incident.id);
  const since = rooms.now() - 60_000;
  expect(await dispatchesOfNumber(rooms.database, number, since)).toEqual([]);
  await centre.send(rooms, 'POST', '/v1/agencies/damkar/crew-pin', undefined, 'admin');
  const found = async (): Promise<string[]> =>
    (await dispatchesOfNumber(rooms.database, number, since)).map(({ dispatchId }) => dispatchId);
  await until('the dispatch is on record', async () => (await found()).length === 1);
  expect(await found()).toEqual([id]);
  await centre.send(rooms, 'POST', `/v1/dispatches/${id}/cancel`);
  const again = await centre.send(rooms, 'POST', `/v1/incidents/${call.incident.id}/dispatches`, {
    agencyId: 'damkar',
  });
  await until('the other is as well', async () => (await found()).length === 2);
  expect(await found()).toEqual([again.at('id'), id]);
  expect(await dispatchesOfNumber(rooms.database, number, rooms.now() + 60_000)).toEqual([]);
  expect(await rooms.noteByPhone(String(again.at('id')), 'en-route')).toBe('en-route');
  expect(await rooms.noteByPhone(String(again.at('id')), 'en-route')).toBe('en-route');
  expect(await rooms.noteByPhone(String(again.at('id')), 'acknowledged')).toBe('behind');
  expect(await rooms.noteByPhone(id, 'en-route')).toBe('called-off');
  await until('the feed has it', () =>
    rooms.events.some(({ type, detail }) => type === 'responder.en-route' && detail['by'] === 'phone'),
  );
});
