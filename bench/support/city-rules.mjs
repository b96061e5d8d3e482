// Rules as a city grows them: its own general ones, then more and more for single places. Made from a seed, so that every run
// has the same.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectDirectory } from '../../scripts/runtime/settings.mjs';

const city = JSON.parse(readFileSync(path.join(projectDirectory, 'cities/kendari.json'), 'utf8'));
/** Its districts, and villages in them. */
const places = [...city.districts, ...Array.from({ length: 65 }, (_, at) => `Kelurahan ${at + 1}`)];
const severities = ['critical', 'high', 'moderate', 'low'];
const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const weekend = ['sat', 'sun'];
const shifts = [
  { from: '06:00', to: '14:00' },
  { from: '14:00', to: '22:00' },
  { from: '22:00', to: '06:00' },
];
const modes = ['bridge', 'bridge', 'listen', 'notify'];

/** A rule set of `count` rules: the city profile's, then rules for places. Plain data, to be read by ruleSetSchema. */
export function cityRules(count) {
  const random = seeded(112);
  const own = city.rules.rules.slice(0, count);
  const more = Array.from({ length: count - own.length }, (_, at) => placeRule(at, random));
  return { version: 1, default: city.rules.default, rules: [...own, ...more] };
}

/** `count` incidents' facts, as completeFacts makes them. */
export function cityFacts(count, kinds) {
  const random = seeded(911);
  return Array.from({ length: count }, () => {
    const { pick, chance, number } = random;
    const minute = number(24 * 60);
    return {
      kind: pick(kinds),
      severity: chance(0.1) ? null : pick(severities),
      district: chance(0.1) ? null : pick(places),
      weekday: pick(weekdays),
      time: `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`,
      date: `2026-${String(1 + number(12)).padStart(2, '0')}-15`,
      holiday: chance(0.05),
      position: chance(0.3) ? null : somewhere(random),
      language: 'id',
      carrier: pick(['telkomsel', 'indosat', 'xl']),
      source: 'call',
      confidential: false,
      calls: chance(0.8) ? 1 : 2 + number(8),
      drill: false,
      agencies: Object.fromEntries(
        city.agencies.map(({ id }) => [id, { open: !chance(0.1), reachable: !chance(0.05) }]),
      ),
      trunks: Object.fromEntries(
        city.agencies.flatMap(({ trunks }) => trunks.map(({ id }) => [id, chance(0.03) ? 'down' : 'up'])),
      ),
    };
  });
}

function placeRule(at, random) {
  const { pick, chance, number } = random;
  const incidents = city.kinds.slice(0, 15);
  const kinds = chance(0.8) ? [pick(incidents)] : [pick(incidents), pick(incidents)];
  const agency = pick(city.agencies).id;
  return {
    id: `place-${at}`,
    name: `Rule ${at} of a place`,
    when: {
      kinds: [...new Set(kinds)],
      ...(chance(0.95)
        ? { districts: Array.from({ length: 1 + number(2) }, () => pick(places)) }
        : { areas: [area(random)] }),
      ...(chance(0.4) && { severities: severities.slice(0, 1 + number(2)) }),
      ...(chance(0.3) && { hours: pick(shifts) }),
      ...(chance(0.1) && { weekdays: weekend }),
      ...(chance(0.05) && { minimumCalls: 2 + number(4) }),
      ...(chance(0.05) && { agencyStates: [{ agencyId: agency, state: 'closed' }] }),
    },
    then: [{ agencyId: agency, mode: pick(modes) }],
    tell: [],
  };
}

/** A place in the city, in degrees. */
function somewhere({ number }) {
  return { longitude: 122.45 + number(2_000) / 10_000, latitude: -4.05 + number(1_500) / 10_000 };
}

/** A village's border: twelve corners around a place, about a kilometre wide. */
function area(random) {
  const { longitude, latitude } = somewhere(random);
  const corners = Array.from({ length: 12 }, (_, at) => {
    const angle = (at / 12) * 2 * Math.PI;
    return [longitude + 0.005 * Math.cos(angle), latitude + 0.005 * Math.sin(angle)];
  });
  return { type: 'Polygon', coordinates: [[...corners, corners[0]]] };
}

/** mulberry32: small, fast, and the same on every machine. */
function seeded(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const number = (below) => Math.floor(next() * below);
  return { number, chance: (share) => next() < share, pick: (list) => list[number(list.length)] };
}
