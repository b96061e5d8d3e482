import { z } from 'zod';
import type { Centre } from './centre.ts';

const applications = z.array(
  z.object({
    name: z.string(),
    endpoint_ids: z.array(z.string()),
    events_disallowed: z.array(z.object({ type: z.string() })),
  }),
);

/** Kinds of events of which Asterisk tells no controller, in order of the alphabet. */
export async function eventsNotTold(centre: Pick<Centre, 'ari'>): Promise<string[]> {
  const all = applications.parse((await centre.ari('GET', 'applications')).body);
  const [first = [], ...others] = all.map((one) => one.events_disallowed.map(({ type }) => type).sort());
  return first.filter((type) => others.every((types) => types.includes(type)));
}

/** The endpoints (`PJSIP/…`) of whose channels Asterisk tells a controller before they are its own. */
export async function endpointsHeard(centre: Pick<Centre, 'ari'>): Promise<string[]> {
  return applications.parse((await centre.ari('GET', 'applications')).body).flatMap((one) => one.endpoint_ids);
}
