import type { Shape, Sighting } from '../fix.ts';

/** What an INVITE's Geolocation header says. */
export interface GeolocationHeader {
  /** https URIs that a location server answers, as they stood in the header; not looked at any closer here. */
  readonly references: readonly string[];
  /** Content-IDs of the body parts that hold a PIDF-LO: a `cid:` URI without its scheme and percent signs (RFC 2392). */
  readonly embedded: readonly string[];
  /** Of `geo:` URIs. */
  readonly sightings: readonly Sighting[];
  /** Why a value is none of these, in plain words. */
  readonly unusable: readonly string[];
}

type LocationValue =
  | { readonly kind: 'reference' | 'embedded'; readonly uri: string }
  | { readonly kind: 'sighting'; readonly sighting: Sighting }
  | { readonly kind: 'unusable'; readonly reason: string };

const maxHeader = 8_192;
const maxUri = 2_048;
const maxValues = 5;
/** Half way round the Earth, in metres: a larger circle says nothing. */
const maxRadius = 20_000_000;

/**
 * Reads a Geolocation header (RFC 6442, section 4.1), or several joined by commas: URIs in angle brackets, each with
 * parameters, which are ignored. At most 5 values, 8 KB, and 2 KB for a URI. Never throws.
 */
export function readGeolocationHeader(header: string): GeolocationHeader {
  if (header.length > maxHeader) return onlyUnusable('the Geolocation header is too long');
  const { values, broken } = splitValues(header);
  const read = values.slice(0, maxValues).map(readValue);
  const unusable = read.flatMap((value) => (value.kind === 'unusable' ? [value.reason] : []));
  if (values.length > maxValues)
    unusable.push(`only the first ${maxValues} values of the Geolocation header were read`);
  if (broken) unusable.push('the Geolocation header ends in the middle of a value');
  const uris = (kind: 'reference' | 'embedded') => [
    ...new Set(read.flatMap((value) => (value.kind === kind ? [value.uri] : []))),
  ];
  return {
    references: uris('reference'),
    embedded: uris('embedded'),
    sightings: read.flatMap((value) => (value.kind === 'sighting' ? [value.sighting] : [])),
    unusable,
  };
}

function onlyUnusable(reason: string): GeolocationHeader {
  return { references: [], embedded: [], sightings: [], unusable: [reason] };
}

/** Parts at commas that stand neither within angle brackets nor within quotes; what is left open at the end is none. */
function splitValues(header: string): { values: string[]; broken: boolean } {
  const values: string[] = [];
  let start = 0;
  let within: 'nothing' | 'brackets' | 'quotes' = 'nothing';
  for (let at = 0; at < header.length; at += 1) {
    const character = header[at];
    if (within === 'quotes') {
      if (character === '\\') at += 1;
      else if (character === '"') within = 'nothing';
    } else if (within === 'brackets') {
      if (character === '>') within = 'nothing';
    } else if (character === '"') within = 'quotes';
    else if (character === '<') within = 'brackets';
    else if (character === ',') {
      values.push(header.slice(start, at));
      start = at + 1;
    }
  }
  if (within === 'nothing') values.push(header.slice(start));
  return { values: values.map((value) => value.trim()).filter((value) => value !== ''), broken: within !== 'nothing' };
}

function readValue(value: string): LocationValue {
  const uri = value.startsWith('<') ? value.slice(1, value.indexOf('>')).trim() : bareUri(value);
  if (uri === null) return unusable('a value of the Geolocation header has no URI in angle brackets');
  if (uri === '') return unusable('a value of the Geolocation header has an empty URI');
  if (uri.length > maxUri) return unusable('a URI of the Geolocation header is too long');
  if (!/^[\x21-\x7e]+$/.test(uri))
    return unusable('a URI of the Geolocation header has characters that no URI may have');
  const colon = uri.indexOf(':');
  const scheme = uri.slice(0, Math.max(0, colon)).toLowerCase();
  const rest = uri.slice(colon + 1);
  switch (scheme) {
    case 'https':
      return { kind: 'reference', uri };
    case 'cid':
      return readContentId(rest);
    case 'geo':
      return readGeo(rest);
    case 'http':
      return unusable('a location over http is not fetched, since anybody on the way could change it');
    case 'sip':
    case 'sips':
    case 'pres':
      return unusable(`only https locations can be fetched, and this one is a ${scheme} reference`);
    default:
      return unusable('a value of the Geolocation header is a URI of a kind that cannot be read');
  }
}

/** Some leave out the brackets: harmless where nothing follows the URI that could belong to it or not. */
function bareUri(value: string): string | null {
  return /^(https|cid):[^\s;"<>]*$/i.test(value) ? value : null;
}

function readContentId(encoded: string): LocationValue {
  let id: string;
  try {
    id = decodeURIComponent(encoded);
  } catch {
    return unusable('a cid URI of the Geolocation header has broken percent signs');
  }
  return /^[\x21-\x7e]+$/.test(id)
    ? { kind: 'embedded', uri: id }
    : unusable('a cid URI of the Geolocation header names no body part');
}

/**
 * Reads what stands behind `geo:` (RFC 5870): latitude, longitude and perhaps an altitude, degrees and metres on WGS 84;
 * `u` is the radius in metres.
 */
function readGeo(rest: string): LocationValue {
  const [coordinates = '', ...given] = rest.split(';');
  const parameters = new Map<string, string>();
  for (const parameter of given) {
    const [name = '', value = ''] = parameter.toLowerCase().split('=', 2);
    if (parameters.has(name)) return unusable('a geo location says the same thing twice');
    parameters.set(name, value);
  }
  if ((parameters.get('crs') ?? 'wgs84') !== 'wgs84') return unusable('a geo location is not in WGS 84');
  const numbers = coordinates.split(',').map(number);
  const [latitude, longitude, altitude = null] = numbers;
  if (numbers.length > 3 || numbers.includes(null) || latitude == null || longitude == null) {
    return unusable('a geo location has no readable latitude and longitude');
  }
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return unusable('a geo location lies outside the Earth');
  if (latitude === 0 && longitude === 0) return unusable('a geo location at 0,0 is of a phone that does not know it');
  const uncertainty = parameters.get('u');
  const radius = uncertainty === undefined ? 0 : number(uncertainty);
  if (radius === null || radius < 0 || radius > maxRadius)
    return unusable('a geo location has an unreadable uncertainty');
  const shape = shapeOf({ latitude, longitude }, altitude, radius);
  return { kind: 'sighting', sighting: { method: null, shape, civic: null, confidence: null, at: null } };
}

function shapeOf(position: { latitude: number; longitude: number }, altitude: number | null, radius: number): Shape {
  if (radius === 0) return { type: 'point', position, altitude };
  if (altitude === null) return { type: 'circle', centre: position, radius };
  return { type: 'sphere', centre: position, altitude, radius };
}

function number(text: string): number | null {
  return /^-?\d{1,12}(\.\d{1,20})?$/.test(text) ? Number(text) : null;
}

function unusable(reason: string): LocationValue {
  return { kind: 'unusable', reason };
}
