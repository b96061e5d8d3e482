import { z } from 'zod';
import { plainText } from '../../platform/text.ts';
import { quoted } from '../plain-text.ts';
import { isOnEarth, type Area, type Box, type Coordinates, type DistrictMap } from './district-map.ts';

/** Names are the same whatever their case, spaces and hyphens: Wua-Wua is WUA WUA. */
export function nameKey(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s-]+/gu, '');
}

/** What stands in a file, fit to be shown. */
export const shown = (text: string): string => quoted(text, 60);

/** What came of a file: the map, or every reason why it is none. */
interface ReadMap {
  readonly map: DistrictMap | null;
  readonly faults: string[];
}

const collectionSchema = z.object({
  type: z.literal('FeatureCollection'),
  features: z.array(z.unknown()),
  madeUp: z.unknown().optional(),
  crs: z.unknown().optional(),
});
const featureSchema = z.object({
  type: z.literal('Feature'),
  properties: z.record(z.string(), z.unknown()).nullish(),
  geometry: z.object({ type: z.string(), coordinates: z.unknown() }).nullish(),
});
const namedCrs = z.object({ type: z.literal('name'), properties: z.object({ name: z.string().max(200) }) });
const wgs84 = /(^|:)(CRS84|EPSG:[\d.]*:?4326)$/i;

/** The properties that name a district: our own, then those of Indonesia's official maps, the most telling first. */
const districtProperties = ['district', 'WADMKC', 'KECAMATAN', 'kecamatan', 'NAMOBJ', 'name'];
const nameSchema = plainText(80);

const maxCorners = 200_000;
const maxFaults = 50;

/**
 * Reads the borders of districts and neighbours from a GeoJSON FeatureCollection (RFC 7946) of Polygons and
 * MultiPolygons. A feature with `properties.neighbour` is the area of that 112 centre, any other is a district and has its
 * name in `district`, WADMKC, KECAMATAN, kecamatan, NAMOBJ or name. The foreign member `madeUp: true` marks invented
 * borders. Never throws; up to 50 faults are listed. What is not looked for: rings that cross themselves, and districts
 * that overlap or leave gaps between them.
 */
export function readDistrictMap(geojson: unknown): ReadMap {
  const collection = collectionSchema.safeParse(geojson);
  if (!collection.success) {
    return { map: null, faults: ['This is no GeoJSON FeatureCollection with a list of features.'] };
  }
  const { features, madeUp, crs } = collection.data;
  const { report, faults } = faultList();
  if (!isWgs84(crs)) report('The coordinates are not in WGS 84 (EPSG:4326): convert the file first.');
  if (madeUp !== undefined && typeof madeUp !== 'boolean') report('"madeUp" must be true or false.');
  const found = { district: new Map<string, Area | null>(), neighbour: new Map<string, Area | null>() };
  const budget = { corners: maxCorners };
  for (const [index, value] of features.entries()) {
    const feature = readFeature(value, `Feature ${index + 1}`, budget, report);
    if (budget.corners < 0) break;
    if (!feature) continue;
    const { kind, name, area } = feature;
    if (found[kind].has(nameKey(name))) {
      report(`Two features are the ${kind} ${shown(name)}: make them one MultiPolygon.`);
    }
    found[kind].set(nameKey(name), area);
  }
  if (budget.corners < 0) report(`There are more than ${maxCorners} corners: simplify the borders first.`);
  else if (found.district.size === 0) report('There is no district in it.');
  const listed = faults();
  if (listed.length > 0) return { map: null, faults: listed };
  const map = {
    madeUp: madeUp === true,
    districts: sortedByName(drawn(found.district)),
    neighbours: sortedByName(drawn(found.neighbour)),
  };
  return { map, faults: [] };
}

function drawn(areas: ReadonlyMap<string, Area | null>): Area[] {
  return [...areas.values()].filter((area) => area !== null);
}

type Report = (fault: string) => void;

/** A file can have a fault at each corner: the rest of them is counted. */
function faultList(): { readonly report: Report; readonly faults: () => string[] } {
  const listed: string[] = [];
  let more = 0;
  return {
    report: (fault) => {
      if (listed.length < maxFaults) listed.push(fault);
      else more += 1;
    },
    faults: () => (more > 0 ? [...listed, `There are ${more} more faults.`] : listed),
  };
}

function isWgs84(crs: unknown): boolean {
  if (crs === undefined || crs === null) return true;
  const named = namedCrs.safeParse(crs);
  return named.success && wgs84.test(named.data.properties.name);
}

