import { Gauge } from 'prom-client';
import type { Clock } from './clock.ts';
import type { Metrics } from './metrics.ts';

/** Whether this process keeps up with what it has to do. */
export interface LoadWatch {
  /** True from two seconds in which it was late all the time until two in which it never was. */
  readonly overloaded: () => boolean;
  /** Watches from now on: how busy the start was says nothing. */
  readonly begin: () => void;
  readonly stop: () => void;
}

/** How much there was to do in one interval. */
export interface LoadSample {
  /** The longest that a timer came late, in milliseconds. */
  readonly late: number;
  /** Commands that Asterisk has not answered, waiting for a place in the pool among them. */
  readonly waiting: number;
}

/** The last two samples and intervals decide; times in milliseconds that never go back. */
export interface Load {
  readonly overloaded: boolean;
  /** Since when every sample has said the contrary of `overloaded`. */
  readonly contrarySince: number | null;
}

/** A caller is offered for a second: who is half of it late all the time serves nobody well. */
export const lateFrom = 500;
/** Three times what the pool of commands carries at once. */
export const waitingFrom = 96;
export const holdsFor = 2_000;
const tickEvery = 50;
const sampleEvery = 500;

export const unloaded: Load = { overloaded: false, contrarySince: null };

/** Takes one sample: what holds for two seconds without a break is believed. */
export function decideLoad(load: Load, { late, waiting }: LoadSample, at: number): Load {
  const behind = late >= lateFrom || waiting >= waitingFrom;
  if (behind === load.overloaded) return { ...load, contrarySince: null };
  const contrarySince = load.contrarySince ?? at;
  return at - contrarySince < holdsFor ? { ...load, contrarySince } : { overloaded: behind, contrarySince: null };
}

/** `waiting` is asked at each sample. */
export function watchLoad(deps: { clock: Clock; metrics: Metrics; waiting: () => number }): LoadWatch {
  const { clock, waiting } = deps;
  new Gauge({
    name: 'siaga_commands_under_way',
    help: 'Commands that Asterisk has not answered yet',
    registers: [deps.metrics.registry],
    collect() {
      this.set(waiting());
    },
  });
  let load = unloaded;
  let tickedAt = clock.monotonic();
  let sampledAt = tickedAt;
  let late = 0;

  const tick = (): void => {
    const now = clock.monotonic();
    late = Math.max(late, now - tickedAt - tickEvery);
    tickedAt = now;
    if (now - sampledAt < sampleEvery) return;
    load = decideLoad(load, { late, waiting: waiting() }, now);
    sampledAt = now;
    late = 0;
  };
  const stop = clock.every(tickEvery, tick);
  return {
    overloaded: () => load.overloaded,
    begin() {
      load = unloaded;
      tickedAt = sampledAt = clock.monotonic();
      late = 0;
    },
    stop,
  };
}
