import { Counter, Gauge } from 'prom-client';
import type { AriCommands } from '../asterisk/commands.ts';
import type { Machine } from '../asterisk/machine.ts';
import type { Clock } from '../platform/clock.ts';
import { everyTurn } from '../platform/every-turn.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import { afterProbe, leads, type ProbeHealth } from './probe.ts';
import { carrierRoutes } from './routes.ts';
import { createProber, readApplications, readCarriers, readWay } from './run.ts';
import { readProbes, writeProbes } from './store.ts';

export interface ProbesDeps {
  readonly node: string;
  readonly rank: number;
  readonly application: string;
  readonly ari: AriCommands;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly postgres: Postgres;
  readonly settings: () => { readonly carrierProbeSeconds: number };
  readonly connected: () => boolean;
  /** True while nobody knows what happened during a pause of the process. */
  readonly held: () => boolean;
  readonly alarm: (code: string, detail: Record<string, string>) => void;
}

export interface ProbesRoom extends Machine {
  readonly routes: Route[];
  /** What `/readyz` says: `off` also of a controller that does not lead. */
  readonly state: () => 'off' | 'unknown' | 'up' | 'failing';
  readonly stop: () => void;
}

const lookEvery = 1_000;

/** Tries the way of each carrier's calls by a call that the centre makes to itself. */
export function startProbes(deps: ProbesDeps): ProbesRoom {
  const { ari, clock, logger, postgres, node, settings } = deps;
  const prober = createProber(deps);
  const metrics = probeMetrics(deps.metrics);
  let healths = new Map<string, ProbeHealth>();
  let remembers = false;
  /** Since when this controller waits for its next round; null: it does not probe. */
  let waitsSince: number | null = null;
  let unprepared = false;
  let stopped = false;

  const mayProbe = (): boolean => !stopped && deps.connected() && !deps.held();

  const look = async (): Promise<void> => {
    const every = settings().carrierProbeSeconds * 1_000;
    if (every === 0) {
      waitsSince = null;
      healths = new Map();
      return;
    }
    const now = clock.monotonic();
    waitsSince ??= now;
    if (now - waitsSince < every || !mayProbe()) return;
    waitsSince = now;
    const names = await readApplications(ari);
    if (names === null) return;
    if (leads(names, deps)) await round();
    else healths = new Map();
  };

  const round = async (): Promise<void> => {
    const [carriers, way] = await Promise.all([readCarriers(ari), readWay(ari)]);
    if (way === null && !unprepared && deps.connected())
      logger.warn('Asterisk was rendered by an older version, or does not answer: carriers are not tried');
    unprepared = way === null;
    if (carriers === null || way === null) return;
    await remember();
    for (const name of healths.keys()) if (!carriers.includes(name)) healths.delete(name);
    for (const carrier of carriers) if (mayProbe()) await one(carrier, way);
    await write();
  };

  const one = async (carrier: string, way: { at: string; secret: string }): Promise<void> => {
    const result = await prober.probe(carrier, way);
    // What Asterisk's own absence, our own stop or standing still did is no word on the carrier's way.
    if (!mayProbe()) return;
    metrics.observe(carrier, result);
    const before = healths.get(carrier);
    const { health, alarm } = afterProbe(before, { carrier, at: clock.now(), ...result });
    healths.set(carrier, health);
    if (alarm === null) return;
    const since = before === undefined ? {} : { since: new Date(before.since).toISOString() };
    const tried = `sip:112@${way.at} as carrier-${carrier}`;
    deps.alarm(alarm, { carrier, tried, ...(health.failure === null ? since : { failure: health.failure }) });
  };

  /** What stood before this process, so that it can be taken back. */
  const remember = async (): Promise<void> => {
    if (remembers) return;
    try {
      for (const { node: of, ...health } of await readProbes(postgres))
        if (of === node && !healths.has(health.carrier)) healths.set(health.carrier, health);
      remembers = true;
    } catch (error) {
      if (!isUnavailable(error)) throw error; // with PostgreSQL away, later
    }
  };

  const write = async (): Promise<void> => {
    try {
      await writeProbes(postgres, node, [...healths.values()]);
    } catch (error) {
      if (!isUnavailable(error)) throw error; // the next round writes what is known then
    }
  };

  const stop = everyTurn(clock, lookEvery, look, (error) => logger.error({ err: error }, 'carriers cannot be tried'));
  return {
    take: prober.take,
    owns: prober.owns,
    routes: carrierRoutes(deps),
    state() {
      if (settings().carrierProbeSeconds === 0 || unprepared) return 'off';
      const known = [...healths.values()];
      if (known.length === 0) return deps.rank === 0 ? 'unknown' : 'off';
      return known.some(({ failure }) => failure !== null) ? 'failing' : 'up';
    },
    stop() {
      stopped = true;
      stop();
    },
  };
}

function probeMetrics({ registry }: Metrics): {
  observe: (carrier: string, result: { failure: string | null; milliseconds: number }) => void;
} {
  const probes = new Counter({
    name: 'siaga_probes_total',
    help: 'Made-up calls through the ways of carriers, by how they ended',
    labelNames: ['carrier', 'result'],
    registers: [registry],
  });
  const well = new Gauge({
    name: 'siaga_probe_well',
    help: '1: the latest made-up call through the way of this carrier came through',
    labelNames: ['carrier'],
    registers: [registry],
  });
  const took = new Gauge({
    name: 'siaga_probe_seconds',
    help: 'How long the latest made-up call through the way of this carrier took',
    labelNames: ['carrier'],
    registers: [registry],
  });
  return {
    observe(carrier, { failure, milliseconds }) {
      probes.inc({ carrier, result: failure ?? 'through' });
      well.set({ carrier }, failure === null ? 1 : 0);
      took.set({ carrier }, milliseconds / 1_000);
    },
  };
}