/** In the order of a map's lists. */
export function sortedByName(areas: Iterable<Area>): Area[] {
  return [...areas].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Spent by every feature of a file, so that reading ends in bounded time. */
interface Budget {
  corners: number;
}

interface ReadFeature {
  readonly kind: 'district' | 'neighbour';
  readonly name: string;
  /** Null when its geometry is faulty. */
  readonly area: Area | null;
}

function readFeature(value: unknown, label: string, budget: Budget, report: Report): ReadFeature | null {
  const feature = featureSchema.safeParse(value);
  if (!feature.success) {
    report(`${label} is no GeoJSON feature with properties and geometry.`);
    return null;
  }
  const properties = feature.data.properties ?? {};
  const kind = 'neighbour' in properties ? 'neighbour' : 'district';
  if (kind === 'neighbour' && 'district' in properties) report(`${label} is both a district and a neighbour.`);
  const name = nameOf(properties, kind === 'neighbour' ? ['neighbour'] : districtProperties);
  if (name === null) report(`${label} has no usable name: put one into its property "${kind}".`);
  const called = name === null ? label : `${label} (${shown(name)})`;
  const polygons = readGeometry(feature.data.geometry, budget, (fault) => report(`${called}: ${fault}`));
  if (name === null) return null;
  return { kind, name, area: polygons && { name, box: boxOf(polygons), polygons } };
}

function nameOf(properties: Readonly<Record<string, unknown>>, keys: readonly string[]): string | null {
  const given = keys.map((key) => properties[key]).find((value) => typeof value === 'string' && value.trim() !== '');
  return nameSchema.safeParse(given).data ?? null;
}

type Geometry = z.output<typeof featureSchema>['geometry'];

function readGeometry(geometry: Geometry, budget: Budget, report: Report): Coordinates | null {
  if (geometry?.type !== 'Polygon' && geometry?.type !== 'MultiPolygon') {
    const other = geometry ? `a geometry of the type ${shown(geometry.type)}` : 'no geometry';
    report(`it has ${other}, and not a Polygon or MultiPolygon.`);
    return null;
  }
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : listOf(geometry.coordinates);
  if (polygons.length === 0) report('its MultiPolygon has no polygon.');
  let sound = polygons.length > 0;
  const read: Coordinates = [];
  for (const polygon of polygons) {
    const rings = listOf(polygon).map((ring) => readRing(ring, budget, report));
    if (rings.length === 0) report('a polygon of it has no ring.');
    const whole = rings.filter((ring) => ring !== null);
    sound &&= rings.length > 0 && whole.length === rings.length;
    read.push(whole);
  }
  return sound ? read : null;
}

/** The ring's corners, or null; what is wrong with it is reported, once for a ring. */
function readRing(value: unknown, budget: Budget, report: Report): number[][] | null {
  const positions = listOf(value);
  budget.corners -= positions.length;
  if (budget.corners < 0) return null;
  const ring: number[][] = [];
  for (const [index, value] of positions.entries()) {
    const position = readPosition(value);
    if (typeof position === 'string') {
      report(`position ${index + 1} of a ring ${position}`);
      return null;
    }
    ring.push(position);
  }
  const fault = ringFault(ring);
  if (fault !== null) report(fault);
  return fault === null ? ring : null;
}

function ringFault(ring: readonly number[][]): string | null {
  const [first, last] = [ring[0], ring.at(-1)];
  if (ring.length < 4) return `a ring has ${ring.length} positions, and a closed one has at least 4.`;
  if (first?.[0] === last?.[0] && first?.[1] === last?.[1]) return null;
  return 'a ring is not closed: its last position must be its first.';
}

/** Longitude and latitude (an altitude is left out), or what is wrong with them. */
function readPosition(value: unknown): [number, number] | string {
  const [east, north] = listOf(value);
  if (typeof east !== 'number' || typeof north !== 'number') return 'is no pair of numbers.';
  // A negative zero does not come back from PostgreSQL.
  if (isOnEarth(east, north)) return [east + 0, north + 0];
  const pair = `(${east}, ${north})`;
  if (isOnEarth(north, east)) return `${pair} looks like latitude before longitude: GeoJSON puts longitude first.`;
  return `${pair} is no longitude and latitude in degrees: is the file in another projection?`;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function boxOf(polygons: Coordinates): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [east = NaN, north = NaN] of polygons.flat(2)) {
    box[0] = Math.min(box[0], east);
    box[1] = Math.min(box[1], north);
    box[2] = Math.max(box[2], east);
    box[3] = Math.max(box[3], north);
  }
  return box;
}
