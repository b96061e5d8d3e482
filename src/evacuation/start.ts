import type { AriCommands } from '../asterisk/commands.ts';
import type { RecordAudit } from '../audit/audit.ts';
import { auditLater } from '../audit/later.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import { isoTime } from '../platform/text.ts';
import type { Settings } from '../settings/setting.ts';
import { asteriskDatabase } from './asterisk-database.ts';
import { backupCentreAddress, noWay, type Able, type Evacuation } from './evacuation.ts';
import { evacuationRoutes } from './routes.ts';
import { watchEvacuation } from './watch.ts';

export interface EvacuationRoom {
  readonly routes: Route[];
  /** Asterisk is there again, or settings changed: what it has is looked at, and kept in step. */
  readonly look: () => void;
  readonly evacuated: () => boolean;
  /** Why settings would leave callers no way to anybody. */
  readonly refuses: (settings: Settings) => string | undefined;
  readonly stop: () => Promise<void>;
}

/** Sends all new calls to another centre; whoever began it, and whether or not a controller is there. */
export function startEvacuation(deps: {
  ari: AriCommands;
  postgres: Postgres;
  audit: RecordAudit;
  clock: Clock;
  logger: Logger;
  connected: () => boolean;
  settings: () => Settings;
  /** The operators with their skills and languages; null when they are not known. */
  able: () => readonly Able[] | null;
  /** Who is logged in at the desk of an account. */
  operatorAt: (account: string) => { id: string; name: string } | null;
  told: (type: 'evacuation.began' | 'evacuation.ended', detail: Record<string, unknown>) => void;
  alarm: (code: string, detail: Record<string, string | null>) => void;
}): EvacuationRoom {
  const { clock, logger } = deps;
  const database = asteriskDatabase(deps.ari);
  const audit = auditLater(deps);
  let reason: string | null = null;

  const changed = (now: Evacuation, before: Evacuation | null): void => {
    const { evacuated, since, by } = now;
    const given = reason;
    reason = null;
    const byPhone = by?.startsWith('op-') === true ? by : null;
    const operator = byPhone === null ? null : deps.operatorAt(byPhone);
    const from = since === null ? null : isoTime(since);
    if (before !== null) {
      const detail = { by, operatorId: operator?.id ?? null, since: from, reason: given };
      deps.told(evacuated ? 'evacuation.began' : 'evacuation.ended', detail);
      logger.warn({ evacuated, by }, evacuated ? 'new calls go to the backup centre' : 'calls come here again');
      if (byPhone !== null) {
        const { id: operatorId, name } = operator ?? { id: undefined, name: byPhone };
        const principal = { tokenId: byPhone, role: 'operator' as const, name, operatorId };
        const action = evacuated ? 'evacuation.begin' : 'evacuation.end';
        audit.note({ principal, action, subject: 'evacuation', detail: { phone: byPhone, since: from } });
      }
    }
    // Also at the start of a process: whoever starts one should know.
    if (evacuated) deps.alarm('evacuated', { since: from, by });
  };

  const watch = watchEvacuation({
    database,
    clock,
    logger,
    connected: deps.connected,
    backupCentre: () => backupCentreAddress(deps.settings().backupCentre),
    changed,
  });
  const evacuated = (): boolean => watch.current()?.evacuated ?? false;
  const backupCentre = (): string | null => backupCentreAddress(deps.settings().backupCentre) || watch.overflow();

  return {
    routes: evacuationRoutes({
      database,
      watch,
      audit,
      clock,
      backupCentre,
      reasoned: (given) => (reason = given),
    }),
    look: () => void watch.look(),
    evacuated,
    refuses: (settings) =>
      noWay(settings, { evacuated: evacuated(), overflow: watch.overflow() !== null }, deps.able()),
    async stop() {
      watch.stop();
      await audit.stop();
    },
  };
}
