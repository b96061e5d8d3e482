import { Gauge } from 'prom-client';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { AgencyDirectory, Trunk, TrunkHealth, TrunkState } from './agency.ts';
import { healthOf, note, nothingKnown, type Health, type TrunkInput, type TrunkRecord } from './trunk-health.ts';

/** Keeps what is known of every trunk, and tells when one goes down or comes back. */
export interface TrunkWatch {
  tell(trunkId: string, input: TrunkInput): void;
  stateOf(trunkId: string): TrunkState | undefined;
  stop(): void;
}

const lookEvery = 1_000;

export function watchTrunks(deps: {
  directory: () => AgencyDirectory;
  /** Why a trunk cannot be rung at all; null: it can. */
  unusable: (trunk: Trunk) => string | null;
  /** Milliseconds for which Asterisk may hear nothing of a trunk before that alone makes it down. */
  silence: (trunk: Trunk) => number;
  clock: Clock;
  metrics: Metrics;
  changed: (change: { type: 'trunk.down' | 'trunk.up'; trunkId: string; agencyId: string } & Health) => void;
}): TrunkWatch {
  const { clock, directory } = deps;
  const records = new Map<string, TrunkRecord>();
  const told = new Map<string, TrunkHealth>();

  const healthNow = (trunk: Trunk): Health =>
    healthOf(records.get(trunk.id) ?? nothingKnown, clock.now(), deps.silence(trunk));

  const look = (): void => {
    const there = new Set<string>();
    for (const agency of directory().agencies) {
      for (const trunk of agency.trunks) {
        // What cannot be rung yet is missed by nobody: GET /v1/trunks says it.
        if (deps.unusable(trunk) !== null) continue;
        there.add(trunk.id);
        const now = healthNow(trunk);
        const before = told.get(trunk.id);
        told.set(trunk.id, now.health);
        if ((before === 'down') === (now.health === 'down')) continue;
        const type = now.health === 'down' ? 'trunk.down' : 'trunk.up';
        deps.changed({ type, trunkId: trunk.id, agencyId: agency.id, ...now });
      }
    }
    for (const id of told.keys()) if (!there.has(id)) told.delete(id);
    for (const id of records.keys()) if (directory().findTrunk(id) === undefined) records.delete(id);
  };

  const stop: Cancel = clock.every(lookEvery, look);
  new Gauge({
    name: 'siaga_trunks',
    help: 'Trunks of agencies that can be rung, by how they do',
    labelNames: ['health'],
    registers: [deps.metrics.registry],
    collect() {
      this.reset();
      for (const health of ['up', 'down', 'unknown'] as const) {
        this.set({ health }, [...told.values()].filter((one) => one === health).length);
      }
    },
  });

  return {
    tell(trunkId, input) {
      if (directory().findTrunk(trunkId) === undefined) return;
      records.set(trunkId, note(records.get(trunkId) ?? nothingKnown, input));
      look();
    },
    stateOf(trunkId) {
      const trunk = directory().findTrunk(trunkId)?.trunk;
      if (trunk === undefined) return undefined;
      const why = deps.unusable(trunk);
      if (why !== null) return { health: 'down', since: null, why, unusable: true };
      return { ...healthNow(trunk), unusable: false };
    },
    stop,
  };
}
