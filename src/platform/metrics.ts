import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** The process's own metrics. Rooms register what they measure on `registry`. */
export interface Metrics {
  readonly registry: Registry;
  /** Duration of HTTP requests in seconds, by route, method and status. */
  readonly httpDuration: Histogram<'route' | 'method' | 'status'>;
}

/** A fresh registry, never the global one, so that two servers in one process do not share counters. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'siaga_process_' });
  const httpDuration = new Histogram({
    name: 'siaga_http_request_duration_seconds',
    help: 'Duration of HTTP requests',
    labelNames: ['route', 'method', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  return { registry, httpDuration };
}
