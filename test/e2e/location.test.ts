import { answers } from '../../scripts/sip/phone.mjs';
import type { CitizenOptions } from '../../scripts/sip/phone.mjs';
import { callDetailView, type CallDetailView } from '../../src/calls/view.ts';
import { printPidfLo } from '../../src/location/pidf-lo/pidf-lo-print.ts';
import type { Centre } from '../support/centre.ts';
import type { Happening } from '../support/feed.ts';
import { withLocation } from '../support/location.ts';
import { startCentre } from '../support/start-centre.ts';

const amlKey = 'kunci-uji';
let centre: Centre;
/** Milliseconds from INVITE to screen pop, of every call of this file. */
const pops: number[] = [];

beforeAll(async () => {
  centre = await startCentre({ name: 'location', operators: 2, controllerEnv: { SIAGA_AML_KEY: amlKey } });
  await centre.operatorPhones(answers());
}, 60_000);
afterAll(async () => {
  const sorted = [...pops].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
  process.stdout.write(`INVITE to screen pop, ${pops.length} calls: median ${at(0.5)} ms, slowest ${at(1)} ms\n`);
  await centre.stop();
}, 30_000);
afterEach(async () => {
  await centre.hangUpAll();
  await centre.quiet();
  expect(await centre.api.alarms('record-refused')).toEqual([]);
  expect(await centre.api.alarms('decision-failed')).toEqual([]);
  expect(centre.complaints()).toEqual([]);
});

const screen = callDetailView;
const shownOn = (event: Happening): CallDetailView => screen.parse(event.detail['call']);

/** Somebody calls; what his operator's screen shows, and what REST tells. */
async function dial(options: Partial<CitizenOptions>): Promise<{ pop: CallDetailView; call: CallDetailView }> {
  const citizen = await centre.dial(options);
  const { id } = await centre.api.taken(citizen);
  const popped = await centre.feed.waitFor('screen.pop', { callId: id });
  pops.push(Math.round(popped.at - (citizen.times.invite ?? 0)));
  return { pop: shownOn(popped), call: await centre.api.call(id) };
}

describe('a location in the INVITE', () => {
  test('a circle by PIDF-LO: with source, uncertainty and district, on the screen and over REST', async () => {
    const sighting = {
      method: 'GPS',
      shape: { type: 'circle', centre: { latitude: 0.5071, longitude: 101.4478 }, radius: 45 },
      civic: null,
      confidence: 95,
      at: null,
    } as const;
    const { pop, call } = await dial(withLocation(printPidfLo(sighting, { entity: 'pres:citizen@example' })));
    expect(call.location.unusable).toEqual([]);
    expect(call.location.fixes).toMatchObject([
      { source: 'pidf-lo', method: 'GPS', shape: sighting.shape, confidence: 95 },
    ]);
    expect(call.bestFix).toMatchObject({ source: 'pidf-lo', radius: 45, outside: false });
    expect(call.bestFix?.district).toEqual(expect.any(String));
    expect(pop.location).toEqual(call.location);
  });
});

test.each([
  ['2G', '3GPP-GERAN;cgi-3gpp=5101012012B01', 2500, 'Sail'],
  ['3G', '3GPP-UTRAN-FDD;utran-cell-id-3gpp=5101012020012C01;network-provided', 1500, 'Sukajadi'],
  ['LTE', '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp="5101012340ABCDE1";network-provided', 900, 'Senapelan'],
  ['NR', '3GPP-NR-FDD;utran-cell-id-3gpp=510100012340ABCDE101', 400, 'Pekanbaru Kota'],
])('the cell of %s: a circle of its tower', async (_radio, accessNetwork, radius, district) => {
  const { pop, call } = await dial({ accessNetwork });
  expect(call.location.unusable).toEqual([]);
  expect(call.bestFix).toMatchObject({ source: 'cell', method: 'Cell', radius, district, madeUp: true });
  expect(call.identity).toMatchObject({ network: 'Telkomsel', number: '+6281234567890', callable: true });
  expect(pop.bestFix).toEqual(call.bestFix);
});
