import { z } from 'zod';
import { roles } from '../../platform/auth.ts';
import { etag } from '../../platform/etag.ts';
import { defineRoute, type Route } from '../../platform/route.ts';
import type { StoredMap } from './district-map-store.ts';
import { geoJsonOf, type Area } from './district-map.ts';

const box = z
  .tuple([z.number(), z.number(), z.number(), z.number()])
  .meta({ description: 'West, south, east, north in degrees' });
const areaSchema = z.object({ name: z.string(), box });
const summary = z.object({
  version: z.number().int().meta({ description: '0 while none is stored' }),
  madeUp: z.boolean().meta({ description: 'The borders are invented' }),
  districts: z.array(areaSchema),
  neighbours: z.array(areaSchema).meta({ description: 'Neighbouring 112 centres' }),
});
const geometry = z
  .object({ type: z.literal('FeatureCollection'), madeUp: z.boolean(), features: z.array(z.unknown()) })
  .meta({ description: 'GeoJSON (RFC 7946), fit for the import' });

/** GET /v1/districts. */
export function districtMapRoutes({ current }: { readonly current: () => StoredMap }): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/districts',
      summary: 'The districts and the neighbouring centres of the map; with geometry=true as GeoJSON with all borders',
      roles,
      input: { query: z.object({ geometry: z.stringbool().default(false) }) },
      response: { 200: z.union([summary, geometry]) },
      handler: ({ query }) => {
        const { version, map } = current();
        const headers = { ETag: etag(version) };
        if (query.geometry) return { status: 200, body: geoJsonOf(map), headers };
        const { madeUp, districts, neighbours } = map;
        const body = { version, madeUp, districts: districts.map(boxed), neighbours: neighbours.map(boxed) };
        return { status: 200, body, headers };
      },
    }),
  ];
}

function boxed({ name, box: [west, south, east, north] }: Area): z.output<typeof areaSchema> {
  return { name, box: [west, south, east, north] };
}
