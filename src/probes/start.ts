import { Counter, Gauge } from 'prom-client';
import type { AriCommands } from '../asterisk/commands.ts';
import type { Machine } from '../asterisk/machine.ts';
import type { Clock } from '../platform/clock.ts';
import { everyTurn } from '../platform/every-turn.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import { isoTime } from '../platform/text.ts';
import type { CarrierSilence } from './carrier-silence.ts';
import { afterProbe, leads } from './probe.ts';
import { carrierRoutes } from './routes.ts';
import { createProber, readApplications, readCarriers, readWay } from './run.ts';
import { watchSilence } from './silence-watch.ts';
import { readCarrierStates, writeCarrierStates, type CarrierState } from './store.ts';

export interface ProbesDeps {
  readonly node: string;
  readonly rank: number;
  readonly application: string;
  readonly ari: AriCommands;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly postgres: Postgres;
  readonly settings: () => {
    readonly carrierProbeSeconds: number;
    readonly carrierSilentMinutes: CarrierSilence;
    readonly timeZone: string;
  };
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
/** A carrier's silence is counted in minutes. */
const listenEvery = 10_000;

/**
 * Watches the ways of carriers' calls: each is tried by a call that the centre makes to itself, and told of when it brings none.
 * One controller of a node does so.
 */
export function startProbes(deps: ProbesDeps): ProbesRoom {
  const { ari, clock, logger, postgres, node, settings } = deps;
  const prober = createProber(deps);
  const metrics = probeMetrics(deps.metrics);
  const silence = watchSilence(deps);
  const states = new Map<string, CarrierState>();
  let remembers = false;
  /** Since when the next round, and the next look at who brings no call, is waited for. */
  let probedAt = clock.monotonic();
  let listenedAt = clock.monotonic();
  let unprepared = false;
  let stopped = false;

  const mayProbe = (): boolean => !stopped && deps.connected() && !deps.held();
  const stateOf = (carrier: string): CarrierState => states.get(carrier) ?? { carrier, probe: null, silentSince: null };

  const look = async (): Promise<void> => {
    const now = clock.monotonic();
    const every = settings().carrierProbeSeconds * 1_000;
    if (every === 0) probedAt = now;
    const probing = every > 0 && now - probedAt >= every;
    if ((!probing && now - listenedAt < listenEvery) || !mayProbe()) return;
    listenedAt = now;
    if (probing) probedAt = now;
    const [names, carriers] = await Promise.all([readApplications(ari), readCarriers(ari)]);
    if (names === null || carriers === null) return;
    if (!leads(names, deps)) {
      // Whoever leads goes on from what is on record.
      states.clear();
      remembers = false;
      return;
    }
    await remember();
    for (const name of states.keys()) if (!carriers.includes(name)) states.delete(name);
    if (every === 0) for (const carrier of carriers) states.set(carrier, { ...stateOf(carrier), probe: null });
    if (probing) await round(carriers);
    await unlessAway(async () => {
      for (const carrier of carriers) {
        const before = stateOf(carrier);
        states.set(carrier, { ...before, silentSince: await silence.look(carrier, before.silentSince) });
      }
      await writeCarrierStates(postgres, node, [...states.values()]);
    });
  };

  const round = async (carriers: readonly string[]): Promise<void> => {
    const way = await readWay(ari);
    if (way === null && !unprepared && deps.connected())
      logger.warn('Asterisk was rendered by an older version, or does not answer: carriers are not tried');
    unprepared = way === null;
    if (way === null) return;
    for (const carrier of carriers) if (mayProbe()) await one(carrier, way);
  };

  const one = async (carrier: string, way: { at: string; secret: string }): Promise<void> => {
    const result = await prober.probe(carrier, way);
    // What Asterisk's own absence, our own stop or standing still did is no word on the carrier's way.
    if (!mayProbe()) return;
    metrics.observe(carrier, result);
    const state = stateOf(carrier);
    const before = state.probe ?? undefined;
    const { health, alarm } = afterProbe(before, { carrier, at: clock.now(), ...result });
    states.set(carrier, { ...state, probe: health });
    if (alarm === null) return;
    const since = before === undefined ? {} : { since: isoTime(before.since) };
    const tried = `sip:112@${way.at} as carrier-${carrier}`;
    deps.alarm(alarm, { carrier, tried, ...(health.failure === null ? since : { failure: health.failure }) });
  };

  /** What stood before this process, so that it can be taken back. */
  const remember = async (): Promise<void> => {
    if (remembers) return;
    await unlessAway(async () => {
      for (const { node: of, carrier, probe, silentSince } of await readCarrierStates(postgres))
        if (of === node && !states.has(carrier)) states.set(carrier, { carrier, probe, silentSince });
      remembers = true;
    });
  };

  /** With PostgreSQL away it is done the next time. */
  const unlessAway = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
  };

  const stop = everyTurn(clock, lookEvery, look, (error) => logger.error({ err: error }, 'carriers cannot be watched'));
  return {
    take: prober.take,
    owns: prober.owns,
    routes: carrierRoutes(deps),
    state() {
      if (settings().carrierProbeSeconds === 0 || unprepared) return 'off';
      const known = [...states.values()].flatMap(({ probe }) => probe ?? []);
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
