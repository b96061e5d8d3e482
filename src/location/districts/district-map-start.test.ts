import { booleanPointInPolygon } from '@turf/boolean-point-in-polygon';
import { cityFile, loadCity } from '../../settings/load-city.ts';
import { loadDistrictMap, parseDistrictMap } from './district-map-start.ts';
import { emptyMap, placeOf, type Area, type DistrictMap } from './district-map.ts';

describe.each([
  ['pekanbaru', 0.507, 101.448, ['112 Kampar', '112 Pelalawan', '112 Siak']],
  ['pasuruan', -7.645, 112.908, ['112 Kabupaten Pasuruan', '112 Probolinggo']],
  ['kendari', -3.998, 122.513, ['112 Konawe', '112 Konawe Selatan']],
])('the map of %s', (id, latitude, longitude, neighbours) => {
  let map: DistrictMap;
  let districts: readonly string[];
  beforeAll(async () => {
    map = await loadDistrictMap(id);
    districts = (await loadCity(cityFile(id))).districts;
  });

  test('has each district of the settings once, its neighbours, and is marked as made up', () => {
    expect(map.districts.map(({ name }) => name)).toEqual([...districts].sort());
    expect(map.neighbours.map(({ name }) => name)).toEqual(neighbours);
    expect(map.madeUp).toBe(true);
  });

  test('has the centre of the city in a district', () => {
    expect(placeOf(map, { latitude, longitude }, 0)).toMatchObject({ outside: false, neighbour: null, madeUp: true });
  });

  test('leaves no gap: every border is shared by two districts, but for one closed line around them all', () => {
    expect(outlines(map.districts)).toHaveLength(1);
  });

  test('within that line every position is in one district, and without it in none', () => {
    const [outline] = outlines(map.districts);
    if (!outline) throw new Error('no outline');
    let inside = 0;
    for (const position of grid(map.districts, 80)) {
      const within = booleanPointInPolygon(position, { type: 'Polygon', coordinates: [outline] });
      const holding = map.districts.filter((area) => holds(area, position)).length;
      expect([position, holding]).toEqual([position, within ? 1 : 0]);
      inside += holding;
    }
    expect(inside).toBeGreaterThan(2_000);
  });

  test('no neighbour overlaps the city or another neighbour', () => {
    const areas = [...map.districts, ...map.neighbours];
    for (const position of grid(areas, 80)) {
      expect(areas.filter((area) => holds(area, position)).length).toBeLessThanOrEqual(1);
    }
  });

  test('whoever is outside has a neighbouring centre', () => {
    const places = [...grid([...map.districts, ...map.neighbours], 20)].map(([west, north]) =>
      placeOf(map, { latitude: north, longitude: west }, 0),
    );
    const outside = places.filter((place) => place?.outside === true);
    expect(outside.length).toBeGreaterThan(50);
    for (const place of outside) expect(neighbours).toContain(place?.neighbour);
  });
});

test('a city without a map has an empty one', async () => {
  expect(await loadDistrictMap('nowhere')).toBe(emptyMap);
});

test('a text that is not JSON is a fault, told in few clean characters', () => {
  const { map, faults } = parseDistrictMap('{"type":\u0000\u0007 "x"');
  expect(map).toBeNull();
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(/^It is not JSON: "[^\p{Cc}]{5,80}"$/u);
});

const holds = ({ polygons }: Area, position: [number, number]): boolean =>
  booleanPointInPolygon(position, { type: 'MultiPolygon', coordinates: polygons }, { ignoreBoundary: true });

/** Positions all over the areas' bounding box, and on no border: those have four decimals. */
function* grid(areas: readonly Area[], steps: number): Generator<[number, number]> {
  const [west, south] = [0, 1].map((side) => Math.min(...areas.map(({ box }) => box[side] ?? NaN)));
  const [east, north] = [2, 3].map((side) => Math.max(...areas.map(({ box }) => box[side] ?? NaN)));
  if (west === undefined || south === undefined || east === undefined || north === undefined) throw new Error('no box');
  for (let x = 0; x < steps; x += 1) {
    for (let y = 0; y < steps; y += 1) {
      const [u, v] = [(x + 0.501_37) / steps, (y + 0.498_71) / steps];
      yield [west + u * (east - west), south + v * (north - south)];
    }
  }
}

/** The closed lines of borders that belong to one district only. */
function outlines(areas: readonly Area[]): number[][][] {
  const edges = new Map<string, [number[], number[]]>();
  for (const ring of areas.flatMap(({ polygons }) => polygons.flat())) {
    for (const [index, from] of ring.slice(0, -1).entries()) {
      const to = ring[index + 1] ?? [];
      // A ring of a district goes around it the same way as the others do, so that a shared border goes both ways.
      if (!edges.delete(`${String(to)} ${String(from)}`)) edges.set(`${String(from)} ${String(to)}`, [from, to]);
    }
  }
  const next = new Map([...edges.values()].map(([from, to]) => [String(from), to]));
  expect(next.size).toBe(edges.size);
  const lines: number[][][] = [];
  for (const [from] of edges.values()) {
    const line: number[][] = [];
    for (let at = next.get(String(from)); at !== undefined; at = next.get(String(at))) {
      line.push(at);
      next.delete(line.length === 1 ? String(from) : String(line.at(-2)));
    }
    if (line.length > 0) lines.push([...line.slice(-1), ...line]);
  }
  return lines;
}
