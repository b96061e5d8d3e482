import type { Position, Shape } from './fix.ts';
import { centreOf, distance, faultOf, maxMetres, radiusAt95, radiusOf, refusalOf } from './shape.ts';

const at = (latitude: number, longitude: number): Position => ({ latitude, longitude });
const pekanbaru = at(0.5071, 101.4478);
const circle = (radius: number, centre = pekanbaru): Shape => ({ type: 'circle', centre, radius });
const point = (position: Position, altitude: number | null = null): Shape => ({ type: 'point', position, altitude });
const polygon = (...corners: Position[]): Shape => ({ type: 'polygon', corners });
const band = {
  type: 'arc-band',
  centre: pekanbaru,
  innerRadius: 500,
  outerRadius: 1000,
  startAngle: 0,
  openingAngle: 90,
} as const;
const ellipse = { type: 'ellipse', centre: pekanbaru, semiMajor: 80, semiMinor: 40, orientation: 30 } as const;
const solid = { altitude: 10, verticalAxis: 5 };

describe('distance', () => {
  it('is in metres', () => {
    // A degree of the mean sphere's great circle.
    expect(distance(at(0, 100), at(1, 100))).toBeCloseTo(111_195, 0);
    expect(distance(at(0, 179.999), at(0, -179.999))).toBeCloseTo(222.4, 1);
  });
});

describe('a fault of a shape', () => {
  it.each<[Shape, RegExp]>([
    [point(at(91, 120)), /latitude 91 is out of range$/],
    [point(at(Number.NaN, 0)), /not a number/],
    [point(at(0, Number.POSITIVE_INFINITY)), /not a number/],
    [point(at(0, 181)), /longitude 181 is out of range/],
    [point(at(101.4, 0.5)), /latitude 101.4 is out of range; latitude and longitude look swapped/],
    [point(at(200, 0.5)), /out of range$/],
    [point(pekanbaru, Number.NaN), /altitude/],
    [point(pekanbaru, 200_000), /altitude/],
    [circle(-1), /radius is negative: -1 m/],
    [circle(Number.NaN), /radius is not a number/],
    [circle(20_000_001), /longer than half of the earth/],
    [{ ...ellipse, semiMajor: -1 }, /semi-major axis is negative/],
    [{ ...ellipse, semiMinor: 1e9 }, /semi-minor axis is longer/],
    [{ ...ellipse, orientation: 361 }, /orientation is not between/],
    [{ ...ellipse, orientation: Number.NaN }, /orientation is not between/],
    [{ ...ellipse, ...solid, type: 'ellipsoid', verticalAxis: -5 }, /vertical axis is negative/],
    [{ type: 'sphere', centre: pekanbaru, altitude: -200_000, radius: 1 }, /altitude/],
    [{ ...band, innerRadius: 1000 }, /inner radius is not smaller/],
    [{ ...band, innerRadius: -1 }, /inner radius is negative/],
    [{ ...band, startAngle: -1 }, /start angle is not between/],
    [{ ...band, openingAngle: 0 }, /opening angle is 0/],
    [{ ...band, openingAngle: 361 }, /opening angle is not between/],
    [polygon(pekanbaru, at(0.6, 101)), /fewer than three/],
    [polygon(pekanbaru, at(0.6, 101), pekanbaru, at(0.6, 101)), /fewer than three/],
    [polygon(pekanbaru, at(0.6, 101), at(95, 101)), /latitude 95/],
    [polygon(...Array.from({ length: 1001 }, (_, index) => at(index / 1000, 101))), /1001 corners, at most 1000/],
    [{ type: 'prism', corners: [pekanbaru, at(1, 101), at(1, 102)], altitude: 0, height: -1 }, /height is negative/],
  ])('%j: %s', (shape, fault) => {
    expect(faultOf(shape)).toMatch(fault);
  });

  it.each<[Shape]>([
    [point(at(90, -180))],
    [point(pekanbaru, 12)],
    [circle(0)],
    [circle(20_000_000)],
    [{ ...ellipse, orientation: 360 }],
    [{ ...ellipse, ...solid, type: 'ellipsoid' }],
    [{ ...band, innerRadius: 0, openingAngle: 360 }],
    [polygon(pekanbaru, at(1, 101), at(1, 102))],
    [{ type: 'prism', corners: [pekanbaru, at(1, 101), at(1, 102)], altitude: 0, height: 3 }],
    [point(at(0, 0))],
  ])('is not in %j', (shape) => {
    expect(faultOf(shape)).toBeNull();
  });

  it('is not 0,0, which is refused all the same', () => {
    expect(refusalOf(point(at(0, -0)))).toMatch(/both exactly 0/);
    expect(refusalOf(circle(50, at(0, 0)))).toMatch(/both exactly 0/);
    expect(refusalOf(point(at(0, 101)))).toBeNull();
    expect(refusalOf(polygon(at(0, 0), at(0, 101), at(1, 101)))).toBeNull();
    expect(refusalOf(point(at(91, 0)))).toMatch(/out of range/);
  });
});

