import { XMLParser } from 'fast-xml-parser';
import type { Reading } from '../fix.ts';
import { locationRequest, readHeldAnswer } from './held-answer.ts';

const located: Reading = { sightings: [], unusable: ['read as PIDF-LO'] };
const held = 'xmlns="urn:ietf:params:xml:ns:geopriv:held"';
const presence = '<p:presence xmlns:p="urn:ietf:params:xml:ns:pidf" entity="pres:x"><p:tuple id="a"/></p:presence>';
const read = (xml: string) => readHeldAnswer(xml, 'lis.example', () => located);

describe('the answer of a location server', () => {
  it('hands on a PIDF-LO as it came, alone or in a response', () => {
    const handed: string[] = [];
    const documents = [
      presence,
      `<?xml version="1.0"?><h:locationResponse xmlns:h="x">${presence}</h:locationResponse>`,
    ];
    for (const xml of documents) {
      readHeldAnswer(xml, 'lis.example', (given) => {
        handed.push(given);
        return located;
      });
    }
    expect(handed).toEqual(documents);
    expect(read(`<locationResponse ${held}><locationUriSet/>${presence}</locationResponse>`)).toBe(located);
  });

  it.each([
    [
      `<error ${held} code="locationUnknown"><message xml:lang="en">secret</message></error>`,
      'answered with the HELD error locationUnknown',
    ],
    [
      `<h:error xmlns:h="x" code="${'a&#0;<b '.replace('<', '')}${'c'.repeat(99)}"/>`,
      `answered with the HELD error a0b${'c'.repeat(37)}`,
    ],
    [`<error ${held}/>`, 'answered with the HELD error without a code'],
    [
      `<locationResponse ${held}><locationUriSet expires="2026-01-01T00:00:00Z"><locationURI>https://other.example/</locationURI></locationUriSet></locationResponse>`,
      'gave only another reference, no location',
    ],
    [`<locationResponse ${held}/>`, 'sent a response without a location'],
    ['<html><body>hello</body></html>', 'sent something that is no location'],
    ['', 'sent something that is no location'],
    ['{"latitude":1}', 'sent something that is no location'],
    ['<presence', 'sent XML that cannot be read'],
    ['<a>'.repeat(5_000), 'sent XML that cannot be read'],
    [`<!DOCTYPE x [<!ENTITY a "b">]>${presence}`, 'sent XML with a DOCTYPE, which is refused'],
    [`<!doctype presence SYSTEM "file:///etc/passwd">${presence}`, 'sent XML with a DOCTYPE, which is refused'],
    ['<__proto__><presence/></__proto__>', 'sent XML that cannot be read'],
  ])('is no location: %j', (xml, reason) => {
    expect(read(xml)).toEqual({ sightings: [], unusable: [`the location server lis.example ${reason}`] });
  });
});

it('asks for a location in any form, at once', () => {
  const asked: unknown = new XMLParser({ ignoreAttributes: false, ignoreDeclaration: true }).parse(locationRequest);
  expect(asked).toEqual({
    locationRequest: {
      '@_xmlns': 'urn:ietf:params:xml:ns:geopriv:held',
      '@_responseTime': 'emergencyDispatch',
      locationType: { '#text': 'any', '@_exact': 'false' },
    },
  });
});
