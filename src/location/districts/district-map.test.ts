import { at, collection, neighbour, polygon, read, square } from '../../../test/support/district-geojson.ts';
import { placeOf, type Area } from './district-map.ts';
import { readDistrictMap } from './read-district-map.ts';

/** Degrees of latitude, or of longitude at the equator, in about 111.2 km. */
const kilometre = 1 / 111.195;

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
});
