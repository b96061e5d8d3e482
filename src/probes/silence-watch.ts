import type { Clock } from '../platform/clock.ts';
import type { Postgres } from '../platform/postgres.ts';
import { isSilent, type CarrierSilence } from './carrier-silence.ts';
import { lastCallAt } from './store.ts';

export interface SilenceWatch {
  /**
   * When the last call of a carrier came, if that is too long ago; null: it is not. Tells of changes against `before`. Rejects
   * when PostgreSQL is away: nothing is known then.
   */
  look(carrier: string, before: number | null): Promise<number | null>;
}

/** Tells of carriers that bring no call. What is on record counts: calls that no controller saw, and no made-up ones. */
export function watchSilence(deps: {
  readonly node: string;
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly settings: () => { readonly carrierSilentMinutes: CarrierSilence; readonly timeZone: string };
  readonly alarm: (code: 'carrier-silent' | 'carrier-heard', detail: Record<string, string>) => void;
}): SilenceWatch {
  const { node, postgres, clock, settings, alarm } = deps;
  // Of a carrier that never brought one, the quiet begins with the watch.
  const began = clock.now();
  return {
    async look(carrier, before) {
      const { carrierSilentMinutes: rule, timeZone } = settings();
      const last = (await lastCallAt(postgres, node, carrier)) ?? before ?? began;
      const silent = isSilent(rule, { at: clock.now(), last, timeZone });
      if (silent && before === null) {
        const minutes = Math.floor((clock.now() - last) / 60_000);
        alarm('carrier-silent', { carrier, since: new Date(last).toISOString(), minutes: String(minutes) });
      }
      if (before === null) return silent ? last : null;
      // It takes a call to be heard again; that another hour has begun, or another limit, does not.
      const off = rule.day === 0 && rule.night === 0;
      if (last === before && !off) return before;
      if (last !== before) alarm('carrier-heard', { carrier, since: new Date(before).toISOString() });
      return null;
    },
  };
}
