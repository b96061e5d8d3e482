import { civicAddress, civicPairs } from './civic-address.ts';
import type { Reading, Shape, Sighting } from '../fix.ts';
import { decimal, gmlOf, isAngle, isLength, positionIn, positionsIn, shapeOf, type GmlShape } from './gml.ts';
import { confidenceOf, methodOf } from './pidf-lo.ts';
import { quoted } from '../plain-text.ts';
import { centreOf, radiusOf } from '../shape.ts';

/** What the dialplan reads of the location that Asterisk found in an INVITE; empty strings where there is none. */
export interface AsteriskLocation {
  /** GEOLOC_PROFILE(format): GML, civicAddress or URI. */
  readonly format: string;
  /** GEOLOC_PROFILE(effective_location), such as `shape="Circle",crs="2d",pos="0.5071 101.4478",radius="45"`. */
  readonly location: string;
  /** GEOLOC_PROFILE(method). */
  readonly method: string;
  /** GEOLOC_PROFILE(confidence), such as `pdf="unknown",value="95"`. */
  readonly confidence: string;
}

const maxLength = 65_536;

/**
 * Reads the location that Asterisk 22 (res_geolocation) took from an INVITE's PIDF-LO. Never throws; linear time. A location
 * by reference (format URI) gives nothing, and no reason: whoever reads the Geolocation header fetches it.
 *
 * What Asterisk does not pass on: the time (so `at` is null), every location but the first, and the coordinate system where it
 * is neither EPSG 4326 nor 4979 to the letter (`crs="unknown"`): that is taken for WGS 84, which is what other spellings and
 * its absence mean. Releases until December 2025 call degrees radians (asterisk pull request 1672), so that an angle is always
 * taken for degrees: RFC 5491 wants these, and no sender of radians is known.
 */
export function readAsteriskLocation(parts: AsteriskLocation): Reading {
  const format = parts.format.trim().toLowerCase();
  if (format !== 'gml' && format !== 'civicaddress') {
    const isNone = format === '' || format === '<none>' || format === 'uri';
    return nothing(isNone ? [] : [`the location has a format that is not known: ${quoted(parts.format)}`]);
  }
  if (parts.location.length > maxLength) return nothing(['the location that Asterisk passed on is too long']);
  const fields = fieldsIn(parts.location);
  if (fields.length === 0) return nothing(['the location that Asterisk passed on is empty or broken']);
  const said = confidenceOf(fieldsIn(parts.confidence.slice(0, 200)).find(([name]) => name === 'value')?.[1] ?? '');
  const unusable = said.reason === null ? [] : [said.reason];
  const rest = { method: methodOf(parts.method), confidence: said.confidence, at: null };
  // Asterisk says civicAddress of any location-info that has one, but passes on what stands first in it: that may be a shape.
  if (format === 'civicaddress' && !fields.some(([name]) => name === 'pos' || name === 'posList')) {
    const civic = civicAddress(fields);
    if (civic === null) return nothing([...unusable, 'the civic address is empty']);
    return { sightings: [{ ...rest, shape: null, civic }], unusable };
  }
  const shape = readShape(fields);
  if (typeof shape === 'string') return nothing([...unusable, shape]);
  return { sightings: [{ ...rest, shape, civic: null }], unusable };
}

function nothing(unusable: readonly string[]): Reading {
  return { sightings: [], unusable };
}

type Field = readonly [name: string, value: string];

/**
 * The fields of `name="value",name="value"`, and of unquoted values. Asterisk escapes nothing: a quote within a value is part of
 * it unless a comma and a further name follow, or the end.
 */
