import { z } from 'zod';
import { isoTimeOrNull } from '../platform/text.ts';
import { responderOf, responderView } from '../responders/responder-view.ts';
import { furthest, type ResponseStep } from '../responders/response.ts';
import { clockNames, clockState, type SopClock } from '../sop/sop-clock.ts';
import { dispatchView, type DispatchView } from './store.ts';

/**
 * A dispatch with what outlives its call: the crew that the agency sent, and the clocks of its operating procedure. Both are
 * null while PostgreSQL is away.
 */
export const followedView = dispatchView.extend({
  responder: responderView.nullable(),
  sop: z
    .array(
      z.object({
        clock: z.enum(clockNames),
        state: clockState,
        startedAt: z.string().nullable(),
        dueAt: z.string().nullable(),
        endedAt: z.string().nullable(),
      }),
    )
    .nullable(),
});
export type FollowedView = z.output<typeof followedView>;

/** What outlives the calls of dispatches; undefined while it cannot be read. */
export type Follow = (
  dispatchIds: readonly string[],
) => Promise<{ steps: ReadonlyMap<string, readonly ResponseStep[]>; clocks: readonly SopClock[] } | undefined>;

/** Dispatches as REST shows them; where a crew is says more than that the agency's leg is over. */
export async function followed(views: readonly DispatchView[], follow: Follow): Promise<FollowedView[]> {
  const known = await follow(views.map(({ id }) => id));
  return views.map((view) => {
    if (known === undefined) return { ...view, responder: null, sop: null };
    const steps = known.steps.get(view.id) ?? [];
    const last = furthest(steps)?.state ?? null;
    const shown = view.endedAt !== null && last !== null && last !== 'acknowledged' ? last : view.state;
    const sop = known.clocks.filter(({ dispatchId }) => dispatchId === view.id).map(clockView);
    return { ...view, state: shown, responder: responderOf(steps), sop };
  });
}

function clockView({ clock, state, startedAt, dueAt, endedAt }: SopClock) {
  return {
    clock,
    state,
    startedAt: isoTimeOrNull(startedAt),
    dueAt: isoTimeOrNull(dueAt),
    endedAt: isoTimeOrNull(endedAt),
  };
}
