import { civicPairs } from './civic-address.ts';
import type { CivicAddress, Shape, Sighting } from '../fix.ts';
import { gmlOf } from './gml.ts';
import { plainText } from '../plain-text.ts';
import { escapeXml } from './xml.ts';

/** Whose location it is. */
interface PidfLoSubject {
  /** A URI (RFC 3863): pres:, sip: or tel: of the caller. */
  readonly entity: string;
  /** The tuple's id, an XML name; `location` unless told. */
  readonly id?: string;
}

/**
 * A PIDF-LO document with one location in a tuple (RFC 4119, section 2.2; shapes by RFC 5491, section 5; address by RFC 5139),
 * which `readPidfLo` reads back to the same. Of a civic address only what RFC 5139 names is printed; of a sighting without
 * shape and address nothing but an empty location-info is left.
 */
export function printPidfLo(sighting: Sighting, { entity, id = 'location' }: PidfLoSubject): string {
  const { shape, civic, confidence, method, at } = sighting;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10"' +
      ' xmlns:gml="http://www.opengis.net/gml" xmlns:gs="http://www.opengis.net/pidflo/1.0"' +
      ' xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" xmlns:con="urn:ietf:params:xml:ns:geopriv:conf"' +
      ` entity="${escapeXml(entity)}">`,
    `<tuple id="${escapeXml(id)}"><status><gp:geopriv><gp:location-info>`,
    shape === null ? '' : printShape(shape),
    civic === null ? '' : printCivic(civic),
    confidence === null ? '' : `<con:confidence pdf="unknown">${confidence}</con:confidence>`,
    '</gp:location-info><gp:usage-rules/>',
    method === null ? '' : `<gp:method>${escapeXml(plainText(method, 40))}</gp:method>`,
    '</gp:geopriv></status>',
    printTime(at),
    '</tuple></presence>',
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function printShape(shape: Shape): string {
  const { name, positions, lengths, angles } = gmlOf(shape);
  const system = positions.some((position) => position.length === 3) ? '4979' : '4326';
  const space = name === 'Point' || name === 'Polygon' ? 'gml' : 'gs';
  const places = positions.map((position) => `<gml:pos>${position.join(' ')}</gml:pos>`).join('');
  const ring = `<gml:exterior><gml:LinearRing>${places}</gml:LinearRing></gml:exterior>`;
  const body =
    name === 'Polygon'
      ? ring
      : name === 'Prism'
        ? `<gs:base><gml:Polygon srsName="urn:ogc:def:crs:EPSG::${system}">${ring}</gml:Polygon></gs:base>`
        : places;
  const measures = [...printMeasures(lengths, '9001'), ...printMeasures(angles, '9102')].join('');
  return `<${space}:${name} srsName="urn:ogc:def:crs:EPSG::${system}">${body}${measures}</${space}:${name}>`;
}

function printMeasures(measures: ReadonlyMap<string, number>, unit: string): string[] {
  return [...measures].map(([name, value]) => `<gs:${name} uom="urn:ogc:def:uom:EPSG::${unit}">${value}</gs:${name}>`);
}

function printCivic(civic: CivicAddress): string {
  const elements = civicPairs(civic).map(([name, text]) => `<ca:${name}>${escapeXml(text)}</ca:${name}>`);
  return `<ca:civicAddress>${elements.join('')}</ca:civicAddress>`;
}

/** Nothing for a time that RFC 3339 cannot write in four digits of a year. */
function printTime(at: number | null): string {
  if (at === null || !(at >= Date.UTC(1, 0, 1) && at < Date.UTC(10_000, 0, 1))) return '';
  return `<timestamp>${new Date(at).toISOString()}</timestamp>`;
}
