// node bench/introduce.mjs: how long the call path takes to read who calls and from where out of an INVITE, for what networks
// send and for headers made to take long. Figures go to bench/results/introduce.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { ensureBuild } from '../scripts/runtime.mjs';
import { projectDirectory } from '../scripts/runtime/settings.mjs';

await ensureBuild();
const load = (file) => import(path.join(projectDirectory, 'dist', file));
const { introduce } = await load('location/invite.js');
const { loadDistrictMap } = await load('location/districts/district-map-start.js');
const { defaultSettings } = await load('settings/setting.js');

const centre = { settings: defaultSettings, map: await loadDistrictMap('pekanbaru') };
const ids = {
  callId: '01a20000-0000-7000-8000-000000000000',
  incidentId: '01a20000-0000-7000-8000-000000000001',
  arrivedAt: 1,
};
const names = [
  'P-Asserted-Identity',
  'Remote-Party-ID',
  'From',
  'Contact',
  'P-Access-Network-Info',
  'Cellular-Network-Info',
  'Geolocation',
  'Call-Info',
];
const everywhere = (unit) => Object.fromEntries(names.map((name) => [name, unit.repeat(2_060).slice(0, 2_060)]));
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
const cases = { usual: [usual, circle], empty: [{}, null] };
for (const unit of [
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
]) {
  cases[`2 KB of ${unit} in every header`] = [
    everywhere(unit),
    { ...circle, location: unit.repeat(1_200).slice(0, 1_200) },
  ];
}

const milliseconds = {};
for (const [name, [headers, location]] of Object.entries(cases)) {
  const origin = {
    sipCallId: 'a',
    callerNumber: '0812',
    callerName: null,
    carrier: 'a',
    dialled: '112',
    source: null,
    headers,
    location,
  };
  const once = () => introduce(origin, ids, centre);
  for (let warm = 0; warm < 200; warm += 1) once();
  const times = Array.from({ length: 500 }, () => {
    const begun = performance.now();
    once();
    return performance.now() - begun;
  }).sort((a, b) => a - b);
  milliseconds[name] = { median: Number(times[250].toFixed(3)), p99: Number(times[495].toFixed(3)) };
}
const result = { measuredAt: new Date().toISOString(), node: process.version, processors: cpus().length, milliseconds };
mkdirSync(path.join(projectDirectory, 'bench/results'), { recursive: true });
writeFileSync(path.join(projectDirectory, 'bench/results/introduce.json'), `${JSON.stringify(result, undefined, 2)}\n`);
console.table(milliseconds);
