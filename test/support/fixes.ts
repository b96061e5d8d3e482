import fc from 'fast-check';
import { fixSources, type Fix, type Place, type Shape } from '../../src/location/fix.ts';
import { sightings } from './location-arbitrary.ts';

/** When the calls of these tests arrive. */
export const arrival = Date.UTC(2026, 4, 1, 3);

/** In the middle of Pekanbaru, and so many metres north of it. */
export function north(metres: number): { latitude: number; longitude: number } {
  return { latitude: 0.5 + metres / 111_195, longitude: 101.45 };
}

export function circle(radius: number, metresNorth = 0): Shape {
  return { type: 'circle', centre: north(metresNorth), radius };
}

export function inside(district: string, certain = true): Place {
  return { district, certain, outside: false, neighbour: null, madeUp: false };
}

/** Half of a character: PostgreSQL refuses a row that has one. */
export const halfCharacter = /\p{Cs}/u;

let made = 0;

/** A fix of GPS that came as the call arrived, said by the phone at once, but for what is given. */
export function someFix(over: Partial<Fix> = {}): Fix {
  made += 1;
  return {
    id: `fix-${made}`,
    source: 'aml-https',
    method: 'GPS',
    shape: circle(20),
    civic: null,
    confidence: 95,
    at: null,
    receivedAt: arrival,
    place: null,
    detail: {},
    madeUp: false,
    ...over,
  };
}

/** What an operator took down in words. */
export function words(text: string, over: Partial<Fix> = {}): Fix {
  return someFix({ source: 'operator', method: 'Manual', shape: null, confidence: null, civic: { text }, ...over });
}

const place: fc.Arbitrary<Place> = fc.record({
  district: fc.option(fc.constantFrom('Sail', 'Kulim')),
  certain: fc.boolean(),
  outside: fc.boolean(),
  neighbour: fc.option(fc.constant('Kampar')),
  madeUp: fc.boolean(),
});

/** Lists of sound fixes, each with an id of its own, in the order in which they came. */
export const fixLists: fc.Arbitrary<Fix[]> = fc
  .array(
    fc.record({
      sighting: sightings,
      source: fc.constantFrom(...fixSources),
      later: fc.nat(100_000),
      place: fc.option(place),
      madeUp: fc.boolean(),
    }),
    { maxLength: 8 },
  )
  .map((all) =>
    all
      .map(({ later, ...rest }) => ({ ...rest, receivedAt: arrival + later }))
      .sort((a, b) => a.receivedAt - b.receivedAt)
      .map(({ sighting, ...rest }, index) => ({ ...sighting, ...rest, id: `fix-${index}`, detail: {} })),
  );
