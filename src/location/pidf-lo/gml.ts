import type { Position, Shape } from '../fix.ts';
import { quoted } from '../plain-text.ts';
import { refusalOf } from '../shape.ts';

/**
 * A shape by the names of GML and of RFC 5491 (section 5), whatever carried them: XML, or Asterisk's list of names and values.
 * Positions are latitude, longitude and where given altitude; lengths are metres, angles degrees.
 */
export interface GmlShape {
  readonly name: string;
  readonly positions: readonly (readonly number[])[];
  readonly lengths: ReadonlyMap<string, number>;
  readonly angles: ReadonlyMap<string, number>;
}

const gmlShapes = ['Point', 'Polygon', 'Circle', 'Ellipse', 'ArcBand', 'Sphere', 'Ellipsoid', 'Prism'] as const;
type GmlShapeName = (typeof gmlShapes)[number];
const names: ReadonlySet<string> = new Set(gmlShapes);
const lengthNames: ReadonlySet<string> = new Set([
  'radius',
  'innerRadius',
  'outerRadius',
  'semiMajorAxis',
  'semiMinorAxis',
  'verticalAxis',
  'height',
]);
const angleNames: ReadonlySet<string> = new Set(['orientation', 'startAngle', 'openingAngle']);

export function isGmlShape(name: string): boolean {
  return names.has(name);
}

export function isLength(name: string): boolean {
  return lengthNames.has(name);
}

export function isAngle(name: string): boolean {
  return angleNames.has(name);
}

