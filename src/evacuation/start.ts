import type { AriCommands } from '../asterisk/commands.ts';
import type { AuditLater } from '../audit/later.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Route } from '../platform/route.ts';
import { isoTime } from '../platform/text.ts';
import type { Settings } from '../settings/setting.ts';
import { asteriskDatabase } from '../asterisk/asterisk-database.ts';
import { backupCentreAddress, noWay, type Evacuation, type RefusedCode } from './evacuation.ts';
import { evacuationRoutes } from './routes.ts';
import { watchEvacuation } from './watch.ts';

export interface EvacuationRoom {
  readonly routes: Route[];
  /** Asterisk is there again, or settings changed: what it has is looked at, and kept in step. */
  readonly look: () => void;
  readonly evacuated: () => boolean;
  /** Why settings would leave callers no way to anybody. */
  readonly refuses: (settings: Settings) => string | undefined;
  readonly stop: () => void;
}

/** Sends all new calls to another centre; whoever began it, and whether or not a controller is there. */
export function startEvacuation(deps: {
  ari: AriCommands;
  auditLater: AuditLater;
  /** The name of this Asterisk. */
  node: string;
  clock: Clock;
  logger: Logger;
  connected: () => boolean;
  settings: () => Settings;
  /** Who is logged in at the desk of an account. */
  operatorAt: (account: string) => { id: string; name: string } | null;
  told: (type: 'evacuation.began' | 'evacuation.ended', detail: Record<string, unknown>) => void;
  alarm: (code: string, detail: Record<string, string | null>) => void;
}): EvacuationRoom {
  const { clock, logger, node, auditLater } = deps;
  const database = asteriskDatabase(deps.ari);
  let reason: string | null = null;

  /** What a phone did every controller of the node notices; and who sits there now, need not have sat there then. */
  const notePhone = (phone: string, late: boolean, what: { action: string; key: string; at: number | null }): void => {
    const { id: operatorId, name } = (late ? null : deps.operatorAt(phone)) ?? { id: undefined, name: phone };
    auditLater({
      principal: { tokenId: phone, role: 'operator', name, operatorId },
      action: what.action,
      subject: 'evacuation',
      detail: { phone, node, at: what.at === null ? null : isoTime(what.at) },
      key: what.key,
    });
  };

  const changed = (now: Evacuation, before: Evacuation | null): void => {
    const { evacuated, since, by } = now;
    const given = reason;
    reason = null;
    const byPhone = by?.startsWith('op-') === true ? by : null;
    const from = since === null ? null : isoTime(since);
    if (byPhone !== null) {
      const action = evacuated ? 'evacuation.begin' : 'evacuation.end';
      notePhone(byPhone, before === null, { action, key: `${action}/${node}/${from}`, at: since });
    }
    if (before !== null) {
      const operatorId = byPhone === null ? null : (deps.operatorAt(byPhone)?.id ?? null);
      const detail = { by, operatorId, since: from, reason: given };
      deps.told(evacuated ? 'evacuation.began' : 'evacuation.ended', detail);
      logger.warn({ evacuated, by }, evacuated ? 'new calls go to the backup centre' : 'calls come here again');
    }
    // Also at the start of a process: whoever starts one should know.
    if (evacuated) deps.alarm('evacuated', { since: from, by });
  };

  const codeRefused = ({ phone, channelId, at }: RefusedCode, late: boolean): void =>
    notePhone(phone, late, { action: 'evacuation.code-refused', key: `evacuation.code/${node}/${channelId}`, at });

  const watch = watchEvacuation({
    database,
    clock,
    logger,
    connected: deps.connected,
    backupCentre: () => backupCentreAddress(deps.settings().backupCentre),
    changed,
    codeRefused,
  });
  const evacuated = (): boolean => watch.current()?.evacuated ?? false;
  const backupCentre = (): string | null => backupCentreAddress(deps.settings().backupCentre) || watch.overflow();

  return {
    routes: evacuationRoutes({
      database,
      watch,
      auditLater,
      clock,
      backupCentre,
      reasoned: (given) => (reason = given),
    }),
    look: () => void watch.look(),
    evacuated,
    refuses: (settings) => noWay(settings, { evacuated: evacuated(), overflow: watch.overflow() !== null }),
    stop: () => watch.stop(),
  };
}
