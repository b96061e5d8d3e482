import fc from 'fast-check';
import { geoJsonOf, placeOf, type DistrictMap } from './district-map.ts';
import { readDistrictMap } from './read-district-map.ts';
import { loadDistrictMap } from './district-map-start.ts';

const mapOf = (geojson: unknown): DistrictMap => {
  const { map, faults } = readDistrictMap(geojson);
  if (!map) throw new Error(faults.join(' '));
  return map;
};

/** Corners on an ellipse, so that they are convex, and a weight for each. */
const convex = fc
  .record({
    longitude: fc.double({ min: 95, max: 141, noNaN: true }),
    latitude: fc.double({ min: -11, max: 6, noNaN: true }),
    width: fc.double({ min: 0.01, max: 2, noNaN: true }),
    height: fc.double({ min: 0.01, max: 2, noNaN: true }),
    corners: fc.uniqueArray(
      fc.record({ angle: fc.integer({ min: 0, max: 359 }), weight: fc.integer({ min: 1, max: 50 }) }),
      {
        minLength: 3,
        maxLength: 40,
        selector: ({ angle }) => angle,
      },
    ),
    clockwise: fc.boolean(),
  })
  .map(({ longitude, latitude, width, height, corners, clockwise }) => {
    const sorted = [...corners].sort((a, b) => (clockwise ? b.angle - a.angle : a.angle - b.angle));
    const open = sorted.map(({ angle }) => {
      const turn = (angle * Math.PI) / 180;
      return { x: longitude + width * Math.cos(turn), y: latitude + height * Math.sin(turn) };
    });
    const total = sorted.reduce((sum, { weight }) => sum + weight, 0);
    const mean = (of: 'x' | 'y'): number =>
      open.reduce((sum, corner, index) => sum + (corner[of] * (sorted[index]?.weight ?? 0)) / total, 0);
    const ring = [...open, ...open.slice(0, 1)].map(({ x, y }) => [x, y]);
    return { ring, inside: { longitude: mean('x'), latitude: mean('y') } };
  });

const feature = (name: string, ring: unknown) => ({
  type: 'Feature',
  properties: { district: name },
  geometry: { type: 'Polygon', coordinates: [ring] },
});
const far = [
  [-10, 50],
  [-9, 50],
  [-9, 51],
  [-10, 50],
];

const anyNumber = fc.double();
const anyPosition = fc.record({ longitude: anyNumber, latitude: anyNumber });
const onEarth = fc.record({
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
});

describe('placeOf', () => {
  test('finds a point strictly inside a convex polygon, and only there', () => {
    fc.assert(
      fc.property(convex, ({ ring, inside }) => {
        const map = mapOf({ type: 'FeatureCollection', features: [feature('Far', far), feature('Here', ring)] });
        expect(placeOf(map, inside, 0)).toMatchObject({ district: 'Here', outside: false });
        expect(placeOf(map, { ...inside, longitude: inside.longitude + 20 }, 0)?.outside).toBe(true);
      }),
    );
  });

  test('never throws, and has no place for what is not on Earth', () => {
    fc.assert(
      fc.property(convex, fc.oneof(anyPosition, onEarth), anyNumber, ({ ring }, position, radius) => {
        const place = placeOf(mapOf({ type: 'FeatureCollection', features: [feature('A', ring)] }), position, radius);
        const { longitude, latitude } = position;
        const known = Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90;
        expect(place !== null).toBe(known);
        if (place) expect(place.outside).toBe(place.district === null);
      }),
    );
  });

  test('where it is certain, the whole circle has the same answer', async () => {
    const map = await loadDistrictMap('pekanbaru');
    const near = fc.record({
      longitude: fc.double({ min: 101.3, max: 101.6, noNaN: true }),
      latitude: fc.double({ min: 0.37, max: 0.68, noNaN: true }),
    });
    let certain = 0;
    fc.assert(
      fc.property(
        near,
        fc.integer({ min: 1, max: 3_000 }),
        fc.integer({ min: 0, max: 359 }),
        (position, radius, angle) => {
          const place = placeOf(map, position, radius);
          const turn = (angle * Math.PI) / 180;
          const degrees = (0.999 * radius) / 111_195;
          const rim = {
            latitude: position.latitude + degrees * Math.sin(turn),
            longitude: position.longitude + (degrees * Math.cos(turn)) / Math.cos((position.latitude * Math.PI) / 180),
          };
          if (place?.certain !== true) return;
          certain += 1;
          expect(placeOf(map, rim, 0)?.district).toBe(place.district);
        },
      ),
      { numRuns: 2_000 },
    );
    expect(certain).toBeGreaterThan(200);
  });
});

describe('readDistrictMap', () => {
  // Things that are nearly right reach further into the reader than arbitrary JSON does.
  const corner = fc.oneof(
    { weight: 20, arbitrary: fc.tuple(fc.integer({ min: -180, max: 180 }), fc.integer({ min: -95, max: 95 })) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  const closed = fc.array(corner, { minLength: 3, maxLength: 6 }).map((open) => [...open, open[0]]);
  const ring = fc.oneof({ weight: 6, arbitrary: closed }, { weight: 1, arbitrary: fc.jsonValue() });
  const rings = fc.oneof({ weight: 6, arbitrary: fc.array(ring, { minLength: 1, maxLength: 2 }) }, fc.jsonValue());
  const geometry = fc.oneof(
    fc.record({ type: fc.constantFrom('Polygon', 'Point'), coordinates: rings }),
    fc.record({ type: fc.constant('MultiPolygon'), coordinates: fc.array(rings, { maxLength: 3 }) }),
    fc.jsonValue(),
  );
  const properties = fc.oneof(
    fc.dictionary(fc.constantFrom('district', 'neighbour', 'name', 'WADMKC', '__proto__'), fc.string(), { maxKeys: 2 }),
    fc.jsonValue(),
  );
  const features = fc.array(
    fc.oneof(fc.record({ type: fc.constant('Feature'), properties, geometry }), fc.jsonValue()),
    { maxLength: 4 },
  );
  const nearly = fc.record(
    { type: fc.constant('FeatureCollection'), features, madeUp: fc.jsonValue(), crs: fc.jsonValue() },
    { requiredKeys: ['type', 'features'] },
  );

  test('never throws: there is a map or there are faults, and messages are short and clean', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue(), nearly), (geojson) => {
        const { map, faults } = readDistrictMap(geojson);
        expect(map === null).toBe(faults.length > 0);
        for (const fault of faults) {
          expect(fault.length).toBeLessThan(300);
          expect(fault).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('what it has read is written and read again as the same', () => {
    const sound = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[A-Za-z]{1,9}$/), convex), {
      minLength: 1,
      maxLength: 4,
      selector: ([name]) => name.toLowerCase(),
    });
    fc.assert(
      fc.property(sound, fc.boolean(), (areas, madeUp) => {
        const collection = {
          type: 'FeatureCollection',
          madeUp,
          features: areas.map(([name, { ring: corners }]) => feature(name, corners)),
        };
        const map = mapOf(collection);
        expect(map.districts).toHaveLength(areas.length);
        expect(mapOf(JSON.parse(JSON.stringify(geoJsonOf(map))))).toEqual(map);
      }),
    );
  });
});
