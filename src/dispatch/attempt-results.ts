import type { Attempt, Dispatch } from './dispatch.ts';

/** What an attempt says of the trunk it was made on: something was heard of whoever is there, or the trunk failed. */
export type AttemptResult = 'heard' | 'failed';

/** Null: the attempt says nothing of its trunk (yet). */
export function resultOf({ ringingAt, answeredAt, outcome }: Attempt): AttemptResult | null {
  if (ringingAt !== null || answeredAt !== null) return 'heard';
  switch (outcome) {
    case 'accepted':
    case 'declined':
    case 'busy':
    case 'refused':
    case 'not-accepted':
    case 'not-understood':
      return 'heard';
    case 'no-answer':
    case 'unreachable':
      return 'failed';
    // The trunk was not tried, or not until it could have spoken.
    case 'job-lost':
    case 'withdrawn':
    case null:
      return null;
  }
}

/** Told of an attempt under way: it is heard at the latest now, or it has failed. */
const telling: ReadonlySet<string> = new Set(['dispatch.ringing', 'dispatch.announced', 'dispatch.attempt-failed']);

/** What an entry of a call's journal has to say of trunks: one result for each attempt that its facts tell of. */
export function attemptResults({
  facts,
  state,
}: {
  readonly facts: readonly { readonly type: string; readonly detail: Readonly<Record<string, unknown>> }[];
  readonly state: { readonly dispatches: readonly Dispatch[] };
}): { trunkId: string; result: AttemptResult }[] {
  return facts.flatMap(({ type, detail }) => {
    if (!telling.has(type)) return [];
    const dispatch = state.dispatches.find(({ id }) => id === detail['dispatchId']);
    const attempts = dispatch?.attempts.filter(({ trunkId }) => trunkId === detail['trunkId']) ?? [];
    const attempt = attempts.find(({ number }) => number === detail['attempt']) ?? attempts.at(-1);
    const result = attempt === undefined ? null : resultOf(attempt);
    return attempt === undefined || result === null ? [] : [{ trunkId: attempt.trunkId, result }];
  });
}
