import fc from 'fast-check';
import { civicElements } from '../../src/location/pidf-lo/civic-address.ts';
import type { CivicAddress, Position, Shape, Sighting } from '../../src/location/fix.ts';
import { plainText } from '../../src/location/plain-text.ts';

const number = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true }).map((value) => value + 0);

/** Anywhere on earth but within a few metres of 0,0, which counts as no location. */
export const positions: fc.Arbitrary<Position> = fc
  .record({ latitude: number(-90, 90), longitude: number(-180, 180) })
  .filter(({ latitude, longitude }) => Math.abs(latitude) + Math.abs(longitude) > 1e-4);

const metres = number(0, 50_000);
const altitude = number(-500, 9_000);
const angle = number(0, 360);

/** From a yard to a province, of corners around a middle in the order of their directions: it never crosses itself. */
const corners: fc.Arbitrary<Position[]> = fc
  .record({
    latitude: number(-60, 60),
    longitude: number(-180, 180),
    size: fc.constantFrom(0.0001, 0.01, 1),
    distances: fc.array(number(0.5, 1), { minLength: 3, maxLength: 30 }),
  })
  .map(({ latitude, longitude, size, distances }) =>
    distances.map((distance, index) => {
      const turn = (index / distances.length) * 2 * Math.PI;
      const east = longitude + size * distance * Math.sin(turn);
      return {
        latitude: latitude + size * distance * Math.cos(turn),
        longitude: east > 180 ? east - 360 : east < -180 ? east + 360 : east,
      };
    }),
  );

export const polygons = corners.map((all): Shape & { type: 'polygon' } => ({ type: 'polygon', corners: all }));

/** Sound shapes of every kind. */
export const shapes: fc.Arbitrary<Shape> = fc.oneof(
  fc.record({ type: fc.constant('point' as const), position: positions, altitude: fc.option(altitude) }),
  fc.record({ type: fc.constant('circle' as const), centre: positions, radius: metres }),
  fc.record({ type: fc.constant('sphere' as const), centre: positions, altitude, radius: metres }),
  fc.record({
    type: fc.constant('ellipse' as const),
    centre: positions,
    semiMajor: metres,
    semiMinor: metres,
    orientation: angle,
  }),
  fc.record({
    type: fc.constant('ellipsoid' as const),
    centre: positions,
    altitude,
    semiMajor: metres,
    semiMinor: metres,
    verticalAxis: metres,
    orientation: angle,
  }),
  fc.record({
    type: fc.constant('arc-band' as const),
    centre: positions,
    innerRadius: number(0, 10_000),
    outerRadius: number(10_001, 50_000),
    startAngle: angle,
    openingAngle: number(0.001, 360),
  }),
  polygons,
  fc.record({ type: fc.constant('prism' as const), corners, altitude, height: metres }),
);

const civicText = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.constantFrom('Jl. "Sudirman", RD="x"', '<A1>&amp;]]>', "O'Brien \\", '${SHELL(id)}', '$[1+1]'),
  )
  .map((text) => plainText(text, 200))
  .filter((text) => text !== '');

export const addresses: fc.Arbitrary<CivicAddress> = fc.dictionary(fc.constantFrom(...civicElements), civicText, {
  minKeys: 1,
  maxKeys: 8,
  noNullPrototype: true,
});

/** What PIDF-LO can carry. */
export const sightings: fc.Arbitrary<Sighting> = fc
  .record({
    method: fc.option(fc.constantFrom('GPS', 'Wifi', 'Cell', 'Manual', 'A-GPS <&">')),
    shape: fc.option(shapes),
    civic: fc.option(addresses),
    confidence: fc.option(number(0, 100)),
    at: fc.option(fc.integer({ min: 0, max: 4_102_444_800_000 })),
  })
  .filter(({ shape, civic }) => shape !== null || civic !== null);

/** A text with a piece taken out, doubled, or replaced by something else: what broken senders and attackers make of one. */
export function spoilt(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const foreign = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom(
      '<',
      '>',
      '</',
      '/>',
      '"',
      '&',
      '<!--',
      ']]>',
      '<![CDATA[',
      '<!DOCTYPE x>',
      '91',
      '-1',
      'NaN',
      '1e999',
    ),
  );
  return fc
    .tuple(texts, fc.nat(), fc.nat({ max: 60 }), foreign, fc.boolean())
    .map(([text, place, length, other, doubled]) => {
      const at = place % (text.length + 1);
      const piece = text.slice(at, at + length);
      return text.slice(0, at) + (doubled ? piece + piece : other) + text.slice(at + length);
    });
}
