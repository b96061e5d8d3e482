import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { accepts, answers, rejects, type Call, type CitizenOptions } from '../../scripts/sip/phone.mjs';
import { callDetailView, type CallDetailView } from '../../src/calls/view.ts';
import type { Sighting } from '../../src/location/fix.ts';
import { printElsForm } from '../../src/location/aml/aml-https.ts';
import { readPidfLo } from '../../src/location/pidf-lo/pidf-lo.ts';
import { printPidfLo } from '../../src/location/pidf-lo/pidf-lo-print.ts';
import type { Centre } from '../support/centre.ts';
import { circle, startHeldServer, withBody, withLocation, type HeldServer } from '../support/citizen-location.ts';
import type { Happening } from '../support/feed.ts';
import { timePasses, until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

const amlKey = randomBytes(16).toString('hex');
let centre: Centre;
let held: HeldServer;
/** Milliseconds from INVITE to screen pop, of every call of this file. */
const pops: number[] = [];

beforeAll(async () => {
  held = await startHeldServer(circle(0.508, 101.45, 30));
  centre = await startCentre({
    name: 'location',
    operators: 2,
    settings: { locationServers: [held.host] },
    controllerEnv: { SIAGA_AML_KEY: amlKey, NODE_EXTRA_CA_CERTS: held.certificate },
  });
  await centre.operatorPhones(answers());
}, 60_000);
afterAll(async () => {
  const sorted = [...pops].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
  process.stderr.write(`INVITE to screen pop, ${pops.length} calls: median ${at(0.5)} ms, slowest ${at(1)} ms\n`);
  await centre.stop();
  held.close();
}, 30_000);
afterEach(async () => {
  await centre.clear();
  for (const code of ['record-refused', 'decision-failed']) expect(await centre.api.alarms(code)).toEqual([]);
  expect(centre.controllers.map(({ ended }) => ended)).toEqual([null]);
});

const shownBy = (event: Happening): CallDetailView => callDetailView.parse(event.detail['call']);

interface Dialled {
  citizen: Call;
  /** What the operator's screen showed first, and what REST tells by then. */
  pop: CallDetailView;
  call: CallDetailView;
}

async function dial(options: Partial<CitizenOptions>): Promise<Dialled> {
  const citizen = await centre.dial(options);
  const { id } = await centre.api.taken(citizen);
  const popped = await centre.feed.waitFor('screen.pop', { callId: id });
  pops.push(Math.round(popped.at - (citizen.times.invite ?? 0)));
  return { citizen, pop: shownBy(popped), call: await centre.api.call(id) };
}

/** What the screen shows once a fix of this source has come. */
async function updatedBy(callId: string, source: string): Promise<CallDetailView> {
  await centre.feed.waitFor('location.received', { callId, detail: { source } });
  const shows = (view: CallDetailView): boolean => view.location.fixes.some((fix) => fix.source === source);
  const last = () => centre.feed.all('screen.updated', { callId }).map(shownBy).findLast(shows);
  await until(`an update shows a fix of ${source}`, () => last() !== undefined);
  return last() ?? centre.api.call(callId);
}

const postAml = (fields: Record<string, string>): Promise<Response> =>
  fetch(`${centre.base}/v1/locations/aml`, { method: 'POST', body: printElsForm(fields, amlKey) });

describe('a location in the INVITE', () => {
  test('a circle: with its source, its uncertainty and its district, on the screen and over REST', async () => {
    const sighting = circle(0.5071, 101.4478, 45);
    const { pop, call } = await dial(withLocation(sighting));
    expect(call.location.unusable).toEqual([]);
    expect(call.location.fixes).toMatchObject([{ ...sighting, at: null, source: 'pidf-lo' }]);
    expect(call.bestFix).toMatchObject({ source: 'pidf-lo', radius: 45, district: 'Sail', outside: false });
    expect(pop.location).toEqual(call.location);
    expect(pop.bestFix?.reason).toContain('PIDF-LO');
  });

  const shapes: Sighting['shape'][] = [
    { type: 'point', position: { latitude: 0.5071, longitude: 101.4478 }, altitude: null },
    {
      type: 'polygon',
      corners: [
        { latitude: 0.5, longitude: 101.44 },
        { latitude: 0.5, longitude: 101.46 },
        { latitude: 0.52, longitude: 101.45 },
      ],
    },
    {
      type: 'ellipse',
      centre: { latitude: 0.5071, longitude: 101.4478 },
      semiMajor: 80,
      semiMinor: 30,
      orientation: 45,
    },
  ];
  test.each(shapes)('a shape of another kind: %j', async (shape) => {
    const { call } = await dial(withLocation({ ...circle(0, 0, 0), shape }));
    expect(call.location.fixes).toMatchObject([{ source: 'pidf-lo', shape }]);
  });

  test('an address', async () => {
    const civic = { country: 'ID', A1: 'Riau', A3: 'Pekanbaru', RD: 'Jalan Sudirman', HNO: '12' };
    const { call } = await dial(withLocation({ ...circle(0, 0, 0), shape: null, civic }));
    expect(call.bestFix?.position).toBeNull();
    expect(call.bestFix?.address).toContain('Jalan Sudirman');
  });

  test('outside the city: flagged, with the centre that should have it', async () => {
    const { call } = await dial(withLocation(circle(0.34, 101.03, 40)));
    expect(call.bestFix).toMatchObject({ outside: true, district: null, neighbour: '112 Kampar' });
  });

  const broken: [string, string][] = [
    ['no XML', '<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple>&broken;<<'],
    ['latitude 91', printPidfLo(circle(0.5, 101, 10), { entity: 'pres:a@b' }).replace('0.5 101', '91 101')],
    ['swapped', printPidfLo(circle(0.5, 101, 10), { entity: 'pres:a@b' }).replace('0.5 101', '101 0.5')],
    ['null island', printPidfLo(circle(0.5, 101, 10), { entity: 'pres:a@b' }).replace('0.5 101', '0 0')],
    ['a negative radius', printPidfLo(circle(0.5, 101, 10), { entity: 'pres:a@b' }).replace('>10<', '>-10<')],
    [
      'an entity bomb',
      `<!DOCTYPE x [<!ENTITY a "${'b'.repeat(100)}"><!ENTITY c "${'&a;'.repeat(50)}">]><presence>&c;</presence>`,
    ],
    [
      'an exponential entity bomb',
      `<!DOCTYPE x [<!ENTITY e0 "boom">${Array.from({ length: 12 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`).join('')}]><presence>&e12;</presence>`,
    ],
    ['deep nesting', `${'<a>'.repeat(5_000)}${'</a>'.repeat(5_000)}`],
  ];
  test.each(broken)('%s: a person answers all the same, and a reason is kept', async (_name, body) => {
    const { call, pop } = await dial(withBody(body));
    expect(call.location.fixes).toEqual([]);
    expect(call.location.unusable).toMatchObject([{ source: 'pidf-lo' }]);
    expect(call.location.unusable[0]?.reason).toMatch(/^\S.{10,}/);
    expect(pop.location.unusable).toEqual(call.location.unusable);
  });

  test('nothing in it is taken for a variable of the dialplan', async () => {
    const civic = { country: 'ID', RD: '${CHANNEL(name)} $[1+1] ${EVAL(${UNIQUEID})}' };
    const { call } = await dial(withLocation({ ...circle(0, 0, 0), shape: null, civic }));
    const kept = JSON.stringify([call.location, call.headers]);
    expect(kept).not.toContain('PJSIP/');
    expect(kept).not.toContain(call.channelId);
  });

  test('by reference: the location server is asked, and the screen is told', async () => {
    const { call } = await dial({ headers: [`Geolocation: <${held.uri}>`] });
    const shown = await updatedBy(call.id, 'reference').catch(async () => centre.api.call(call.id));
    expect(shown.bestFix).toMatchObject({ source: 'reference', radius: 30, method: 'GPS' });
  });

  test('by reference into our own network: nobody is asked, and the reason is kept', async () => {
    const { port } = new URL(centre.base);
    const { call } = await dial({ headers: [`Geolocation: <https://127.0.0.1:${port}/healthz>`] });
    const told = await centre.feed.waitFor('location.unusable', { callId: call.id, detail: { source: 'reference' } });
    expect(told.detail['reason']).toContain('127.0.0.1');
    expect((await centre.api.call(call.id)).location.fixes).toEqual([]);
  });
});

