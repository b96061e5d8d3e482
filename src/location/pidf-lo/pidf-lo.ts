import { civicAddress } from './civic-address.ts';
import type { CivicAddress, Reading, Shape, Sighting } from '../fix.ts';
import { decimal, isAngle, isGmlShape, isLength, positionIn, positionsIn, shapeOf } from './gml.ts';
import { plainText, quoted } from '../plain-text.ts';
import { readXml, type XmlElement } from './xml.ts';

const pidf = 'urn:ietf:params:xml:ns:pidf';
const dataModel = 'urn:ietf:params:xml:ns:pidf:data-model';
const geopriv = 'urn:ietf:params:xml:ns:pidf:geopriv10';
const confidenceNamespace = 'urn:ietf:params:xml:ns:geopriv:conf';
/** Senders put Circle into GML and Point into the pidflo schema: a shape counts in either. */
const shapeNamespaces = [
  'http://www.opengis.net/gml',
  'http://www.opengis.net/gml/3.2',
  'http://www.opengis.net/pidflo/1.0',
];
/** Of RFC 5139, and of RFC 4119 before it. */
const civicNamespaces = [
  'urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr',
  'urn:ietf:params:xml:ns:pidf:geopriv10:civicLoc',
];
const maxLocations = 20;

/**
 * Reads the locations of a PIDF-LO in document order (RFC 4119, 5491, 5139, 7459), wherever in the document they are: in a tuple,
 * a device or a person, also where the presence stands in something else, such as HELD's locationResponse. A shape and a
 * civic address in one location-info are one sighting; further ones are further sightings.
 *
 * Never throws. `unusable` says in plain words why a location, or a part of one, was left out. Without srsName a position is
 * WGS 84; without a unit a length is in metres and an angle in degrees. Usage rules are not looked at: an emergency call's
 * location is for the centre whatever they say (RFC 6442, section 4.2).
 */
export function readPidfLo(xml: string): Reading {
  const document = readXml(xml);
  if (!document.ok) return { sightings: [], unusable: [document.reason] };
  const found: Found = { sightings: [], unusable: new Set() };
  walk(document.root, { at: null, method: null }, found);
  if (found.sightings.length === 0 && found.unusable.size === 0) found.unusable.add('the document has no location');
  return { sightings: found.sightings, unusable: [...found.unusable] };
}

interface Found {
  readonly sightings: Sighting[];
  /** A set, so that one fault a thousand times is said once. */
  readonly unusable: Set<string>;
}

/** What the elements around a location-info say of it. */
interface Around {
  readonly at: number | null;
  readonly method: string | null;
}

function walk(element: XmlElement, around: Around, found: Found): void {
  if (element.namespace === geopriv && element.name === 'location-info') {
    readLocationInfo(element, around, found);
    return;
  }
  const isHolder =
    (element.namespace === pidf && element.name === 'tuple') ||
    (element.namespace === dataModel && (element.name === 'device' || element.name === 'person'));
  const here = {
    at: isHolder ? timestampIn(element, found) : around.at,
    method: element.namespace === geopriv && element.name === 'geopriv' ? methodIn(element) : around.method,
  };
  for (const child of element.children) walk(child, here, found);
}

function timestampIn(holder: XmlElement, found: Found): number | null {
  const element = holder.children.find(
    ({ namespace, name }) => name === 'timestamp' && (namespace === pidf || namespace === dataModel),
  );
  if (element === undefined) return null;
  const text = element.text.trim();
  // With its zone always: a time that could be in any of Indonesia's three is not known.
  const isFull = text.length < 40 && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const at = isFull ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  found.unusable.add(`the time stamp ${quoted(text)} is not a time with its zone`);
  return null;
}

function methodIn(element: XmlElement): string | null {
  const method = element.children.find(({ namespace, name }) => namespace === geopriv && name === 'method');
  return methodOf(method?.text ?? '');
}

/** The token of RFC 4119's method registry (the longest there has 24 characters), as it was written; null for none. */
export function methodOf(text: string): string | null {
  const method = plainText(text, 40);
  return method === '' ? null : method;
}

/** Percent (RFC 7459, section 7.1), with the reason where what was said is no confidence. */
export function confidenceOf(text: string): { confidence: number | null; reason: string | null } {
  const said = text.trim();
  if (said === '' || said === 'unknown') return { confidence: null, reason: null };
  const percent = decimal(said);
  if (percent !== null && percent >= 0 && percent <= 100) return { confidence: percent, reason: null };
  return { confidence: null, reason: `the confidence ${quoted(said)} is not between 0 and 100` };
}

