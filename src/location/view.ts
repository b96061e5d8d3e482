import { z } from 'zod';
import { isoTime, isoTimeOrNull } from '../platform/text.ts';
import type { BestFix } from './best-fix.ts';
import type { Fix } from './fix.ts';
import type { CallLocation } from './location.ts';
import { bestFixSchema, fixSchema, networkSchema } from './schema.ts';

const fixView = fixSchema.extend({ at: z.string().nullable(), receivedAt: z.string() });
export const bestFixView = bestFixSchema.extend({ at: z.string() });

export const locationView = z.object({
  best: bestFixView.nullable(),
  /** In the order in which they came. */
  fixes: z.array(fixView),
  unusable: z.array(z.object({ source: z.string(), reason: z.string(), at: z.string() })),
  networks: z.array(networkSchema),
});
export type LocationView = z.output<typeof locationView>;

export const emptyLocationView: LocationView = { best: null, fixes: [], unusable: [], networks: [] };

export function viewOfLocation(location: CallLocation): LocationView {
  return {
    best: location.best === null ? null : viewOfBest(location.best),
    fixes: location.fixes.map(viewOfFix),
    unusable: location.unusable.map((one) => ({ ...one, at: isoTime(one.at) })),
    networks: location.networks.map((network) => networkSchema.parse(network)),
  };
}

export function viewOfBest(best: BestFix): z.output<typeof bestFixView> {
  return bestFixView.parse({ ...best, at: isoTime(best.at) });
}

function viewOfFix(fix: Fix): z.output<typeof fixView> {
  return fixView.parse({ ...fix, at: isoTimeOrNull(fix.at), receivedAt: isoTime(fix.receivedAt) });
}
