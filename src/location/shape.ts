import { distance as haversine } from '@turf/distance';
import type { Position, Shape } from './fix.ts';

/** Half of the earth's circumference is 20,037 km: nothing on it is longer. */
export const maxMetres = 20_000_000;
const maxAltitude = 100_000;
const maxCorners = 1_000;
/** Of the sphere that the distances are on (IUGG mean radius). */
const earthRadius = 6_371_008.8;

/** Metres along the great circle between two positions (haversine, spherical earth: within 0.6 % of the ellipsoid). */
export function distance(from: Position, to: Position): number {
  return haversine([from.longitude, from.latitude], [to.longitude, to.latitude], { units: 'meters' });
}

/** Why the shape is no place on earth, in plain words; null for a sound one. 0,0 is sound here: see `refusalOf`. */
export function faultOf(shape: Shape): string | null {
  return first([() => positionsFault(shape), () => sizeFault(shape)]);
}

/**
 * Why a shape that somebody sent is not taken for a location: what `faultOf` says, and also exactly 0,0. That is a point in
 * the Atlantic that devices send when they know nothing; nobody who calls a city's 112 is there.
 */
export function refusalOf(shape: Shape): string | null {
  const fault = faultOf(shape);
  if (fault !== null) return fault;
  const atNull = positionsOf(shape).every(({ latitude, longitude }) => latitude === 0 && longitude === 0);
  return atNull ? 'latitude and longitude are both exactly 0, which devices send when they know no location' : null;
}

/**
 * The middle of the shape: the centre; of a polygon the centroid of its area (RFC 7459, section 5.1.1), also across the
 * 180th meridian; of an arc band the centroid of its area on the line that halves it. The middle of a polygon without area,
 * or of one that crosses itself so that the centroid falls outside, is the mean of its corners.
 */
export function centreOf(shape: Shape): Position {
  switch (shape.type) {
    case 'point':
      return shape.position;
    case 'polygon':
    case 'prism':
      return centroid(shape.corners);
    case 'arc-band': {
      const { innerRadius: inner, outerRadius: outer, startAngle, openingAngle } = shape;
      const opening = radians(openingAngle);
      // As the angle goes to 0 the chord goes to half of it, where the quotient has no digits left.
      const chord = opening < 1e-6 ? 0.5 : Math.sin(opening / 2) / opening;
      const out = (4 * chord * (outer ** 2 + outer * inner + inner ** 2)) / (3 * (outer + inner));
      return away(shape.centre, startAngle + openingAngle / 2, out);
    }
    case 'circle':
    case 'ellipse':
    case 'sphere':
    case 'ellipsoid':
      return shape.centre;
  }
}

/** Metres: the radius of a circle on the ground around `centreOf` that contains the whole shape; 0 for a point. */
export function radiusOf(shape: Shape): number {
  const centre = centreOf(shape);
  switch (shape.type) {
    case 'point':
      return 0;
    case 'circle':
    case 'sphere':
      return shape.radius;
    case 'ellipse':
    case 'ellipsoid':
      return Math.max(shape.semiMajor, shape.semiMinor);
    case 'polygon':
    case 'prism':
      return longest(shape.corners, centre);
    case 'arc-band':
      // Seen from the centroid, which is on the line that halves the band, its far ends are its four corners.
      return longest(
        [shape.startAngle, shape.startAngle + shape.openingAngle].flatMap((angle) => [
          away(shape.centre, angle, shape.innerRadius),
          away(shape.centre, angle, shape.outerRadius),
        ]),
        centre,
      );
  }
}

/**
 * Metres: the radius of a circle around `centreOf` in which the caller is with at least 95 %, where `confidence` (percent)
 * says how probably he is within the shape; null counts as 95 (RFC 5491, section 5; RFC 7459, section 3.3).
 *
 * Assumes what RFC 7459 (section 5.4.2) does for scaling: a normal distribution in two dimensions, the same in all
 * directions. Within a radius r of its middle is then 1 - exp(-r²/2σ²), so radii relate as the square roots of -ln(1 - C).
 * 68 % grows by 1.62. A confidence over 95 is left as it is: the distribution is not known well enough to promise more.
 * At most 20,000 km, which is what a confidence of 0 comes to.
 */
export function radiusAt95(shape: Shape, confidence: number | null): number {
  const radius = radiusOf(shape);
  if (confidence === null || confidence >= 95 || radius === 0) return radius;
  if (confidence <= 0) return maxMetres;
  // log1p, because a very small confidence vanishes beside 1.
  return Math.min(maxMetres, radius * Math.sqrt(Math.log(0.05) / Math.log1p(-confidence / 100)));
}

function positionsOf(shape: Shape): readonly Position[] {
  if (shape.type === 'point') return [shape.position];
  return 'corners' in shape ? shape.corners : [shape.centre];
}

function positionsFault(shape: Shape): string | null {
  const positions = positionsOf(shape);
  if (positions.length > maxCorners) return `it has ${positions.length} corners, at most ${maxCorners} are read`;
  const fault = first(positions.map((position) => () => positionFault(position)));
  if (fault !== null || !('corners' in shape)) return fault;
  const distinct = new Set(positions.map(({ latitude, longitude }) => `${latitude} ${longitude}`));
  return distinct.size < 3 ? 'it has fewer than three different corners' : null;
}