function readLocationInfo(info: XmlElement, { at, method }: Around, found: Found): void {
  const shapes: Shape[] = [];
  const addresses: CivicAddress[] = [];
  let confidence: number | null = null;
  for (const child of info.children) {
    if (child.namespace === confidenceNamespace && child.name === 'confidence') {
      const said = confidenceOf(child.text);
      confidence = said.confidence;
      if (said.reason !== null) found.unusable.add(said.reason);
    } else if (isIn(civicNamespaces, child) && child.name === 'civicAddress') {
      const address = civicAddress(child.children.map(({ name, text }) => [name, text]));
      if (address === null) found.unusable.add('the civic address is empty');
      else addresses.push(address);
    } else if (isIn(shapeNamespaces, child)) {
      const shape = readShape(child);
      if (typeof shape === 'string') note(shape, found);
      else shapes.push(shape);
    }
  }
  for (let index = 0; index < Math.max(shapes.length, addresses.length); index += 1) {
    if (found.sightings.length >= maxLocations) {
      found.unusable.add(`only the first ${maxLocations} locations are read`);
      return;
    }
    found.sightings.push({
      method,
      shape: shapes[index] ?? null,
      civic: addresses[index] ?? null,
      confidence,
      at,
    });
  }
}

function note(reason: string, found: Found): void {
  if (found.unusable.size < maxLocations) found.unusable.add(reason);
}

function readShape(element: XmlElement): Shape | string {
  const { name } = element;
  if (!isGmlShape(name)) return `${quoted(name)} is not a shape of RFC 5491`;
  const parts = partsOf(element);
  const systems = [element, ...parts].flatMap((part) => part.attributes.get('srsName') ?? []);
  const dimensions = systems.map(dimensionOf);
  const unknown = systems[dimensions.indexOf(null)];
  if (unknown !== undefined) return `the coordinate system ${quoted(unknown)} is not WGS 84`;
  const positions: number[][] = [];
  const lengths = new Map<string, number>();
  const angles = new Map<string, number>();
  for (const part of parts) {
    if (part.name === 'pos' || part.name === 'posList') {
      const dimension = Number(part.attributes.get('srsDimension') ?? dimensions[0] ?? (name === 'Prism' ? 3 : 2));
      if (dimension !== 2 && dimension !== 3) return `the ${name} has positions that are not of 2 or 3 numbers`;
      const read = part.name === 'pos' ? positionIn(part.text) : positionsIn(part.text, dimension);
      if (typeof read === 'string') return `the ${name} is refused: ${read}`;
      // Not spread: a list can be longer than a call may have arguments.
      for (const position of read) positions.push(position);
    } else if (isLength(part.name) || isAngle(part.name)) {
      const measure = measureOf(part);
      if (typeof measure === 'string') return `the ${name} is refused: ${measure}`;
      (isLength(part.name) ? lengths : angles).set(part.name, measure);
    }
  }
  return shapeOf({ name, positions, lengths, angles });
}

/** What is within a shape, in document order; holes of a polygon are left out, so that it stays as large as it may be. */
function partsOf(element: XmlElement): XmlElement[] {
  return element.children
    .filter((child) => isIn(shapeNamespaces, child) && child.name !== 'interior')
    .flatMap((child) => [child, ...partsOf(child)]);
}

/** Numbers in a position: 2 for EPSG 4326, 3 for EPSG 4979, in any of their spellings; null for another system. */
function dimensionOf(srsName: string): 2 | 3 | null {
  const code = /^[a-z:/.]{0,60}epsg[a-z0-9:/.]{0,20}[:/#](4326|4979)$/i.exec(srsName.trim().slice(0, 100))?.[1];
  if (code === undefined) return null;
  return code === '4326' ? 2 : 3;
}

/** Metres, or degrees. */
function measureOf(element: XmlElement): number | string {
  const number = decimal(element.text.trim());
  if (number === null) return `its ${element.name} ${quoted(element.text)} is not a number`;
  const unit = element.attributes.get('uom')?.trim();
  if (unit === undefined) return number;
  const code = /^(?:urn:ogc:def:uom:)?epsg:[\d.]{0,10}:?(9001|9101|9102)$/i.exec(unit.slice(0, 60))?.[1];
  if (isLength(element.name) && code === '9001') return number;
  if (isAngle(element.name) && code === '9102') return number;
  if (isAngle(element.name) && code === '9101') return (number * 180) / Math.PI;
  return `the unit ${quoted(unit)} of its ${element.name} is not known`;
}

function isIn(namespaces: readonly string[], element: XmlElement): boolean {
  return element.namespace !== null && namespaces.includes(element.namespace);
}
