import type { Clock } from '../platform/clock.ts';

/** How often each operator called the outside in the last hour; in memory, and bounded. */
export interface HourlyCounters {
  count(operatorId: string): void;
  lastHour(operatorId: string): number;
}

const hour = 3_600_000;
/** No setting allows more in an hour. */
const keptTimes = 500;
const keptOperators = 2_000;

export function createHourlyCounters(clock: Clock): HourlyCounters {
  const times = new Map<string, number[]>();
  const recent = (operatorId: string): number[] =>
    (times.get(operatorId) ?? []).filter((at) => clock.monotonic() - at < hour);

  return {
    count(operatorId) {
      const kept = [...recent(operatorId), clock.monotonic()].slice(-keptTimes);
      // Whoever called last stands last.
      times.delete(operatorId);
      times.set(operatorId, kept);
      const oldest = times.size > keptOperators ? times.keys().next().value : undefined;
      if (oldest !== undefined) times.delete(oldest);
    },
    lastHour: (operatorId) => recent(operatorId).length,
  };
}