function fieldsIn(text: string): Field[] {
  const fields: Field[] = [];
  const start = /\s*([A-Za-z][A-Za-z0-9]{0,30})=("?)/y;
  let at = 0;
  while (at < text.length) {
    start.lastIndex = at;
    const [, name, quote] = start.exec(text) ?? [];
    if (name === undefined) return [];
    const from = start.lastIndex;
    const end = quote === '"' ? endOfQuoted(text, from) : endOfBare(text, from);
    if (end === null) return [];
    fields.push([name, text.slice(from, end.value)]);
    at = end.field;
  }
  return fields;
}

interface End {
  /** Where the value ends, and where the next field begins. */
  readonly value: number;
  readonly field: number;
}

function endOfQuoted(text: string, from: number): End | null {
  const closing = /"\s{0,10}(?:,(?=\s{0,10}[A-Za-z][A-Za-z0-9]{0,30}=)|$)/g;
  closing.lastIndex = from;
  const found = closing.exec(text);
  return found === null ? null : { value: found.index, field: closing.lastIndex };
}

function endOfBare(text: string, from: number): End {
  const comma = text.indexOf(',', from);
  return comma === -1 ? { value: text.length, field: text.length } : { value: comma, field: comma + 1 };
}

function readShape(fields: readonly Field[]): Shape | string {
  const only = new Map<string, string>();
  const positions: number[][] = [];
  const lengths = new Map<string, number>();
  const angles = new Map<string, number>();
  for (const [key, value] of fields) {
    if (key === 'shape' || key === 'crs') {
      if (only.has(key)) return `the location has more than one ${key}`;
      only.set(key, value);
    }
  }
  const crs = only.get('crs') ?? 'unknown';
  if (crs !== '2d' && crs !== '3d' && crs !== 'unknown' && crs !== '') {
    return `the coordinate system ${quoted(crs)} is not known`;
  }
  for (const [key, value] of fields) {
    if (key === 'pos' || key === 'posList') {
      const dimension = crs === '3d' || (crs !== '2d' && only.get('shape') === 'Prism') ? 3 : 2;
      const read = key === 'pos' ? positionIn(value) : positionsIn(value, dimension);
      if (typeof read === 'string') return `the location is refused: ${read}`;
      for (const position of read) positions.push(position);
    } else if (isLength(key) || isAngle(key)) {
      const target = isLength(key) ? lengths : angles;
      const measure = isLength(key) ? decimal(value.trim()) : angleIn(value);
      if (measure === null) return `the ${key} ${quoted(value)} is not a number`;
      if (target.has(key)) return `the location has more than one ${key}`;
      target.set(key, measure);
    }
  }
  const gml = { name: '', positions, lengths, angles };
  return shapeOf({ ...gml, name: only.get('shape') ?? nameOf(gml) });
}

/** Degrees, whatever the word behind them: see `readAsteriskLocation`. */
function angleIn(value: string): number | null {
  return decimal(value.trim().replace(/ {1,3}(?:degrees|radians)$/, ''));
}

/** The shape by its parts, where Asterisk has left its name out. */
function nameOf({ positions, lengths }: GmlShape): string {
  if (lengths.has('height')) return 'Prism';
  if (positions.length > 1) return 'Polygon';
  if (lengths.has('innerRadius') || lengths.has('outerRadius')) return 'ArcBand';
  if (lengths.has('semiMajorAxis')) return lengths.has('verticalAxis') ? 'Ellipsoid' : 'Ellipse';
  // Without an altitude it is read as a circle.
  return lengths.has('radius') ? 'Sphere' : 'Point';
}

export interface PrintedAsteriskLocation {
  /** For GEOLOC_PROFILE(format). */
  readonly format: 'GML' | 'civicAddress';
  /** For GEOLOC_PROFILE(location_info). */
  readonly locationInfo: string;
}

/** Of 3GPP TS 23.032 (section 5.2): a polygon has at most 15; more would also make a SIP message too long for UDP. */
const maxCornersSent = 15;

/**
 * What makes Asterisk 22 send a location with an outgoing INVITE; the shape where there is one, else the civic address, else
 * null. Point, Circle and Polygon go as they are, without altitude, and a Prism as its base. Anything else goes as the circle
 * around it: until December 2025 (asterisk pull request 1672) Asterisk broke altitudes, ellipsoids and the units of angles.
 *
 * Asterisk puts variables and functions into the values (`${…}`, `$[…]`) and reads quotes and backslashes: a value never has them.
 */
export function printAsteriskLocation(sighting: Sighting): PrintedAsteriskLocation | null {
  if (sighting.shape !== null) return { format: 'GML', locationInfo: printShape(sighting.shape) };
  const pairs = civicPairs(sighting.civic ?? {})
    .map(([name, text]) => [name, harmless(text)] as const)
    .filter(([, text]) => text !== '');
  if (pairs.length === 0) return null;
  return { format: 'civicAddress', locationInfo: pairs.map(([name, text]) => `${name}="${text}"`).join(',') };
}

function printShape(shape: Shape): string {
  const { name, positions, lengths } = gmlOf(sendable(shape));
  return [
    `shape=${name}`,
    'crs=2d',
    ...positions.map(([latitude, longitude]) => `pos="${latitude ?? ''} ${longitude ?? ''}"`),
    ...[...lengths].map(([key, value]) => `${key}=${value}`),
  ].join(',');
}

function sendable(shape: Shape): Shape {
  switch (shape.type) {
    case 'point':
      return { ...shape, altitude: null };
    case 'circle':
      return shape;
    case 'polygon':
    case 'prism':
      if (shape.corners.length <= maxCornersSent) return { type: 'polygon', corners: shape.corners };
      return around(shape);
    case 'ellipse':
    case 'ellipsoid':
    case 'arc-band':
    case 'sphere':
      return around(shape);
  }
}

function around(shape: Shape): Shape {
  return { type: 'circle', centre: centreOf(shape), radius: radiusOf(shape) };
}

function harmless(text: string): string {
  return text.replaceAll('"', "'").replaceAll('\\', '/').replaceAll('$', '').trim();
}