/** A decimal number as XML Schema writes doubles, without NaN and INF; null for anything else. */
export function decimal(text: string): number | null {
  if (text.length > 40 || !/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return null;
  const number = Number(text);
  // -0 would be written back as 0.
  return Number.isFinite(number) ? number + 0 : null;
}

/** A list of numbers between spaces, cut into positions of `dimension` numbers; a reason where it is none. */
export function positionsIn(list: string, dimension: number): number[][] | string {
  const words = list.split(/\s+/).filter((word) => word !== '');
  const numbers: number[] = [];
  for (const word of words) {
    const number = decimal(word);
    if (number === null) return `${quoted(word)} is not a coordinate`;
    numbers.push(number);
  }
  if (numbers.length === 0) return 'there are no coordinates in a position';
  if (numbers.length % dimension !== 0)
    return `${numbers.length} numbers are no positions of ${dimension} numbers each`;
  return Array.from({ length: numbers.length / dimension }, (_, index) =>
    numbers.slice(index * dimension, (index + 1) * dimension),
  );
}

/** One position of two or three numbers; a reason where it is none. */
export function positionIn(list: string): number[][] | string {
  const numbers = positionsIn(list, 1);
  if (typeof numbers === 'string') return numbers;
  if (numbers.length !== 2 && numbers.length !== 3) return `${numbers.length} numbers are not one position`;
  return [numbers.flat()];
}

/**
 * The shape, checked; or why it is none. A solid without an altitude is taken for what it covers on the ground: sphere, ellipsoid
 * and prism become circle, ellipse and polygon. The altitude of a flat shape is left out.
 */
export function shapeOf(gml: GmlShape): Shape | string {
  const shape = built(gml);
  if (typeof shape === 'string') return shape;
  const refusal = refusalOf(shape);
  return refusal === null ? shape : `the ${gml.name} is refused: ${refusal}`;
}

function built(gml: GmlShape): Shape | string {
  if (gml.name === 'Polygon' || gml.name === 'Prism') return ofCorners(gml);
  const [centre, ...others] = gml.positions;
  if (centre === undefined) return `the ${gml.name} has no position`;
  if (others.length > 0) return `the ${gml.name} has more than one position`;
  return ofCentre(gml, positionOf(centre), centre[2] ?? null);
}

function ofCorners({ name, positions, lengths }: GmlShape): Shape | string {
  const all = positions.map(positionOf);
  const [start] = all;
  const end = all.at(-1);
  const closed = start !== undefined && end !== undefined && all.length > 1 && isSame(start, end);
  const corners = closed ? all.slice(0, -1) : all;
  const altitude = positions[0]?.[2];
  if (name === 'Polygon' || altitude === undefined) return { type: 'polygon', corners };
  const height = lengths.get('height');
  return height === undefined ? missing(name, 'height') : { type: 'prism', corners, altitude, height };
}

function ofCentre({ name, lengths, angles }: GmlShape, centre: Position, altitude: number | null): Shape | string {
  switch (name) {
    case 'Point':
      return { type: 'point', position: centre, altitude };
    case 'Circle':
    case 'Sphere': {
      const radius = lengths.get('radius');
      if (radius === undefined) return missing(name, 'radius');
      return name === 'Circle' || altitude === null
        ? { type: 'circle', centre, radius }
        : { type: 'sphere', centre, altitude, radius };
    }
    case 'Ellipse':
    case 'Ellipsoid': {
      const semiMajor = lengths.get('semiMajorAxis');
      const semiMinor = lengths.get('semiMinorAxis');
      const verticalAxis = lengths.get('verticalAxis');
      const orientation = angles.get('orientation');
      if (semiMajor === undefined) return missing(name, 'semiMajorAxis');
      if (semiMinor === undefined) return missing(name, 'semiMinorAxis');
      if (orientation === undefined) return missing(name, 'orientation');
      if (name === 'Ellipse' || altitude === null)
        return { type: 'ellipse', centre, semiMajor, semiMinor, orientation };
      if (verticalAxis === undefined) return missing(name, 'verticalAxis');
      return { type: 'ellipsoid', centre, altitude, semiMajor, semiMinor, verticalAxis, orientation };
    }
    case 'ArcBand': {
      const innerRadius = lengths.get('innerRadius');
      const outerRadius = lengths.get('outerRadius');
      const startAngle = angles.get('startAngle');
      const openingAngle = angles.get('openingAngle');
      if (innerRadius === undefined) return missing(name, 'innerRadius');
      if (outerRadius === undefined) return missing(name, 'outerRadius');
      if (startAngle === undefined) return missing(name, 'startAngle');
      if (openingAngle === undefined) return missing(name, 'openingAngle');
      return { type: 'arc-band', centre, innerRadius, outerRadius, startAngle, openingAngle };
    }
    default:
      return `${quoted(name)} is not a shape of RFC 5491`;
  }
}

/** The shape by the names of GML: what `shapeOf` reads back to the same. The ring of a polygon is closed, as GML wants it. */
export function gmlOf(shape: Shape): GmlShape & { readonly name: GmlShapeName } {
  switch (shape.type) {
    case 'point':
      return gml('Point', [numbersOf(shape.position, shape.altitude)]);
    case 'circle':
      return gml('Circle', [numbersOf(shape.centre, null)], { radius: shape.radius });
    case 'sphere':
      return gml('Sphere', [numbersOf(shape.centre, shape.altitude)], { radius: shape.radius });
    case 'ellipse':
    case 'ellipsoid': {
      const axes = { semiMajorAxis: shape.semiMajor, semiMinorAxis: shape.semiMinor };
      const angles = { orientation: shape.orientation };
      return shape.type === 'ellipse'
        ? gml('Ellipse', [numbersOf(shape.centre, null)], axes, angles)
        : gml(
            'Ellipsoid',
            [numbersOf(shape.centre, shape.altitude)],
            { ...axes, verticalAxis: shape.verticalAxis },
            angles,
          );
    }
    case 'arc-band':
      return gml(
        'ArcBand',
        [numbersOf(shape.centre, null)],
        { innerRadius: shape.innerRadius, outerRadius: shape.outerRadius },
        { startAngle: shape.startAngle, openingAngle: shape.openingAngle },
      );
    case 'polygon':
      return gml('Polygon', ring(shape.corners, null));
    case 'prism':
      return gml('Prism', ring(shape.corners, shape.altitude), { height: shape.height });
  }
}

function gml(
  name: GmlShapeName,
  positions: readonly (readonly number[])[],
  lengths: Readonly<Record<string, number>> = {},
  angles: Readonly<Record<string, number>> = {},
): GmlShape & { readonly name: GmlShapeName } {
  return { name, positions, lengths: new Map(Object.entries(lengths)), angles: new Map(Object.entries(angles)) };
}

function ring(corners: readonly Position[], altitude: number | null): number[][] {
  return [...corners, ...corners.slice(0, 1)].map((corner) => numbersOf(corner, altitude));
}

function numbersOf({ latitude, longitude }: Position, altitude: number | null): number[] {
  return altitude === null ? [latitude, longitude] : [latitude, longitude, altitude];
}

function positionOf(numbers: readonly number[]): Position {
  return { latitude: numbers[0] ?? Number.NaN, longitude: numbers[1] ?? Number.NaN };
}

function isSame(a: Position, b: Position): boolean {
  return a.latitude === b.latitude && a.longitude === b.longitude;
}

function missing(shape: string, part: string): string {
  return `the ${shape} has no ${part}`;
}
