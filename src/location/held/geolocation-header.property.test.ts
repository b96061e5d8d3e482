import fc from 'fast-check';
import { readGeolocationHeader } from './geolocation-header.ts';

const pieces = fc.constantFrom('<', '>', '"', '\\', ',', ';', ' ', 'https://h/', 'cid:', 'geo:', '1.5', '-', '%', '\0');
const headers = fc.oneof(
  fc.string({ maxLength: 9_000, unit: 'binary' }),
  fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 60 }).map((parts) => parts.join('')),
);

describe('any Geolocation header', () => {
  it('is read within bounds, and without an invented location', () => {
    fc.assert(
      fc.property(headers, (header) => {
        const { references, embedded, sightings, unusable } = readGeolocationHeader(header);
        expect(references.length + embedded.length + sightings.length).toBeLessThanOrEqual(5);
        expect(unusable.length).toBeLessThanOrEqual(7);
        for (const uri of references) expect(header).toContain(uri);
        for (const reason of unusable) expect(reason).toMatch(/^[ -~]{1,120}$/);
      }),
    );
  });

  it('gives back every geo position that was written', () => {
    const degrees = (max: number) => fc.integer({ min: -max * 1e6, max: max * 1e6 }).map((micro) => micro / 1e6);
    fc.assert(
      fc.property(degrees(90), degrees(180), fc.integer({ min: 1, max: 50_000 }), (latitude, longitude, radius) => {
        fc.pre(latitude !== 0 || longitude !== 0);
        const uri = `geo:${latitude.toFixed(6)},${longitude.toFixed(6)};u=${radius}`;
        const [sighting] = readGeolocationHeader(`<${uri}>;inserted-by=edge`).sightings;
        expect(sighting?.shape).toMatchObject({ type: 'circle', radius });
        if (sighting?.shape?.type !== 'circle') return;
        expect(sighting.shape.centre.latitude).toBeCloseTo(latitude, 6);
        expect(sighting.shape.centre.longitude).toBeCloseTo(longitude, 6);
      }),
    );
  });
});