test.each([
  ['2G', '3GPP-GERAN;cgi-3gpp=5101012012B01', 2500, 'Sail'],
  ['3G', '3GPP-UTRAN-FDD;utran-cell-id-3gpp=5101012020012C01;network-provided', 1500, 'Sukajadi'],
  ['LTE', '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp="5101012340ABCDE1";network-provided', 900, 'Pekanbaru Kota'],
  ['NR', '3GPP-NR-FDD;utran-cell-id-3gpp=510100012340ABCDE101', 400, 'Pekanbaru Kota'],
])('the cell of %s: a circle of its tower', async (_radio, accessNetwork, radius, district) => {
  const { pop, call } = await dial({ accessNetwork });
  expect(call.location.unusable).toEqual([]);
  expect(call.bestFix).toMatchObject({ source: 'cell', method: 'Cell', radius, district, madeUp: true });
  expect(call.identity).toMatchObject({ network: 'Telkomsel', number: '+6281234567890', callable: true });
  expect(pop.bestFix).toEqual(call.bestFix);
});

test('a cell that no table has: the operator sees network and cell all the same', async () => {
  const { pop } = await dial({
    accessNetwork: '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=510110BCD0FFFFFF;network-provided',
  });
  expect(pop.bestFix).toBeNull();
  expect(pop.location.networks).toMatchObject([{ mcc: '510', mnc: '11', networkProvided: true }]);
  expect(pop.identity?.network).toBe('XL');
  expect(pop.location.unusable).toMatchObject([{ source: 'P-Access-Network-Info' }]);
});

