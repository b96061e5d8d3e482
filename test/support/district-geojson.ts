import { readDistrictMap } from '../../src/location/districts/read-district-map.ts';
import type { DistrictMap } from '../../src/location/districts/district-map.ts';

/** The ring of a box. */
export const square = (west: number, south: number, east: number, north: number): number[][] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];
/** A district, and a neighbouring centre, as GeoJSON has them. */
export const polygon = (name: string, ...coordinates: unknown[]) => ({
  type: 'Feature',
  properties: { district: name },
  geometry: { type: 'Polygon', coordinates },
});
export const neighbour = (name: string, ...coordinates: unknown[]) => ({
  ...polygon('', ...coordinates),
  properties: { neighbour: name },
});
export const collection = (...features: unknown[]) => ({ type: 'FeatureCollection', features });
/** The map of a file that has no fault. */
export const read = (...features: unknown[]): DistrictMap => {
  const { map, faults } = readDistrictMap(collection(...features));
  expect(faults).toEqual([]);
  if (!map) throw new Error('no map');
  return map;
};
export const at = (longitude: number, latitude: number) => ({ latitude, longitude });
