// Where the demo's citizen is: in a cell of the city's made-up towers, and, some seconds later, where his phone says.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { StepError } from '../runtime/progress.mjs';
import { projectDirectory } from '../runtime/settings.mjs';

/** The first LTE cell of a city: what its network would send, and where its tower stands. */
export function cellOf(city) {
  const file = path.join(projectDirectory, `cities/${city}-cells.csv`);
  const lines = readFileSync(file, 'utf8').split('\n');
  const accessNetwork = lines.map((line) => /^#.*?(3GPP-E-UTRAN-FDD;\S+)/.exec(line)?.[1]).find(Boolean);
  const [, , , , , , longitude, latitude] = lines.find((line) => line.startsWith('LTE,'))?.split(',') ?? [];
  if (!accessNetwork || !latitude) throw new StepError({ tried: `read ${file}`, happened: 'it has no LTE cell' });
  return {
    accessNetwork: `${accessNetwork};network-provided`,
    latitude: Number(latitude),
    longitude: Number(longitude),
  };
}

/** A phone's own location by HTTPS, as Emergency Location Service sends it: a form, signed in its last field. */
export async function sendAml({ url, key }, { number, latitude, longitude, accuracy }) {
  const form = new URLSearchParams({
    v: '1',
    device_number: number,
    location_latitude: latitude.toFixed(5),
    location_longitude: longitude.toFixed(5),
    location_time: String(Date.now()),
    location_accuracy: String(accuracy),
    location_source: 'gps',
    location_certainty: '68',
  }).toString();
  const hmac = createHmac('sha1', key).update(form).digest('hex');
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `${form}&hmac=${hmac}`,
  });
  if (!answer.ok)
    throw new StepError({ tried: "send the phone's location", happened: `it was answered ${answer.status}` });
}
