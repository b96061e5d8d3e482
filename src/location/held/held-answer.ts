import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import type { Reading } from '../fix.ts';

/** The question to a location server (RFC 5985, section 5.2; RFC 6753, section 4): where, in whatever form, at once. */
export const locationRequest =
  '<?xml version="1.0" encoding="UTF-8"?>' +
  '<locationRequest xmlns="urn:ietf:params:xml:ns:geopriv:held" responseTime="emergencyDispatch">' +
  '<locationType exact="false">any</locationType></locationRequest>';

// Only the outermost names are looked at here, so that entities are of no use.
const parser = new XMLParser({
  processEntities: false,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

const heldDocument = z.record(z.string(), z.unknown());
const heldError = z.object({ '@code': z.string() });

/**
 * Reads what a location server answered: a PIDF-LO, a HELD locationResponse with one in it, or a HELD error (RFC 5985,
 * section 5). The PIDF-LO itself is left to `readPidfLo`. The text is bounded by its fetcher.
 */
export function readHeldAnswer(xml: string, server: string, readPidfLo: (xml: string) => Reading): Reading {
  if (/<!doctype/i.test(xml)) return complaint(server, 'sent XML with a DOCTYPE, which is refused');
  const document = heldDocument.safeParse(parse(xml)).data;
  if (document === undefined) return complaint(server, 'sent XML that cannot be read');
  if ('presence' in document) return readPidfLo(xml);
  if ('error' in document) return complaint(server, `answered with the HELD error ${errorCode(document['error'])}`);
  if (!('locationResponse' in document)) return complaint(server, 'sent something that is no location');
  const response = heldDocument.safeParse(document['locationResponse']).data ?? {};
  if ('presence' in response) return readPidfLo(xml);
  if ('locationUriSet' in response) return complaint(server, 'gave only another reference, no location');
  return complaint(server, 'sent a response without a location');
}

function parse(xml: string): unknown {
  try {
    const parsed: unknown = parser.parse(xml);
    return parsed;
  } catch {
    return null;
  }
}

function errorCode(error: unknown): string {
  const code =
    heldError
      .safeParse(error)
      .data?.['@code'].replace(/[^\w.-]/g, '')
      .slice(0, 40) ?? '';
  return code === '' ? 'without a code' : code;
}

function complaint(server: string, what: string): Reading {
  return { sightings: [], unusable: [`the location server ${server} ${what}`] };
}