describe('who calls', () => {
  test('no headers at all: the number of From, and nothing else', async () => {
    const { pop } = await dial({ from: '081234500001' });
    expect(pop.identity).toMatchObject({ number: '+6281234500001', numberFrom: 'From', callable: true, imei: null });
    expect(pop.location).toEqual({ best: null, fixes: [], unusable: [], networks: [] });
    expect(pop.history).toEqual({ calls: [], nonUnique: [] });
    expect(pop.emergency?.callId).toMatch(/^urn:emergency:uid:callid:[0-9a-f]{32}:/);
  });

  test('the asserted identity counts, not From', async () => {
    const { pop } = await dial({
      from: '0000',
      assertedIdentity: '<sip:+6281234500002@ims.mnc010.mcc510.3gppnetwork.org;user=phone>',
    });
    expect(pop.identity).toMatchObject({ number: '+6281234500002', numberFrom: 'P-Asserted-Identity' });
  });

  test('without a SIM: anonymous, not to be called back, and known again by the IMEI', async () => {
    const phone = { fromUri: 'sip:anonymous@anonymous.invalid', imei: '35824005-944763-1' };
    const first = await dial(phone);
    expect(first.pop.identity).toMatchObject({ number: null, callable: false, notCallable: 'no-sim' });
    await centre.feed.waitFor('operator.talking', { callId: first.call.id });
    await first.citizen.hangUp();
    await centre.api.recordOf(first.citizen.callId);
    const second = await dial(phone);
    expect(second.pop.identity?.imei).toBe(first.pop.identity?.imei);
    expect(second.pop.history?.calls).toMatchObject([{ callId: first.call.id, linkedBy: 'imei', outcome: 'answered' }]);
  });

  test('a fixed line: its area, where nothing else is known', async () => {
    const { pop } = await dial({ from: '0761123456' });
    expect(pop.bestFix).toMatchObject({ source: 'area-code', position: null });
    expect(pop.bestFix?.address).toContain('Pekanbaru');
  });

  test('identifiers that another centre gave stay, wherever among the Call-Info headers they stand', async () => {
    const callId = 'urn:emergency:uid:callid:AbCdEf1234567890:psap.example';
    const incidentId = 'urn:emergency:uid:incidentid:XyZ1234567890:psap.example';
    const { pop } = await dial({
      headers: [
        'Call-Info: <https://example/eido/1>;purpose=emergency-eido',
        `Call-Info: <${callId}>;purpose=emergency-CallId`,
        `Call-Info: <${incidentId}>;purpose=EmergencyCallData.IncidentId`,
      ],
    });
    expect(pop.emergency).toEqual({ callId, incidentId });
  });
});

describe("the phone's own location (AML)", () => {
  test('2 s before the call: the screen pops with it', async () => {
    const aml = {
      v: '1',
      device_number: '+6281234500010',
      location_latitude: '0.5333',
      location_longitude: '101.4478',
    };
    expect((await postAml({ ...aml, location_accuracy: '12', location_source: 'GPS' })).status).toBe(200);
    await timePasses(2_000);
    const { pop } = await dial({ from: '081234500010' });
    expect(pop.bestFix).toMatchObject({ source: 'aml-https', method: 'GPS', radius: 12 });
  });

  test('5 s after it, better than the cell: the screen is told, and nothing that was there is gone', async () => {
    const { call } = await dial({
      from: '081234500011',
      accessNetwork: '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=5101012340ABCDE1;network-provided',
    });
    await timePasses(5_000);
    const text =
      'A"ML=1;lt=+0.53000;lg=+101.44800;rd=14;top=20261122101748;lc=68;pm=G;si=510101234567890;ei=358240059447631;mcc=510;mnc=10;ml=126';
    const sent = await centre.api.ask('POST', '/v1/locations/aml/sms', {
      as: 'gateway',
      body: { from: '081234500011', text },
    });
    expect(sent).toMatchObject({ status: 202, body: { understood: true } });
    const shown = await updatedBy(call.id, 'aml-sms');
    expect(shown.location.fixes.map(({ source }) => source)).toEqual(['cell', 'aml-sms']);
    expect(shown.location.fixes[0]).toEqual(call.location.fixes[0]);
  });
});

