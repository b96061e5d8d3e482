import { z } from 'zod';
import { fixSources } from './fix.ts';

/** The types of fix.ts and location.ts as they stand in PostgreSQL, in messages between processes, and in the API. */

export const positionSchema = z.object({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
});

const centre = positionSchema;
const length = z.number();

const shapeSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('point'), position: positionSchema, altitude: z.number().nullable() }),
  z.object({ type: z.literal('circle'), centre, radius: length }),
  z.object({ type: z.literal('ellipse'), centre, semiMajor: length, semiMinor: length, orientation: z.number() }),
  z.object({ type: z.literal('polygon'), corners: z.array(positionSchema) }),
  z.object({
    type: z.literal('arc-band'),
    centre,
    innerRadius: length,
    outerRadius: length,
    startAngle: z.number(),
    openingAngle: z.number(),
  }),
  z.object({ type: z.literal('sphere'), centre, altitude: z.number(), radius: length }),
  z.object({
    type: z.literal('ellipsoid'),
    centre,
    altitude: z.number(),
    semiMajor: length,
    semiMinor: length,
    verticalAxis: length,
    orientation: z.number(),
  }),
  z.object({ type: z.literal('prism'), corners: z.array(positionSchema), altitude: z.number(), height: length }),
]);

const placeSchema = z.object({
  district: z.string().nullable(),
  certain: z.boolean(),
  outside: z.boolean(),
  neighbour: z.string().nullable(),
  madeUp: z.boolean(),
});

export const sightingSchema = z.object({
  method: z.string().nullable(),
  shape: shapeSchema.nullable(),
  civic: z.record(z.string(), z.string()).nullable(),
  confidence: z.number().nullable(),
  at: z.number().nullable(),
});

export const fixSchema = sightingSchema.extend({
  id: z.string(),
  source: z.enum(fixSources),
  receivedAt: z.number(),
  place: placeSchema.nullable(),
  detail: z.record(z.string(), z.string()),
  madeUp: z.boolean(),
});

export const bestFixSchema = z.object({
  fixId: z.string(),
  source: z.enum(fixSources),
  method: z.string().nullable(),
  position: positionSchema.nullable(),
  /** Metres, at 95%. */
  radius: z.number().nullable(),
  address: z.string().nullable(),
  district: z.string().nullable(),
  districtCertain: z.boolean(),
  outside: z.boolean(),
  neighbour: z.string().nullable(),
  at: z.number(),
  madeUp: z.boolean(),
  reason: z.string(),
});

const cell = z.object({
  radio: z.enum(['GSM', 'UMTS', 'LTE', 'NR']),
  mcc: z.number(),
  mnc: z.number(),
  area: z.number(),
  cell: z.number(),
});

export const networkSchema = z.object({
  header: z.enum(['P-Access-Network-Info', 'Cellular-Network-Info']),
  accessType: z.string(),
  networkProvided: z.boolean(),
  mcc: z.string().nullable(),
  mnc: z.string().nullable(),
  cellId: z.string().nullable(),
  cell: cell.nullable(),
  accessPoint: z.string().nullable(),
  /** Seconds. */
  age: z.number().nullable(),
});

/** A call's location in its row; the fixes have a table of their own. */
export const storedLocation = z.object({
  best: bestFixSchema.nullable(),
  networks: z.array(networkSchema),
  unusable: z.array(z.object({ source: z.string(), reason: z.string(), at: z.number() })),
});
