import { Gauge } from 'prom-client';
import type { Clock } from '../platform/clock.ts';
import type { Health } from '../platform/http.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { isoTime } from '../platform/text.ts';
import { decideModes, modesOf, noModes, type ModeState } from './decide.ts';
import type { Mode, Seen } from './mode.ts';

/** What a process knows of itself, at any moment. */
export interface Condition {
  readonly ready: () => boolean;
  /** Each part by name: whether it is well now, without any patience. */
  readonly parts: () => Record<string, string>;
  readonly seen: () => Seen;
}

const lookEvery = 500;

/**
 * Watches the degraded modes of a process from `begin` on, and tells of each that begins or ends: in the log, in the metric
 * `siaga_degraded`, and by `publish`.
 */
export function startHealth(deps: {
  condition: Condition;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  publish?: (type: string, detail: Record<string, unknown>) => void;
  began?: (mode: Mode) => void;
}): { health: () => Health; begin: () => void; stop: () => void } {
  const { condition, clock, logger } = deps;
  let state: ModeState = noModes;
  let stop = (): void => undefined;

  const look = (): void => {
    const looked = decideModes(state, condition.seen(), clock.now());
    state = looked.state;
    for (const { type, mode, since, meaning, ...rest } of looked.told) {
      const until = 'until' in rest ? { until: isoTime(rest.until) } : {};
      const detail = { mode, since: isoTime(since), ...until, meaning };
      if (type === 'mode.began') logger.warn(detail, type);
      else logger.info(detail, type);
      deps.publish?.(type, detail);
      if (type === 'mode.began') deps.began?.(mode);
    }
  };

  new Gauge({
    name: 'siaga_degraded',
    help: 'Whether the process is in a degraded mode',
    labelNames: ['mode'],
    registers: [deps.metrics.registry],
    collect() {
      const now = new Set(modesOf(state).map(({ mode }) => mode as string));
      for (const mode of Object.keys(condition.seen())) this.set({ mode }, now.has(mode) ? 1 : 0);
    },
  });

  return {
    health: () => ({
      ready: condition.ready(),
      parts: condition.parts(),
      modes: modesOf(state).map((one) => ({ ...one, since: isoTime(one.since) })),
    }),
    begin() {
      stop();
      stop = clock.every(lookEvery, look);
    },
    stop: () => stop(),
  };
}
