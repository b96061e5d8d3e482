import { z } from 'zod';
import type { Dispatch } from '../dispatch.ts';
import type { WithoutCall } from './without-call.ts';

/** As far as it tells that a row is what this program wrote. */
const shape = z.looseObject({
  id: z.string(),
  incidentId: z.string(),
  application: z.string(),
  claimedAt: z.number(),
  begun: z.boolean(),
  dispatches: z.array(z.looseObject({ id: z.string(), agencyId: z.string(), attempts: z.array(z.looseObject({})) })),
  timers: z.record(z.string(), z.number()),
});

/** The state as its owner had it. It comes from our own journal alone, whose types vouch for the rest. */
export const withoutCallSchema = z.custom<WithoutCall & { dispatches: Dispatch[] }>(
  (value) => shape.safeParse(value).success,
);
