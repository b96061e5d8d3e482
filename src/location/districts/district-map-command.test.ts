import { fitToSettings, importMessages } from './district-map-command.ts';
import type { DistrictMap } from './district-map.ts';
import { readDistrictMap } from './read-district-map.ts';

const ring = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 0],
];

function mapOf(...names: string[]): DistrictMap {
  const features = names.map((name) => ({
    type: 'Feature',
    properties: { name },
    geometry: { type: 'Polygon', coordinates: [ring] },
  }));
  const { map, faults } = readDistrictMap({ type: 'FeatureCollection', features });
  if (!map) throw new Error(faults.join(' '));
  return map;
}

test('districts get the spelling of the settings, and are in order again', () => {
  const { map, faults, warnings } = fitToSettings(mapOf('WUA WUA', 'abeli', 'Kadia'), ['Abeli', 'Kadia', 'Wua-Wua']);
  expect(map.districts.map(({ name }) => name)).toEqual(['Abeli', 'Kadia', 'Wua-Wua']);
  expect([faults, warnings]).toEqual([[], []]);
});

test('a district that is not in the settings is a fault that says what to do, one without an area a warning', () => {
  const { faults, warnings } = fitToSettings(mapOf('Abeli', 'Atlantis', 'Mu'), ['Abeli', 'Kadia']);
  expect(faults).toEqual(
    ['Atlantis', 'Mu'].map((name) => `"${name}" is no district of the settings: add it with PATCH /v1/settings first.`),
  );
  expect(warnings).toEqual(['"Kadia" has no area in this file: no position will ever lie in it.']);
});

test('made-up borders are told, and missing settings too', () => {
  expect(fitToSettings({ ...mapOf('A'), madeUp: true }, ['A']).warnings).toEqual([
    'The file says that its borders are made up.',
  ]);
  expect(fitToSettings(mapOf('A'), undefined).faults).toHaveLength(1);
});

test('what an import did is told in plain words, warnings first', () => {
  const done = { version: 4, districts: 15, neighbours: 3, warnings: ['Look.'] };
  expect(importMessages({ ...done, result: 'imported' })).toEqual([
    'Warning: Look.',
    'Imported 15 districts and 3 neighbouring centres as version 4. Running controllers use them from now on.',
  ]);
  expect(importMessages({ ...done, result: 'unchanged' }).at(-1)).toMatch(/^Unchanged: .* version 4\.$/);
  expect(importMessages({ ...done, result: 'checked' }).at(-1)).toMatch(
    /^The file is fit .* Version 4 stays stored\.$/,
  );
  expect(importMessages({ result: 'refused', faults: ['a', 'b'] })).toEqual(['Nothing was imported:', '- a', '- b']);
});
