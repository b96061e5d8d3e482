import type { Clock } from '../platform/clock.ts';

const minute = 60_000;
const keptClients = 1_000;

/** Lets each client report so often within a minute. In memory: every controller counts for itself. */
export function createReportLimit(clock: Clock, perMinute: number): { take(clientId: string): boolean } {
  const reported = new Map<string, number[]>();
  return {
    take(clientId) {
      const now = clock.monotonic();
      const recent = (reported.get(clientId) ?? []).filter((at) => now - at < minute);
      const allowed = recent.length < perMinute;
      // Whoever reported last stands last.
      reported.delete(clientId);
      reported.set(clientId, allowed ? [...recent, now] : recent);
      const oldest = reported.size > keptClients ? reported.keys().next().value : undefined;
      if (oldest !== undefined) reported.delete(oldest);
      return allowed;
    },
  };
}
