import { z } from 'zod';

/** What a crew says of itself, in the order in which it can happen. */
export const responseStates = ['acknowledged', 'en-route', 'on-scene', 'done'] as const;
export const responseState = z.enum(responseStates);
export type ResponseState = (typeof responseStates)[number];

/** One step that a crew has told. `at`: epoch milliseconds. */
export interface ResponseStep {
  readonly state: ResponseState;
  readonly at: number;
}

/** How far a crew is; null when it has said nothing. */
export function furthest(steps: readonly ResponseStep[]): ResponseStep | null {
  return steps.reduce<ResponseStep | null>(
    (last, step) => (last === null || rank(step.state) > rank(last.state) ? step : last),
    null,
  );
}

/**
 * What comes of a crew that says where it is: a step that is `new`, one that it has told before (`same`), or one `behind` the
 * step where it is. Steps that were passed over are not made up: the later one implies them.
 */
export function decideResponse(
  steps: readonly ResponseStep[],
  wanted: ResponseState,
): { result: 'new' } | { result: 'same'; at: number } | { result: 'behind'; state: ResponseState } {
  const last = furthest(steps);
  if (last === null || rank(last.state) < rank(wanted)) return { result: 'new' };
  return last.state === wanted ? { result: 'same', at: last.at } : { result: 'behind', state: last.state };
}

/** When it was at least as far as this; null when it is not. */
export function reachedAt(steps: readonly ResponseStep[], wanted: ResponseState): number | null {
  const times = steps.filter(({ state }) => rank(state) >= rank(wanted)).map(({ at }) => at);
  return times.length === 0 ? null : Math.min(...times);
}

function rank(state: ResponseState): number {
  return responseStates.indexOf(state);
}