describe('the centre', () => {
  it('of a polygon is the centroid of its area, not the mean of its corners', () => {
    // A square with one side cut into many.
    const side = Array.from({ length: 9 }, (_, index) => at(0, 101 + index / 8));
    const centre = centreOf(polygon(...side, at(1, 102), at(1, 101)));
    expect(centre.latitude).toBeCloseTo(0.5, 10);
    expect(centre.longitude).toBeCloseTo(101.5, 10);
  });

  it('of a yard has all its digits', () => {
    const size = 1e-7;
    const { latitude, longitude } = pekanbaru;
    const yard = polygon(
      pekanbaru,
      at(latitude, longitude + size),
      at(latitude + size, longitude + size),
      at(latitude + size, longitude),
    );
    expect(distance(centreOf(yard), at(latitude + size / 2, longitude + size / 2))).toBeLessThan(1e-5);
  });

  it('of a polygon over the 180th meridian is there', () => {
    const centre = centreOf(polygon(at(0, 179), at(0, -179), at(2, -179), at(2, 179)));
    expect(centre.latitude).toBeCloseTo(1, 9);
    expect(Math.abs(centre.longitude)).toBeCloseTo(180, 9);
  });

  it('of a polygon without area, or one that crosses itself, is among its corners', () => {
    const line = centreOf(polygon(at(0, 100), at(1, 101), at(2, 102)));
    expect(line).toEqual({ latitude: 1, longitude: 101 });
    const tie = centreOf(polygon(at(0, 100), at(1.0001, 101), at(1, 100), at(0, 101)));
    expect(tie.latitude).toBeGreaterThanOrEqual(0);
    expect(tie.latitude).toBeLessThanOrEqual(1.0001);
  });

  it('of an arc band is the centroid of its area', () => {
    const { latitude, longitude } = centreOf({ ...band, innerRadius: 0, openingAngle: 180 });
    // A half disc towards the east: 4r/3π from the centre.
    expect(latitude).toBeCloseTo(pekanbaru.latitude, 6);
    expect(distance({ latitude, longitude }, pekanbaru)).toBeCloseTo(424.4, 0);
    expect(longitude).toBeGreaterThan(pekanbaru.longitude);
    const whole = centreOf({ ...band, openingAngle: 360 });
    expect(distance(whole, pekanbaru)).toBeLessThan(1e-6);
  });

  it('of the others is their own', () => {
    expect(centreOf(circle(5))).toEqual(pekanbaru);
    expect(centreOf(point(pekanbaru))).toEqual(pekanbaru);
    expect(centreOf(ellipse)).toEqual(pekanbaru);
  });
});

describe('the radius', () => {
  it('contains the shape', () => {
    expect(radiusOf(point(pekanbaru))).toBe(0);
    expect(radiusOf(circle(45))).toBe(45);
    expect(radiusOf({ type: 'sphere', centre: pekanbaru, altitude: 1, radius: 7 })).toBe(7);
    expect(radiusOf({ ...ellipse, semiMajor: 40, semiMinor: 80 })).toBe(80);
    expect(radiusOf({ ...ellipse, ...solid, type: 'ellipsoid', verticalAxis: 900 })).toBe(80);
    expect(radiusOf({ ...band, openingAngle: 360 })).toBeCloseTo(1000, 3);
    // The corners of half a disc are r·√(1 + (4/3π)²) from its centroid.
    expect(radiusOf({ ...band, innerRadius: 0, openingAngle: 180 })).toBeCloseTo(1086.3, 0);
    expect(radiusOf(polygon(at(0, 100), at(0, 102), at(2, 102), at(2, 100)))).toBeCloseTo(157_250, -2);
  });

  it('at 95 % follows a normal distribution in two dimensions', () => {
    expect(radiusAt95(circle(100), null)).toBe(100);
    expect(radiusAt95(circle(100), 95)).toBe(100);
    expect(radiusAt95(circle(100), 99)).toBe(100);
    expect(radiusAt95(circle(100), 100)).toBe(100);
    expect(radiusAt95(circle(100), 68)).toBeCloseTo(162.1, 1);
    // One standard deviation has 39.35 %, and 95 % is within 2.448.
    expect(radiusAt95(circle(100), 39.3469)).toBeCloseTo(244.8, 1);
    expect(radiusAt95(circle(100), 0)).toBe(maxMetres);
    expect(radiusAt95(circle(100), 1e-12)).toBe(maxMetres);
    expect(radiusAt95(point(pekanbaru), 10)).toBe(0);
  });
});
