import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { incidentNumber } from '../incidents/incident-number.ts';
import { spokenDistrict } from '../incidents/spoken.ts';
import { promptsOf } from '../notifications/voice-message.ts';
import { incidentKinds } from '../routing/kind.ts';
import { cityFile, loadCity } from '../settings/load-city.ts';
import { announcement } from './announcement.ts';

const digits = ['digit-0', 'digit-4', 'digit-7', 'digit-1', 'digit-1', 'digit-2'];
const known = {
  kind: 'fire',
  district: 'Payung Sekaki',
  incidentNumber: '047112',
  drill: false,
  listens: false,
} as const;

test('an agency hears that it is 112, what, where, which, and the keys', () => {
  expect(announcement(known)).toEqual([
    'announcement-intro',
    'kind-fire',
    'district-payung-sekaki',
    'incident-number',
    ...digits,
    'announcement-keys',
  ]);
  expect(announcement({ ...known, drill: true }).slice(0, 3)).toEqual(['announcement-intro', 'drill', 'kind-fire']);
});

test('what is not known is left out, and so is what no agency is sent to', () => {
  const least = ['announcement-intro', 'incident-number', ...digits, 'announcement-keys'];
  expect(announcement({ ...known, kind: null, district: null })).toEqual(least);
  expect(announcement({ ...known, kind: 'information', district: ' – ' })).toEqual(least);
  expect(announcement({ ...known, kind: '../../etc', district: null })).toEqual(least);
});

test('of a confidential incident no place is said', () => {
  expect(announcement({ ...known, kind: 'child-violence' })).toEqual([
    'announcement-intro',
    'kind-child-violence',
    'incident-number',
    ...digits,
    'announcement-keys',
  ]);
});

test('who only listens hears a short one', () => {
  expect(announcement({ ...known, drill: true, listens: true })).toEqual([
    'announcement-intro',
    'drill',
    'kind-fire',
    'announcement-listen-keys',
  ]);
});

test.each([
  ['Wua-Wua', 'district-wua-wua'],
  ['  Lima   Puluh ', 'district-lima-puluh'],
  ['Désa/Ñ,sound:x', 'district-desa-n-sound-x'],
])('the prompt of the district %p', (name, prompt) => {
  expect(spokenDistrict(name)).toEqual([prompt]);
});

test('every prompt of an announcement and of a voice message has its text and its file, in both languages', async () => {
  const cities = await Promise.all(['kendari', 'pasuruan', 'pekanbaru'].map((id) => loadCity(cityFile(id))));
  const number = { incidentNumber: '0123456789' };
  const said = new Set([
    ...cities.flatMap(({ districts }) => districts.flatMap((district) => announcement({ ...known, district }))),
    ...incidentKinds.flatMap((kind) => announcement({ ...known, ...number, kind })),
    ...announcement({ ...known, drill: true, listens: true }),
    ...promptsOf({ kind: null, ...number, drill: true }),
    'message-thanks',
  ]);
  // 30 districts, 15 kinds, ten digits, and what stands around them.
  expect(said.size).toBeGreaterThanOrEqual(30 + 15 + 10 + 8);
  const sounds = fileURLToPath(new URL('../../asterisk-config/sounds/', import.meta.url));
  const texts = z
    .record(z.string(), z.object({ id: z.string(), en: z.string() }))
    .parse(JSON.parse(await readFile(`${sounds}prompts.json`, 'utf8')));
  const missing = [...said].filter(
    (name) => !(name in texts) || !['id', 'en'].every((language) => has(language, name)),
  );
  expect(missing).toEqual([]);

  function has(language: string, name: string): boolean {
    return existsSync(`${sounds}${language}/siaga/${name}.wav`);
  }
});

test('an incident has six digits, the same ones whenever it is asked', () => {
  expect(incidentNumber('0199d0a5-0000-7000-8000-0000000b8298')).toBe('754328');
  expect(incidentNumber('0199d0a5-0000-7000-8000-000000000007')).toBe('000007');
});
