// How long the call path takes to read who calls and from where out of an INVITE, for what networks send and for headers made to
// take long.
import path from 'node:path';
import { projectDirectory } from '../../scripts/runtime/settings.mjs';
import { figure } from '../support/figure.mjs';

const load = (file) => import(path.join(projectDirectory, 'dist', file));
const ids = {
  callId: '01a20000-0000-7000-8000-000000000000',
  incidentId: '01a20000-0000-7000-8000-000000000001',
  arrivedAt: 1,
};
const usual = {
  From: '"Warga" <sip:081234567890@ims>;tag=1',
  'P-Asserted-Identity': '<sip:+6281234567890@ims.mnc010.mcc510.3gppnetwork.org;user=phone>',
  Contact: '<sip:a@b>;+sip.instance="<urn:gsma:imei:35824005-944763-1>"',
  'P-Access-Network-Info': '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=5101012340ABCDE1;network-provided',
  Geolocation: '<cid:a@b>',
};
const circle = {
  format: 'GML',
  location: 'shape="Circle",crs="2d",pos="0.5071 101.4478",radius="45"',
  method: 'GPS',
  confidence: 'pdf="unknown",value="95"',
};
const hostile = [
  '"',
  '"\\',
  '<',
  '<sip:',
  '<tel:1>,',
  ',sip:1@h',
  '%',
  '<a>;purpose=',
  'urn:gsma:imei:',
  ';=',
  'geo:0,0,',
];
const names = [...Object.keys(usual), 'Remote-Party-ID', 'Cellular-Network-Info', 'Call-Info'];

export async function measure({ rounds, quick }) {
  const [{ introduce }, { loadDistrictMap }, { defaultSettings }] = await Promise.all(
    ['location/invite.js', 'location/districts/district-map-start.js', 'settings/setting.js'].map(load),
  );
  const centre = { settings: defaultSettings, map: await loadDistrictMap('pekanbaru') };
  const repeats = quick ? 100 : 500;
  const times = (headers, location) =>
    Array.from({ length: rounds }, () => timesOf(() => introduce(origin(headers, location), ids, centre), repeats));
  const worst = hostile.map((unit) => ({
    unit,
    runs: times(everywhere(unit), { ...circle, location: filled(unit, 1_200) }),
  }));
  const slowest = worst
    .map(({ unit, runs }) => figure({ name: `2 KB of ${unit} in every header`, unit: 'ms', ours: runs }))
    .sort((one, other) => other.ours.p50 - one.ours.p50);
  const [first] = slowest;
  return [
    figure({
      name: "an INVITE's identity and location, as networks send them",
      unit: 'ms',
      ours: times(usual, circle),
      aim: { text: 'p99 under 5 ms', isMet: ({ p99 }) => p99 < 5 },
    }),
    {
      ...figure({
        name: 'the same, of the slowest of eleven made to take long',
        unit: 'ms',
        ours: worst.find(({ unit }) => first.name === `2 KB of ${unit} in every header`).runs,
        aim: { text: 'p99 under 20 ms', isMet: ({ p99 }) => p99 < 20 },
      }),
      about: Object.fromEntries(slowest.map(({ name, ours }) => [name, { p50: ours.p50, p99: ours.p99 }])),
    },
  ];
}

const filled = (unit, length) => unit.repeat(length).slice(0, length);
const everywhere = (unit) => Object.fromEntries(names.map((name) => [name, filled(unit, 2_060)]));

function origin(headers, location) {
  const from = { callerNumber: '0812', callerName: null, carrier: 'a', dialled: '112', source: null };
  return { sipCallId: 'a', ...from, headers, location };
}

function timesOf(once, repeats) {
  for (let warm = 0; warm < repeats / 2; warm += 1) once();
  return Array.from({ length: repeats }, () => {
    const began = performance.now();
    once();
    return performance.now() - began;
  });
}
