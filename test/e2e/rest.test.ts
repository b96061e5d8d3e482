import { z } from 'zod';
import { accepts, answers, rejects } from '../../scripts/sip/phone.mjs';
import { callView, type CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import { startCentre } from '../support/start-centre.ts';
import { followFeed } from '../support/feed.ts';
import { until } from '../support/rest.ts';

// The REST API on calls that are really there, or were.

let centre: Centre;
beforeAll(async () => {
  centre = await startCentre({ name: 'rest', operators: 1 });
  await centre.operatorPhones(answers());
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(async () => {
  await centre.hangUpAll();
  await centre.quiet();
});

async function talk(): Promise<CallView & { end: () => Promise<void> }> {
  const citizen = await centre.dial();
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  return {
    ...call,
    end: async () => {
      await citizen.hangUp();
      await centre.feed.waitFor('call.ended', { callId: call.id });
    },
  };
}

const patch = (call: CallView, body: object, version?: number) =>
  centre.api.ask('PATCH', `/v1/incidents/${call.incidentId}`, {
    body,
    headers: version === undefined ? {} : { 'if-match': `"${version}"` },
  });

test('a live incident is edited by version: without one 428, with an old one 412', async () => {
  const call = await talk();
  const { version } = await centre.api.incident(call.incidentId);
  expect((await patch(call, { kind: 'information' })).status).toBe(428);
  const first = await patch(call, { kind: 'information' }, version);
  expect([first.status, first.headers.get('etag')]).toEqual([200, `"${version + 1}"`]);
  expect((await patch(call, { kind: 'medical' }, version)).status).toBe(412);
  expect(await centre.api.incident(call.incidentId)).toMatchObject({ kind: 'information', version: version + 1 });
  expect((await patch(call, {}, version + 1)).status).toBe(400);
  expect((await patch(call, { kind: 'dragon' }, version + 1)).status).toBe(400);
});

test('a disposition given after the call is in PostgreSQL, and stays when the call is forgotten', async () => {
  const call = await talk();
  const noted = await centre.api.ask('POST', `/v1/incidents/${call.incidentId}/notes`, {
    body: { text: "Rumah di Jl. Sudirman; 'api' dari dapur\nlantai dua" },
  });
  expect(noted.status).toBe(201);
  await call.end();
  const { version } = await centre.api.incident(call.incidentId);
  // Right after the call, from memory.
  expect((await patch(call, { disposition: 'settled-by-phone' }, version)).status).toBe(200);
  const row = z.object({ disposition: z.string().nullable(), status: z.string(), version: z.number() });
  const stored = () =>
    centre.api.sql(row, 'select disposition, status, version from incidents where id = $1', [call.incidentId]);
  await until('it is stored', async () => (await stored())[0]?.disposition === 'settled-by-phone');
  // And when the call is long over: a call is forgotten five seconds after its last record.
  await until(
    'the call is forgotten',
    async () => (await centre.api.metric('siaga_calls_live')) === 0 && (await patched()) === 200,
    20_000,
  );
  await until('the second edit is stored', async () => (await stored())[0]?.status === 'closed');
  expect(await stored()).toEqual([{ disposition: 'settled-by-phone', status: 'closed', version: version + 2 }]);
  expect((await centre.api.incident(call.incidentId)).notes.map(({ text }) => text)).toEqual([
    "Rumah di Jl. Sudirman; 'api' dari dapur\nlantai dua",
  ]);

  async function patched(): Promise<number> {
    return (await patch(call, { status: 'closed' }, version + 1)).status;
  }
}, 40_000);

test('the timeline tells the whole story, in order', async () => {
  await centre.trunk('damkar-1', rejects(486));
  await centre.trunk('damkar-2', accepts({ pressAfter: 200 }));
  const call = await talk();
  const { version } = await centre.api.incident(call.incidentId);
  expect((await patch(call, { kind: 'fire', severity: 'low' }, version)).status).toBe(200);
  await centre.feed.waitFor('dispatch.joined', { callId: call.id });
  await call.end().catch(() => undefined); // operator and agency may go on
  await centre.hangUpAll();
  await centre.feed.waitFor('call.ended', { callId: call.id });
  const types = async (): Promise<string[]> => (await centre.api.timelineOf(call.id)).map(({ type }) => type);
  await until('all is stored', async () => (await types()).includes('call.ended'));
  const told = await types();
  const story = [
    'call.arrived',
    'operator.assigned',
    'operator.ringing',
    'operator.answered',
    'operator.talking',
    'incident.changed',
    'dispatch.requested',
    'dispatch.attempt-failed',
    'dispatch.ringing',
    'dispatch.announced',
    'key.pressed',
    'dispatch.accepted',
    'dispatch.joined',
    'caller.hung-up',
    'call.ended',
  ];
  expect(told.filter((type, index) => story.includes(type) && told.indexOf(type) === index)).toEqual(story);
  // What the feed told live is what the record keeps.
  const live = centre.feed.seen.filter(({ callId }) => callId === call.id).map(({ type }) => type);
  expect(told).toEqual(live);
  const ofIncident = await centre.api.ask('GET', `/v1/incidents/${call.incidentId}/timeline`);
  expect(ofIncident.pluck('items', 'type')).toEqual(told);
});

test('a call reads the same while it lives, right after, and from PostgreSQL alone', async () => {
  const call = await talk();
  const live = await centre.api.call(call.id);
  expect(live).toMatchObject({ stage: 'talking', outcome: null, operatorId: centre.operators[0]?.id });
  expect((await centre.api.ask('GET', '/v1/calls?live=true')).pluck('items', 'id')).toEqual([call.id]);
  const queue = await centre.api.ask('GET', '/v1/queue');
  expect([queue.at('operators.talking'), queue.at('longestWaitSeconds')]).toEqual([1, 0]);
  await call.end();
  const after = await centre.api.call(call.id);
  expect(after).toMatchObject({
    ...live,
    silence: null,
    stage: 'ended',
    outcome: 'answered',
    reason: 'the caller hung up',
    endedAt: after.endedAt,
  });
  const listed = async () => (await centre.api.ask('GET', '/v1/calls?limit=1')).at('items.0');
  await until(
    'it is stored',
    async () => z.object({ outcome: z.unknown() }).parse(await listed()).outcome === 'answered',
  );
  // A list has all of it but the single locations and the history.
  expect(await listed()).toEqual(callView.parse(after));
  // Over, or not here any more.
  expect(['calls.ended', 'calls.not-live']).toContain((await centre.api.ask('POST', `/v1/calls/${call.id}/end`)).code);
});

test('a call can be ended over REST, for everybody in it', async () => {
  const call = await talk();
  expect((await centre.api.ask('POST', `/v1/calls/${call.id}/end`)).status).toBe(202);
  const ended = await centre.feed.waitFor('call.ended', { callId: call.id });
  expect(ended.detail).toMatchObject({ outcome: 'answered' });
  await until('no phone is on the line', async () => (await centre.channels()).length === 0);
});

test('the feed goes on where a reader left it, and says so where it cannot', async () => {
  const reader = await followFeed(centre.base, centre.tokens.operator);
  const one = await talk();
  const last = await reader.waitFor('operator.talking', { callId: one.id });
  reader.close();
  await one.end();
  const two = await talk();
  await two.end();

  const again = await followFeed(centre.base, centre.tokens.operator, last.id);
  await again.waitFor('call.ended', { callId: two.id });
  const all = centre.feed.seen;
  const missed = all.slice(all.findIndex(({ id }) => id === last.id) + 1);
  expect(again.seen.map(({ id }) => id)).toEqual(missed.map(({ id }) => id));
  expect(again.signals).toEqual([]);
  again.close();

  const lost = await followFeed(centre.base, centre.tokens.operator, 'longago-17');
  await until('the reader is told to start anew', () => lost.signals.includes('feed.reset'));
  lost.close();
});

test('whatever changes something needs a token, and says where it is audited', async () => {
  const operation = z.object({ description: z.string(), security: z.array(z.unknown()).optional() });
  const paths = z.object({ paths: z.record(z.string(), z.record(z.string(), operation)) });
  const { body } = await centre.api.ask('GET', '/openapi.json');
  const deeds = Object.entries(paths.parse(body).paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== 'get')
      .map(([method, { description, security = [] }]) => ({
        name: `${method.toUpperCase()} ${path}`,
        description,
        open: security.length === 0,
      })),
  );
  expect(deeds.length).toBeGreaterThan(40);
  const names = (some: typeof deeds): string[] => some.map(({ name }) => name).sort();
  // A phone's message is signed.
  expect(names(deeds.filter(({ open }) => open))).toEqual(['POST /v1/locations/aml']);
  const audited = deeds.filter(({ description }) => /Audited as [a-z]+\.[a-z-]+/.test(description));
  const elsewhere = deeds.filter((one) => !audited.includes(one));
  expect(elsewhere.filter(({ description }) => !/Not in the audit trail: .+/.test(description))).toEqual([]);
  // Whoever adds one here has a reason to.
  expect(names(elsewhere)).toEqual([
    'PATCH /v1/incidents/{incidentId}',
    'POST /v1/calls/{callId}/locations',
    'POST /v1/dispatches/{dispatchId}/cancel',
    'POST /v1/dispatches/{dispatchId}/listen',
    'POST /v1/dispatches/{dispatchId}/mute',
    'POST /v1/dispatches/{dispatchId}/speak',
    'POST /v1/dispatches/{dispatchId}/unmute',
    'POST /v1/incidents/{incidentId}/dispatches',
    'POST /v1/incidents/{incidentId}/notes',
    'POST /v1/locations/aml',
    'POST /v1/locations/aml/sms',
    'POST /v1/notifications',
    'POST /v1/rules/evaluate',
  ]);
});

test('who may do what', async () => {
  const call = await talk();
  const incident = `/v1/incidents/${call.incidentId}`;
  const ifMatch = { 'if-match': '"1"' };
  const status = async (...[method, path, options]: Parameters<Centre['api']['ask']>): Promise<number> =>
    (await centre.api.ask(method, path, options)).status;
  expect(await status('GET', incident, { as: 'auditor' })).toBe(200);
  expect(await status('PATCH', incident, { as: 'auditor', body: { kind: 'fire' }, headers: ifMatch })).toBe(403);
  expect(await status('POST', `${incident}/notes`, { as: 'auditor', body: { text: 'x' } })).toBe(403);
  expect(await status('POST', `${incident}/dispatches`, { as: 'auditor', body: { agencyId: 'damkar' } })).toBe(403);
  expect(await status('POST', `/v1/calls/${call.id}/end`, { as: 'auditor' })).toBe(403);
  expect(await status('PATCH', '/v1/settings', { as: 'operator', body: { wrapUpSeconds: 0 }, headers: ifMatch })).toBe(
    403,
  );
  expect(await status('POST', '/v1/operators', { as: 'supervisor', body: { name: 'X', extension: '999' } })).toBe(403);
  expect(await status('GET', '/v1/events', { as: 'auditor' })).toBe(403);
  for (const path of ['/v1/calls', incident, '/v1/queue', '/v1/events', '/v1/alarms']) {
    for (const authorization of ['', 'Bearer nobody', `Basic ${centre.tokens.admin}`]) {
      const answer = await fetch(centre.base + path, { headers: authorization === '' ? {} : { authorization } });
      expect(answer.status).toBe(401);
      await answer.body?.cancel();
    }
  }
  expect(await centre.api.incident(call.incidentId)).toMatchObject({ kind: null, notes: [] });
});

test('no line break gets into a header or a line of configuration', async () => {
  const current = await centre.api.ask('GET', '/v1/agencies/damkar');
  const agency = z
    .looseObject({ trunks: z.array(z.looseObject({ host: z.string(), number: z.string() })) })
    .parse(current.body);
  const body = Object.fromEntries(Object.entries(agency).filter(([name]) => name !== 'id' && name !== 'version'));
  const headers = { 'if-match': current.headers.get('etag') ?? '' };
  const put = async (trunk: object): Promise<number> =>
    (
      await centre.api.ask('PUT', '/v1/agencies/damkar', {
        body: { ...body, trunks: [{ ...agency.trunks[0], ...trunk }] },
        headers,
      })
    ).status;
  for (const evil of ['\r\nX-Injected: yes', '\n', '\r', '\u0000', '\u2028', '%0d%0aX: y']) {
    expect(await put({ host: `127.0.0.1${evil}` })).toBe(400);
    expect(await put({ number: `113${evil}` })).toBe(400);
    if (evil.startsWith('%')) continue;
    const operator = await centre.api.ask('POST', '/v1/operators', { body: { name: `Ani${evil}x`, extension: '777' } });
    expect(operator.status).toBe(400);
    const paused = await centre.api.ask('POST', `/v1/operators/${centre.operators[0]?.id ?? ''}/state`, {
      body: { state: 'paused', reason: `a${evil}b` },
    });
    expect(paused.status).toBe(400);
  }
  expect((await centre.api.ask('GET', '/v1/agencies/damkar')).body).toEqual(current.body);
});
