import { z } from 'zod';
import { isoTimeOrNull } from '../platform/text.ts';
import { furthest, responseState, type ResponseStep } from './response.ts';

/** Where a crew is, and when it told each step; null for those that it passed over or has before it. */
export const responderView = z.object({
  state: responseState.nullable(),
  acknowledgedAt: z.string().nullable(),
  enRouteAt: z.string().nullable(),
  onSceneAt: z.string().nullable(),
  doneAt: z.string().nullable(),
});

export function responderOf(steps: readonly ResponseStep[]): z.output<typeof responderView> {
  const at = (state: ResponseStep['state']): string | null =>
    isoTimeOrNull(steps.find((step) => step.state === state)?.at ?? null);
  return {
    state: furthest(steps)?.state ?? null,
    acknowledgedAt: at('acknowledged'),
    enRouteAt: at('en-route'),
    onSceneAt: at('on-scene'),
    doneAt: at('done'),
  };
}
