import { z } from 'zod';
import type { Method } from './route.ts';

/** Something that lives in one controller of the node until it is over. */
export interface LiveThing {
  readonly kind: 'call' | 'incident' | 'dispatch' | 'outgoing';
  readonly id: string;
}

/**
 * How a controller has such a thing: `live`: it alone answers for it; `afterwards`: of an incident it has what is left after its
 * call (one that ended a moment ago, dispatches without a call), and answers where nobody has a live call; `no`: not at all.
 */
export type Having = 'live' | 'afterwards' | 'no';

/** What a request is about that another controller of the node may have: a live thing, the waiting line, or every live call. */
export type Subject = LiveThing | { readonly kind: 'line' } | { readonly kind: 'live-calls' };

const things = { callId: 'call', incidentId: 'incident', dispatchId: 'dispatch', outgoingId: 'outgoing' } as const;

/** The line and its operators as they are now belong to the controller that leads; who is on the list stands in PostgreSQL. */
const ofLine: ReadonlySet<string> = new Set([
  'GET /v1/queue',
  'GET /v1/operators',
  'POST /v1/operators/:operatorId/state',
  'POST /v1/operators/:operatorId/session',
  'DELETE /v1/operators/:operatorId/session',
  'POST /v1/outgoing-calls',
]);

/** A route by its method and its path in Express's notation. */
interface Named {
  readonly method: Method;
  readonly path: string;
}

/** Whether another controller may have to answer requests to a route. */
export function mayBeElsewhere({ method, path }: Named): boolean {
  if (ofLine.has(`${method} ${path}`) || path === '/v1/calls') return true;
  return Object.keys(things).some((name) => path.includes(`/:${name}`));
}

const live = z.object({ live: z.stringbool() });
const uuid = z.uuid();

/** What a request is about; null: any controller answers it by itself, also because its id is none. Pure. */
export function subjectOf(route: Named, params: Readonly<Record<string, unknown>>, query: unknown): Subject | null {
  if (ofLine.has(`${route.method} ${route.path}`)) return { kind: 'line' };
  if (route.path === '/v1/calls') return live.safeParse(query).data?.live === true ? { kind: 'live-calls' } : null;
  for (const [name, kind] of Object.entries(things)) {
    const id = uuid.safeParse(params[name]);
    if (route.path.includes(`/:${name}`) && id.success) return { kind, id: id.data };
  }
  return null;
}

/** Another controller of the node, by its socket; the lowest rank leads. */
export interface OtherController {
  readonly rank: number;
  readonly socket: string;
}

/** Who is asked before this controller answers by itself: for the line whoever leads, then the next; else all. Pure. */
export function whomToAsk(
  subject: Subject,
  rank: number,
  others: readonly OtherController[],
): readonly OtherController[] {
  if (subject.kind !== 'line') return others;
  return others.filter((one) => one.rank < rank).sort((a, b) => a.rank - b.rank);
}
