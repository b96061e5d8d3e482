import type { Clock } from '../platform/clock.ts';

/** How often each operator called the outside in the last hour; in memory, and bounded. */
export interface HourlyCounters {
  /** Counts a call once, however often it is told; `at` is when it began, in epoch milliseconds. */
  count(operatorId: string, call: { readonly id: string; readonly at: number }): void;
  lastHour(operatorId: string): number;
}

const hour = 3_600_000;
/** No setting allows more in an hour. */
const keptCalls = 500;
const keptOperators = 2_000;

export function createHourlyCounters(clock: Clock): HourlyCounters {
  // When each call began on the clock that nobody sets, by its id.
  const calls = new Map<string, Map<string, number>>();
  const recent = (operatorId: string): Map<string, number> =>
    new Map([...(calls.get(operatorId) ?? [])].filter(([, at]) => clock.monotonic() - at < hour));

  return {
    count(operatorId, { id, at }) {
      const kept = recent(operatorId);
      if (!kept.has(id)) kept.set(id, clock.monotonic() - Math.max(0, clock.now() - at));
      // Whoever called last stands last.
      calls.delete(operatorId);
      calls.set(operatorId, new Map([...kept].slice(-keptCalls)));
      const oldest = calls.size > keptOperators ? calls.keys().next().value : undefined;
      if (oldest !== undefined) calls.delete(oldest);
    },
    lastHour: (operatorId) => recent(operatorId).size,
  };
}
