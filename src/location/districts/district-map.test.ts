import { placeOf, type Area, type DistrictMap } from './district-map.ts';
import { nameKey, readDistrictMap, shown } from './read-district-map.ts';

/** Degrees of latitude, or of longitude at the equator, in about 111.2 km. */
const kilometre = 1 / 111.195;

const square = (west: number, south: number, east: number, north: number): number[][] => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];
const polygon = (name: string, ...coordinates: unknown[]) => ({
  type: 'Feature',
  properties: { district: name },
  geometry: { type: 'Polygon', coordinates },
});
const neighbour = (name: string, ...coordinates: unknown[]) => ({
  ...polygon('', ...coordinates),
  properties: { neighbour: name },
});
const collection = (...features: unknown[]) => ({ type: 'FeatureCollection', features });
const read = (...features: unknown[]): DistrictMap => {
  const { map, faults } = readDistrictMap(collection(...features));
  expect(faults).toEqual([]);
  if (!map) throw new Error('no map');
  return map;
};
const faultsOf = (geojson: unknown): string[] => {
  const { map, faults } = readDistrictMap(geojson);
  expect(map).toBeNull();
  return faults;
};
const at = (longitude: number, latitude: number) => ({ latitude, longitude });

describe('placeOf', () => {
  // Two squares side by side on the equator; the right one has a hole, in which a third lies; neighbours left and right.
  const map = read(
    polygon('West', square(0, -1, 1, 1)),
    polygon('East', square(1, -1, 3, 1), square(1.5, -0.5, 2.5, 0.5)),
    polygon('Inner', square(1.5, -0.5, 2.5, 0.5)),
    neighbour('112 Left', square(-2, -1, -1, 1)),
    neighbour('112 Right', square(3, -1, 4, 1)),
    {
      type: 'Feature',
      properties: { district: 'Islands' },
      geometry: { type: 'MultiPolygon', coordinates: [[square(10, 0, 11, 1)], [square(12, 0, 13, 1)]] },
    },
  );
  const inside = (district: string, certain = true) => ({
    district,
    certain,
    outside: false,
    neighbour: null,
    madeUp: false,
  });
  const outside = (centre: string | null, certain = true) => ({
    district: null,
    certain,
    outside: true,
    neighbour: centre,
    madeUp: false,
  });

  test.each([
    ['in a square', 0.5, 0, inside('West')],
    ['in one with a hole', 1.2, 0, inside('East')],
    ['in the hole, which is another', 2, 0, inside('Inner')],
    ['in the first polygon of many', 10.5, 0.5, inside('Islands')],
    ['in the second', 12.5, 0.5, inside('Islands')],
    ['between them: outside', 11.5, 0.5, outside('112 Right')],
    ['in the area of a neighbour', -1.5, 0, outside('112 Left')],
    ['in no area, a neighbour near', -0.9, 0, outside('112 Left')],
    ['in no area, the other one nearer', 5, 0, outside('112 Right')],
    ['on a common border: the first by name', 1, 0.3, inside('East', false)],
    ['on a border of a hole', 1.5, 0.1, inside('East', false)],
    ['on a corner of three', 1, 1, inside('East', false)],
    ['on the border to a neighbour: in the city', 3, 0, inside('East', false)],
  ])('%s', (_name, longitude, latitude, place) => {
    expect(placeOf(map, at(longitude, latitude), 0)).toEqual(place);
  });

  test('a border is whose name is first, whatever the order in the file', () => {
    const [a, b] = [polygon('A', square(0, 0, 1, 1)), polygon('B', square(1, 0, 2, 1))];
    for (const either of [read(a, b), read(b, a)]) expect(placeOf(either, at(1, 0.5), 0)?.district).toBe('A');
  });

  test.each([
    ['a circle within the district', 0.5, 0, 55, true],
    ['one that reaches the next district', 0.5, 0, 56, false],
    ['one that reaches out of the city', 0.2, 0, 23, false],
    ['one around a whole district', 2, 0, 60, false],
    ['one outside that reaches no district', -0.5, 0, 55, true],
    ['one outside that reaches a district', -0.5, 0, 56, false],
    ['an unknown radius', 0.5, 0, NaN, false],
    ['a radius without end', 0.5, 0, Infinity, false],
    ['a radius below zero, as none', 0.5, 0, -5, true],
  ])('is certain or not: %s', (_name, longitude, latitude, kilometres, certain) => {
    expect(placeOf(map, at(longitude, latitude), kilometres * 1_000)?.certain).toBe(certain);
  });

  test('a border between two rim points is seen: a spike into the circle', () => {
    const spike = [
      [2, 0],
      [1 - 0.99 * kilometre, 0],
      [2, 0.000_01],
      [2, 0],
    ];
    const spiked = read(polygon('Home', square(0.5, -1, 1.5, 1)), polygon('Spike', spike));
    const place = placeOf(spiked, at(1 - 1.5 * kilometre, 0), 600);
    expect(place).toEqual(inside('Home', false));
    expect(placeOf(spiked, at(1 - 1.5 * kilometre, 0), 400)?.certain).toBe(true);
  });

  test('where districts overlap nothing is certain', () => {
    const overlapping = read(polygon('Big', square(0, 0, 10, 10)), polygon('Small', square(4, 4, 6, 6)));
    expect(placeOf(overlapping, at(5, 5), 0)).toEqual(inside('Big', false));
  });

  test('metres are metres away from the equator too', () => {
    const north = read(polygon('North', square(0, 59, 1, 61)));
    // At 60° north a degree of longitude is half as long: 27.8 km to either border.
    expect(placeOf(north, at(0.5, 60), 27_700)?.certain).toBe(true);
    expect(placeOf(north, at(0.5, 60), 27_900)?.certain).toBe(false);
  });

  test('without neighbours nobody is named, without districts nothing is known, and nothing off the Earth is placed', () => {
    const alone = read(polygon('Alone', square(0, 0, 1, 1)));
    expect(placeOf(alone, at(5, 5), 0)).toEqual(outside(null));
    expect(placeOf({ madeUp: true, districts: [], neighbours: [] }, at(0, 0), 0)).toBeNull();
    for (const [longitude, latitude] of [
      [NaN, 0],
      [0, 91],
      [-181, 0],
      [0, Infinity],
    ] as const) {
      expect(placeOf(alone, at(longitude, latitude), 0)).toBeNull();
    }
  });

  test('says that the map is made up', () => {
    const { map: invented } = readDistrictMap({ ...collection(polygon('A', square(0, 0, 1, 1))), madeUp: true });
    expect(invented && placeOf(invented, at(0.5, 0.5), 0)?.madeUp).toBe(true);
  });
});

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

  test('a call waits for no corner of an area that is far away', () => {
    const map = read(
      polygon('Here', square(101, 0, 102, 1)),
      polygon('Far', square(110, 0, 111, 1)),
      neighbour('Near', square(100, 0, 101, 1)),
      neighbour('Yonder', square(112, 0, 113, 1)),
    );
    const untouched = (area: Area): Area => ({
      ...area,
      get polygons(): never {
        throw new Error(`${area.name} was looked at`);
      },
    });
    const watched = {
      ...map,
      districts: map.districts.map((area) => (area.name === 'Far' ? untouched(area) : area)),
      neighbours: map.neighbours.map((area) => (area.name === 'Yonder' ? untouched(area) : area)),
    };
    expect(placeOf(watched, at(101.5, 0.5), 45)).toMatchObject({ district: 'Here', certain: true });
    expect(placeOf(watched, at(101.5, 1.5), 45)).toMatchObject({ neighbour: 'Near', certain: true });
  });

  test('a name is the same however it is spelt', () => {
    expect(new Set(['Wua-Wua', 'WUA WUA', 'wuawua'].map(nameKey)).size).toBe(1);
    expect(nameKey('Sail')).not.toBe(nameKey('Sali'));
  });
});