test("the operator's correction wins, and stays with the call for ever", async () => {
  const { citizen, call } = await dial(withLocation(circle(0.5071, 101.4478, 10)));
  const say = (body: object): Promise<{ status: number }> =>
    centre.api.ask('POST', `/v1/calls/${call.id}/locations`, { as: 'operator', body });
  expect(await say({ type: 'point', latitude: 0.53, longitude: 101.448, radius: 100 })).toMatchObject({ status: 201 });
  expect(await say({ type: 'district', district: 'Rumbai' })).toMatchObject({ status: 201 });
  expect(await say({ type: 'point', latitude: 0, longitude: 0 })).toMatchObject({ status: 422 });
  const expected = { source: 'operator', position: { latitude: 0.53, longitude: 101.448 }, district: 'Rumbai' };
  expect((await updatedBy(call.id, 'operator')).bestFix).toMatchObject({ source: 'operator' });
  await citizen.hangUp();
  const stored = await centre.api.recordOf(citizen.callId);
  expect(stored.bestFix).toMatchObject(expected);
  expect(stored.location.fixes).toHaveLength(3);
});

describe('what an agency is told', () => {
  async function engage(call: CallDetailView): Promise<void> {
    const body = { agencyId: 'damkar', mode: 'bridge' };
    const asked = await centre.api.ask('POST', `/v1/incidents/${call.incidentId}/dispatches`, { body });
    expect(asked.status).toBe(202);
    await centre.feed.waitFor('dispatch.joined', { callId: call.id });
  }

  test('its INVITE names call and incident, and brings the location', async () => {
    const phone = await centre.trunk('damkar-1', accepts({ pressAfter: 200 }));
    const upcoming = centre.upcoming(phone);
    const { call } = await dial(withLocation(circle(0.5071, 101.4478, 45)));
    await engage(call);
    const { invite } = await upcoming;
    expect(invite.header('Call-Info')).toContain(`<${call.emergency?.callId}>;purpose=emergency-CallId`);
    expect(invite.header('Call-Info')).toContain(`<${call.emergency?.incidentId}>;purpose=emergency-IncidentId`);
    expect(invite.header('Geolocation')).toMatch(/^<cid:/);
    const xml = /<\?xml[\s\S]*<\/[a-z0-9]*:?presence>/.exec(invite.body)?.[0] ?? '';
    expect(xml).toMatch(/<dm:device>\s*<gp:geopriv>\s*<gp:location-info>[\s\S]*<dm:timestamp>[^<]+<\/dm:timestamp>/);
    expect(readPidfLo(xml).sightings).toMatchObject([
      { shape: { type: 'circle', centre: { latitude: 0.5071, longitude: 101.4478 }, radius: 45 } },
    ]);
  });

  test('a trunk that makes nothing of the location is rung again without it', async () => {
    const phone = await centre.trunk('damkar-1', rejects(488));
    await centre.trunk('damkar-2', accepts({ pressAfter: 200 }));
    const before = phone.calls.length;
    const { call } = await dial(withLocation(circle(0.5071, 101.4478, 45)));
    await engage(call);
    const invites = phone.calls.slice(before).map(({ invite }) => invite.header('Geolocation'));
    expect(invites).toEqual([expect.stringContaining('cid:'), undefined]);
  });
});

test('headers of 60 KB, and a whole page of rubbish in every header there is', async () => {
  const rubbish = `${'<sip:"'.repeat(300)};utran-cell-id-3gpp=${'F'.repeat(300)}`;
  const names = ['P-Access-Network-Info', 'Cellular-Network-Info', 'Geolocation', 'Call-Info', 'Remote-Party-ID'];
  const { citizen, pop } = await dial({
    headers: [...names.map((name) => `${name}: ${rubbish}`), `X-Long: ${'y'.repeat(40_000)}`],
  });
  expect(pop.identity).toMatchObject({ number: '+6281234567890' });
  expect(pop.location.fixes).toEqual([]);
  expect(pop.location.unusable.length).toBeGreaterThan(0);
  await citizen.hangUp();
  const record = await centre.api.recordOf(citizen.callId);
  const sizes = await centre.api.sql(
    z.object({ size: z.number() }),
    'select length(location::text) as size from calls where id = $1',
    [record.id],
  );
  expect(sizes).toHaveLength(1);
  expect(sizes[0]?.size).toBeLessThan(20_000);
});
