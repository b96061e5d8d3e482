import fc from 'fast-check';
import { addresses, polygons, positions, shapes, sightings, spoilt } from '../../../test/support/location-arbitrary.ts';
import { printAsteriskLocation, readAsteriskLocation, type AsteriskLocation } from './asterisk-location.ts';
import type { Reading, Shape } from '../fix.ts';
import { gmlOf } from './gml.ts';
import { printPidfLo } from './pidf-lo-print.ts';
import { readPidfLo } from './pidf-lo.ts';
import { centreOf, distance, faultOf, radiusAt95, radiusOf, refusalOf } from '../shape.ts';

/** What holds of every reading, whatever was read. */
function ensureSound({ sightings: found, unusable }: Reading): void {
  for (const { shape, civic, confidence } of found) {
    expect(shape !== null || civic !== null).toBe(true);
    if (shape !== null) expect(refusalOf(shape)).toBeNull();
    if (confidence !== null) expect(confidence >= 0 && confidence <= 100).toBe(true);
  }
  for (const reason of unusable) {
    expect(reason.length).toBeLessThan(160);
    expect(reason).not.toMatch(/[\p{Cc}\p{Cs}\u202E]/u);
  }
}

/** As Asterisk itself writes an incoming location. */
function asAsterisk(shape: Shape): AsteriskLocation {
  const { name, positions: places, lengths, angles } = gmlOf(shape);
  const fields = [
    `shape="${name}"`,
    `crs="${places[0]?.length ?? 2}d"`,
    ...places.map((place) => `pos="${place.join(' ')}"`),
    ...[...lengths].map(([key, value]) => `${key}="${value}"`),
    ...[...angles].map(([key, value]) => `${key}="${value} radians"`),
  ];
  return { format: 'GML', location: fields.join(','), method: 'GPS', confidence: 'pdf="unknown",value="95"' };
}

const documents = sightings.map((sighting) => printPidfLo(sighting, { entity: 'pres:caller@example.id' }));

describe('whatever is read', () => {
  it('PIDF-LO is a sound location or a plain reason', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), spoilt(documents)), (text) =>
        ensureSound(readPidfLo(text)),
      ),
      { numRuns: 800 },
    );
  });

  it('Asterisk’s location is a sound one or a plain reason', () => {
    const any = fc.string({ unit: 'binary', maxLength: 200 });
    const parts = fc.record({
      format: fc.oneof(fc.constantFrom('GML', 'civicAddress', 'URI', ''), any),
      location: fc.oneof(any, spoilt(shapes.map((shape) => asAsterisk(shape).location))),
      method: any,
      confidence: fc.oneof(any, spoilt(fc.constant('pdf="unknown",value="95"'))),
    });
    fc.assert(
      fc.property(parts, (location) => ensureSound(readAsteriskLocation(location))),
      { numRuns: 800 },
    );
  });
});

describe('what is printed is read back', () => {
  it('as PIDF-LO', () => {
    fc.assert(
      fc.property(sightings, (sighting) => {
        expect(readPidfLo(printPidfLo(sighting, { entity: 'pres:a@b' }))).toEqual({
          sightings: [sighting],
          unusable: [],
        });
      }),
      { numRuns: 500 },
    );
  });

  it('as Asterisk writes it', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const reading = readAsteriskLocation(asAsterisk(shape));
        expect(reading).toEqual({
          sightings: [{ method: 'GPS', shape, civic: null, confidence: 95, at: null }],
          unusable: [],
        });
      }),
    );
  });

  it('as Asterisk is told to send it, around the shape', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const printed = printAsteriskLocation({ method: null, shape, civic: null, confidence: null, at: null });
        const { sightings: found, unusable } = readAsteriskLocation({
          format: printed?.format ?? '',
          location: printed?.locationInfo ?? '',
          method: '',
          confidence: '',
        });
        expect(unusable).toEqual([]);
        const sent = found[0]?.shape;
        if (sent === null || sent === undefined) throw new Error('nothing was read back');
        expect(distance(centreOf(sent), centreOf(shape))).toBeLessThan(0.001);
        expect(radiusOf(sent)).toBeCloseTo(radiusOf(shape), 3);
      }),
    );
  });

  it('as an address without anything that Asterisk would act upon', () => {
    fc.assert(
      fc.property(addresses, (civic) => {
        const printed = printAsteriskLocation({ method: null, shape: null, civic, confidence: null, at: null });
        if (printed === null) return;
        expect(printed.locationInfo).toMatch(/^[A-Za-z0-9]+="[^"\\$\p{Cc}]+"(?:,[A-Za-z0-9]+="[^"\\$\p{Cc}]+")*$/u);
        const { sightings: found } = readAsteriskLocation({
          format: printed.format,
          location: printed.locationInfo,
          method: '',
          confidence: '',
        });
        for (const [name, text] of Object.entries(found[0]?.civic ?? {})) {
          expect(text.replaceAll(/['/ ]/g, '')).toBe((civic[name] ?? '').replaceAll(/["\\'/$ ]/g, ''));
        }
      }),
    );
  });
});

describe('a sound shape', () => {
  it('has a centre on earth and a radius, which grows as the confidence falls', () => {
    fc.assert(
      fc.property(shapes, fc.nat({ max: 100 }), (shape, confidence) => {
        expect(faultOf(shape)).toBeNull();
        expect(faultOf({ type: 'circle', centre: centreOf(shape), radius: radiusOf(shape) })).toBeNull();
        expect(radiusAt95(shape, confidence)).toBeGreaterThanOrEqual(radiusOf(shape));
      }),
      { numRuns: 500 },
    );
  });

  it('has all its corners within its radius, and its centre within its bounds', () => {
    fc.assert(
      fc.property(polygons, (polygon) => {
        const centre = centreOf(polygon);
        const radius = radiusOf(polygon);
        for (const corner of polygon.corners) expect(distance(centre, corner)).toBeLessThanOrEqual(radius);
        const farthest = Math.max(
          ...polygon.corners.map((a) => Math.max(...polygon.corners.map((b) => distance(a, b)))),
        );
        expect(radius).toBeLessThanOrEqual(farthest);
      }),
    );
  });

  it('is as far from one as from the other', () => {
    fc.assert(
      fc.property(positions, positions, (a, b) => {
        expect(distance(a, b)).toBeCloseTo(distance(b, a), 3);
        expect(distance(a, a)).toBe(0);
      }),
    );
  });
});
