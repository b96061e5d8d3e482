import { booleanPointInPolygon } from '@turf/boolean-point-in-polygon';
import type { FeatureCollection, MultiPolygon } from 'geojson';
import type { Place, Position } from '../fix.ts';

export type Coordinates = MultiPolygon['coordinates'];

/** West, south, east, north in degrees: the order of a GeoJSON `bbox` (RFC 7946, section 5). */
export type Box = [west: number, south: number, east: number, north: number];

/** A district, or the area of a neighbouring 112 centre. */
export interface Area {
  readonly name: string;
  readonly box: Box;
  /** The coordinates of a GeoJSON MultiPolygon: longitude before latitude, rings closed, holes after the outer ring. */
  readonly polygons: Coordinates;
}

/** Where the city's districts (kecamatan) lie, and who answers 112 around it. Both lists are sorted by name. */
export interface DistrictMap {
  /** The borders are invented, as those that ship with the project are: good for trying it, not for sending help. */
  readonly madeUp: boolean;
  readonly districts: readonly Area[];
  readonly neighbours: readonly Area[];
}

/** No map at all: every place is unknown. */
export const emptyMap: DistrictMap = { madeUp: false, districts: [], neighbours: [] };

/** The mean radius of the Earth times π / 180: good to 0.6 % anywhere. */
const metresPerDegree = (6_371_008.8 * Math.PI) / 180;

/**
 * The district in which a caller is who is somewhere within `radius` metres of the position, or the neighbouring centre
 * for a caller outside: the one whose area holds the position, else the one with the nearest border. Null while there is
 * no map, and for a position that is none on Earth.
 *
 * A border belongs to the areas on both sides: the first by name has it, and nothing is certain there. It is certain when
 * no border of any district comes as near as the radius; an unknown radius (NaN) is never certain. One pass over the
 * corners of the areas whose box is near enough.
 */
export function placeOf(map: DistrictMap, position: Position, radius: number): Place | null {
  if (map.districts.length === 0 || !isOnEarth(position.longitude, position.latitude)) return null;
  const { madeUp } = map;
  const [district, overlapping] = map.districts.filter((area) => holds(area, position));
  const certain =
    overlapping === undefined && map.districts.every((area) => isFartherThan(Math.max(0, radius), area, position));
  if (district) return { district: district.name, certain, outside: false, neighbour: null, madeUp };
  return { district: null, certain, outside: true, neighbour: nearest(map.neighbours, position), madeUp };
}

function holds(area: Area, { longitude, latitude }: Position): boolean {
  const [west, south, east, north] = area.box;
  if (longitude < west || longitude > east || latitude < south || latitude > north) return false;
  return booleanPointInPolygon([longitude, latitude], { type: 'MultiPolygon', coordinates: area.polygons });
}

function nearest(areas: readonly Area[], position: Position): string | null {
  const around = areas.find((area) => holds(area, position));
  if (around) return around.name;
  let best: { name: string; metres: number } | null = null;
  for (const area of areas) {
    if (best !== null && metresToBox(area, position) > best.metres) continue;
    const metres = metresToBorder(area, position);
    if (best === null || metres < best.metres) best = { name: area.name, metres };
  }
  return best?.name ?? null;
}

/** Whether the nearest border of an area is farther than so many metres; never farther than NaN. */
function isFartherThan(metres: number, area: Area, position: Position): boolean {
  return metresToBox(area, position) > metres || metresToBorder(area, position) > metres;
}

/** How far the area's box is: its borders are no nearer. A call does not wait for the corners of areas far away. */
function metresToBox({ box: [west, south, east, north] }: Area, { longitude, latitude }: Position): number {
  const scale = Math.cos((latitude * Math.PI) / 180);
  const x = Math.max(west - longitude, 0, longitude - east) * scale;
  const y = Math.max(south - latitude, 0, latitude - north);
  return Math.sqrt(x * x + y * y) * metresPerDegree;
}

/** How far the nearest border of an area is, on a plane that touches the Earth at the position. */
function metresToBorder(area: Area, { longitude, latitude }: Position): number {
  const scale = Math.cos((latitude * Math.PI) / 180);
  let least = Infinity;
  for (const ring of area.polygons.flat()) {
    let [x1, y1] = [NaN, NaN];
    for (const [east = NaN, north = NaN] of ring) {
      const x2 = (east - longitude) * scale;
      const y2 = north - latitude;
      // The first corner begins no edge yet.
      if (!Number.isNaN(x1)) least = Math.min(least, squareToSegment(x1, y1, x2, y2));
      [x1, y1] = [x2, y2];
    }
  }
  return Math.sqrt(least) * metresPerDegree;
}

/** The square of the distance of the origin to a segment. */
function squareToSegment(x1: number, y1: number, x2: number, y2: number): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, -(x1 * dx + y1 * dy) / length));
  const [x, y] = [x1 + along * dx, y1 + along * dy];
  return x * x + y * y;
}

export function isOnEarth(longitude: number, latitude: number): boolean {
  return Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90;
}

/** The map as GeoJSON, in the form that `readDistrictMap` reads. */
export function geoJsonOf(map: DistrictMap): FeatureCollection<MultiPolygon> & { readonly madeUp: boolean } {
  const features = [
    ...map.districts.map((area) => featureOf(area, { district: area.name })),
    ...map.neighbours.map((area) => featureOf(area, { neighbour: area.name })),
  ];
  return { type: 'FeatureCollection', madeUp: map.madeUp, features };
}

function featureOf({ polygons, box }: Area, properties: Record<string, string>) {
  const geometry: MultiPolygon = { type: 'MultiPolygon', coordinates: polygons };
  return { type: 'Feature' as const, properties, bbox: box, geometry };
}