function positionFault({ latitude, longitude }: Position): string | null {
  if (!Number.isFinite(latitude) || !Number.isFinite(longitude)) return 'a coordinate is not a number';
  if (Math.abs(latitude) > 90) {
    // Never put right: a guess that is wrong sends help to another place.
    const swapped = Math.abs(latitude) <= 180 && Math.abs(longitude) <= 90;
    return `latitude ${latitude} is out of range${swapped ? '; latitude and longitude look swapped' : ''}`;
  }
  return Math.abs(longitude) > 180 ? `longitude ${longitude} is out of range` : null;
}

function sizeFault(shape: Shape): string | null {
  switch (shape.type) {
    case 'point':
      return shape.altitude === null ? null : altitudeFault(shape.altitude);
    case 'polygon':
      return null;
    case 'circle':
      return lengthFault('radius', shape.radius);
    case 'sphere':
      return first([() => altitudeFault(shape.altitude), () => lengthFault('radius', shape.radius)]);
    case 'ellipse':
      return axesFault(shape);
    case 'ellipsoid':
      return first([
        () => altitudeFault(shape.altitude),
        () => axesFault(shape),
        () => lengthFault('vertical axis', shape.verticalAxis),
      ]);
    case 'prism':
      return first([() => altitudeFault(shape.altitude), () => lengthFault('height', shape.height)]);
    case 'arc-band':
      return first([
        () => lengthFault('inner radius', shape.innerRadius),
        () => lengthFault('outer radius', shape.outerRadius),
        () => (shape.innerRadius < shape.outerRadius ? null : 'the inner radius is not smaller than the outer radius'),
        () => angleFault('start angle', shape.startAngle),
        () => angleFault('opening angle', shape.openingAngle),
        () => (shape.openingAngle > 0 ? null : 'the opening angle is 0'),
      ]);
  }
}

function axesFault(shape: { semiMajor: number; semiMinor: number; orientation: number }): string | null {
  return first([
    () => lengthFault('semi-major axis', shape.semiMajor),
    () => lengthFault('semi-minor axis', shape.semiMinor),
    () => angleFault('orientation', shape.orientation),
  ]);
}

function lengthFault(name: string, metres: number): string | null {
  if (!Number.isFinite(metres)) return `the ${name} is not a number`;
  if (metres < 0) return `the ${name} is negative: ${metres} m`;
  return metres > maxMetres ? `the ${name} is longer than half of the earth: ${metres} m` : null;
}

function angleFault(name: string, degrees: number): string | null {
  return degrees >= 0 && degrees <= 360 ? null : `the ${name} is not between 0 and 360 degrees: ${degrees}`;
}

function altitudeFault(metres: number): string | null {
  return Math.abs(metres) <= maxAltitude ? null : `the altitude is out of range: ${metres} m`;
}

function first(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const fault = check();
    if (fault !== null) return fault;
  }
  return null;
}

function longest(positions: readonly Position[], from: Position): number {
  return positions.reduce((most, position) => Math.max(most, distance(from, position)), 0);
}

/**
 * Reckons from the first corner, so that a yard keeps its digits and the 180th meridian is no edge. Longitudes are not
 * shortened by the latitude: that stretches a figure but leaves its centroid where it is.
 */
function centroid(corners: readonly Position[]): Position {
  const origin = corners[0];
  if (origin === undefined) return { latitude: Number.NaN, longitude: Number.NaN };
  const points = corners.map(({ latitude, longitude }) => ({
    x: between180(longitude - origin.longitude),
    y: latitude - origin.latitude,
  }));
  let area = 0;
  let x = 0;
  let y = 0;
  points.forEach((point, index) => {
    const next = points[(index + 1) % points.length] ?? point;
    const cross = point.x * next.y - next.x * point.y;
    area += cross;
    x += (point.x + next.x) * cross;
    y += (point.y + next.y) * cross;
  });
  const middle = { x: x / (3 * area), y: y / (3 * area) };
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const chosen = isWithin(middle.x, xs) && isWithin(middle.y, ys) ? middle : { x: average(xs), y: average(ys) };
  return { latitude: origin.latitude + chosen.y, longitude: between180(origin.longitude + chosen.x) };
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** False for NaN, which a polygon without area gives. */
function isWithin(number: number, numbers: readonly number[]): boolean {
  return number >= Math.min(...numbers) && number <= Math.max(...numbers);
}

function between180(degrees: number): number {
  if (degrees >= -180 && degrees <= 180) return degrees;
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}

/** The position that is so many metres from another in a direction (degrees clockwise from north), on the sphere. */
function away(from: Position, bearing: number, metres: number): Position {
  const arc = metres / earthRadius;
  const direction = radians(bearing);
  const latitude = radians(from.latitude);
  const there = Math.asin(
    Math.min(
      1,
      Math.max(-1, Math.sin(latitude) * Math.cos(arc) + Math.cos(latitude) * Math.sin(arc) * Math.cos(direction)),
    ),
  );
  const turn = Math.atan2(
    Math.sin(direction) * Math.sin(arc) * Math.cos(latitude),
    Math.cos(arc) - Math.sin(latitude) * Math.sin(there),
  );
  return {
    latitude: (there * 180) / Math.PI,
    longitude: between180(from.longitude + (turn * 180) / Math.PI),
  };
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
