import { at, collection, neighbour, polygon, read, square } from '../../../test/support/district-geojson.ts';
import { placeOf } from './district-map.ts';
import { nameKey, readDistrictMap, shown } from './read-district-map.ts';

const faultsOf = (geojson: unknown): string[] => {
  const { map, faults } = readDistrictMap(geojson);
  expect(map).toBeNull();
  return faults;
};

describe('readDistrictMap', () => {
  const good = polygon('A', square(0, 0, 1, 1));
  const ring = (...corners: unknown[]) => collection(polygon('A', corners));

  test.each([
    ['district', 'A'],
    ['name', 'A'],
    ['NAMOBJ', 'A'],
    ['WADMKC', 'A'],
    ['KECAMATAN', 'A'],
    ['kecamatan', ' A '],
  ])('takes the name of a district from %s', (property, value) => {
    const map = read({ ...good, properties: { OBJECTID: 7, WADMKC: null, [property]: value } });
    expect(map.districts.map(({ name }) => name)).toEqual(['A']);
  });

  test('prefers the district to the village in a file that has both', () => {
    expect(read({ ...good, properties: { NAMOBJ: 'Village', WADMKC: 'Sail' } }).districts[0]?.name).toBe('Sail');
  });

  test('keeps bounding boxes, leaves altitudes out, and sorts by name', () => {
    const high = square(5, -6, 7, 8).map((corner) => [...corner, 12]);
    const map = read(polygon('B', high), good, neighbour('112 Z', square(1, 0, 2, 1)));
    expect(map).toEqual({
      madeUp: false,
      districts: [
        { name: 'A', box: [0, 0, 1, 1], polygons: [[square(0, 0, 1, 1)]] },
        { name: 'B', box: [5, -6, 7, 8], polygons: [[square(5, -6, 7, 8)]] },
      ],
      neighbours: [{ name: '112 Z', box: [1, 0, 2, 1], polygons: [[square(1, 0, 2, 1)]] }],
    });
  });

  test.each(['urn:ogc:def:crs:OGC:1.3:CRS84', 'urn:ogc:def:crs:EPSG::4326', 'EPSG:4326', 'CRS84'])(
    'takes %s for WGS 84',
    (name) => {
      const crs = { type: 'name', properties: { name } };
      expect(readDistrictMap({ ...collection(good), crs }).faults).toEqual([]);
    },
  );

  test.each<[string, unknown, string]>([
    ['no object', 'x', 'no GeoJSON FeatureCollection'],
    ['a single feature', good, 'no GeoJSON FeatureCollection'],
    ['no district', collection(), 'no district'],
    ['neighbours only', collection(neighbour('112', square(0, 0, 1, 1))), 'no district'],
    ['a thing that is no feature', collection(good, 7), 'Feature 2 is no GeoJSON feature'],
    [
      'no name',
      collection(polygon('B', square(2, 0, 3, 1)), { ...good, properties: null }),
      'Feature 2 has no usable name',
    ],
    [
      'a name that is no text',
      collection(polygon('B', square(2, 0, 3, 1)), { ...good, properties: { district: 5 } }),
      'no usable name',
    ],
    [
      'a name with control characters',
      collection(polygon('B', square(2, 0, 3, 1)), { ...good, properties: { name: 'a\u0000b' } }),
      'no usable name',
    ],
    [
      'a long name',
      collection(polygon('B', square(2, 0, 3, 1)), { ...good, properties: { name: 'a'.repeat(81) } }),
      'no usable name',
    ],
    [
      'a district that is a neighbour',
      collection(good, { ...good, properties: { district: 'B', neighbour: 'B' } }),
      'both a district and a neighbour',
    ],
    ['two of one name', collection(good, good), 'Two features are the district "A"'],
    [
      'two but for case and hyphen',
      collection(polygon('Wua-Wua', square(0, 0, 1, 1)), polygon('WUA WUA', square(1, 0, 2, 1))),
      'Two features',
    ],
    ['no geometry', collection({ ...good, geometry: null }), '(“A”): it has no geometry'.replaceAll(/[“”]/g, '"')],
    ['a point', collection({ ...good, geometry: { type: 'Point', coordinates: [0, 0] } }), 'of the type "Point"'],
    ['a polygon without rings', collection(polygon('A')), 'has no ring'],
    ['no polygon', collection({ ...good, geometry: { type: 'MultiPolygon', coordinates: [] } }), 'has no polygon'],
    ['an open ring', ring([0, 0], [1, 0], [1, 1], [0, 1]), 'not closed'],
    ['three positions', ring([0, 0], [1, 0], [0, 0]), '3 positions'],
    ['a position that is none', ring([0, 0], ['1', 0], [1, 1], [0, 0]), 'position 2 of a ring is no pair of numbers'],
    ['one number', ring([0, 0], [1], [1, 1], [0, 0]), 'position 2 of a ring is no pair of numbers'],
    ['swapped coordinates', ring([0.5, 101.4], [0.6, 101.4], [0.6, 101.5], [0.5, 101.4]), 'latitude before longitude'],
    ['metres', ring([780_000, 56_000], [1, 0], [1, 1], [0, 0]), 'another projection'],
    ['another datum', { ...collection(good), crs: { type: 'name', properties: { name: 'EPSG:32748' } } }, 'WGS 84'],
    ['a linked datum', { ...collection(good), crs: { type: 'link', properties: { href: 'x' } } }, 'WGS 84'],
    ['madeUp that is no boolean', { ...collection(good), madeUp: 'yes' }, '"madeUp"'],
  ])('refuses %s', (_name, geojson, fault) => {
    const faults = faultsOf(geojson);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  test('lists every fault, the feature named', () => {
    const faults = faultsOf({
      ...collection(polygon('A', square(0, 0, 1, 1).slice(1), [[0, 0]]), { ...good, geometry: null }, 'x'),
      crs: 5,
    });
    expect(faults).toHaveLength(6);
    expect(faults.filter((fault) => fault.startsWith('Feature 1 ("A"): '))).toHaveLength(2);
  });

  test('counts the faults beyond fifty', () => {
    const faults = faultsOf({ ...collection(), features: Array.from({ length: 300_000 }, () => null) });
    expect(faults).toHaveLength(51);
    // With the one that there is no district.
    expect(faults.at(-1)).toBe('There are 299951 more faults.');
  });

  test('holds many corners, and refuses too many', () => {
    const circle = (corners: number): number[][] => {
      const open = Array.from({ length: corners - 1 }, (_, index) => {
        const angle = (2 * Math.PI * index) / (corners - 1);
        return [101 + Math.cos(angle), Math.sin(angle)];
      });
      return [...open, ...open.slice(0, 1)];
    };
    const map = read(polygon('A', circle(100_000)), neighbour('B', circle(100_000)));
    expect(placeOf(map, at(101.5, 0), 10_000)).toMatchObject({ district: 'A', certain: true });
    expect(faultsOf(collection(polygon('A', circle(100_000)), polygon('B', circle(100_001))))).toEqual([
      'There are more than 200000 corners: simplify the borders first.',
    ]);
  });

  test('a hundred thousand empty rings are refused, not suffered', () => {
    const empty: unknown[] = [];
    const faults = faultsOf(collection(polygon('A', ...Array.from({ length: 100_000 }, () => empty))));
    expect(faults).toHaveLength(51);
  });

  test('what a file says is short and clean in a message', () => {
    expect(shown(`a\u0000\u202eb\n${'x'.repeat(100)}`)).toBe(`"a b ${'x'.repeat(56)}…"`);
    expect(shown('😀'.repeat(70))).toBe(`"${'😀'.repeat(60)}…"`);
    expect(shown('Lima Puluh')).toBe('"Lima Puluh"');
  });

  test('a name is the same however it is spelt', () => {
    expect(new Set(['Wua-Wua', 'WUA WUA', 'wuawua'].map(nameKey)).size).toBe(1);
    expect(nameKey('Sail')).not.toBe(nameKey('Sali'));
  });
});
