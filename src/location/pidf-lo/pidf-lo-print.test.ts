import type { Shape, Sighting } from '../fix.ts';
import { printPidfLo } from './pidf-lo-print.ts';
import { readPidfLo } from './pidf-lo.ts';

const pekanbaru = { latitude: 0.5071, longitude: 101.4478 };
const triangle = [
  { latitude: 0.5, longitude: 101.4 },
  { latitude: 0.5, longitude: 101.41 },
  { latitude: 0.51, longitude: 101.41 },
];

describe('a printed PIDF-LO', () => {
  const sighting: Sighting = {
    method: 'GPS',
    shape: { type: 'circle', centre: pekanbaru, radius: 45 },
    civic: { country: 'ID', RD: 'Jl. "A" & <B>' },
    confidence: 90,
    at: Date.UTC(2026, 0, 2, 3, 4, 5),
  };

  it('is PIDF-LO as RFC 5491 shows it', () => {
    const text = printPidfLo(sighting, { entity: 'tel:+62"&<' });
    expect(text).toContain(
      '<gs:Circle srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>0.5071 101.4478</gml:pos>' +
        '<gs:radius uom="urn:ogc:def:uom:EPSG::9001">45</gs:radius></gs:Circle>',
    );
    expect(text).toContain('<timestamp>2026-01-02T03:04:05.000Z</timestamp>');
    expect(text).toContain('entity="tel:+62&#34;&#38;&#60;"');
    expect(text).toContain('<ca:RD>Jl. &#34;A&#34; &#38; &#60;B&#62;</ca:RD>');
    expect(text).toContain('<con:confidence pdf="unknown">90</con:confidence>');
    expect(readPidfLo(text)).toEqual({ sightings: [sighting], unusable: [] });
  });

  it('has the system of three dimensions for what has an altitude, and closes rings', () => {
    const prism: Shape = { type: 'prism', corners: triangle, altitude: 2, height: 3 };
    const text = printPidfLo({ ...sighting, shape: prism }, { entity: 'pres:a', id: 'x' });
    expect(text).toContain('<gs:Prism srsName="urn:ogc:def:crs:EPSG::4979">');
    expect(text.match(/<gml:pos>0.5 101.4 2<\/gml:pos>/g)).toHaveLength(2);
    expect(text).toContain('<tuple id="x">');
  });

  it('has an address that is one sentence as LOC', () => {
    const text = printPidfLo({ ...sighting, civic: { text: 'di depan pasar' } }, { entity: 'pres:a' });
    expect(readPidfLo(text).sightings).toMatchObject([{ civic: { LOC: 'di depan pasar' } }]);
  });

  it('leaves out a time that cannot be written', () => {
    for (const at of [Number.NaN, 1e300, -1e300, 8.64e15]) {
      expect(printPidfLo({ ...sighting, at }, { entity: 'pres:a' })).not.toContain('timestamp');
    }
  });
});
