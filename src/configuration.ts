import { startAccess } from './access/start.ts';
import type { TrunkState } from './agencies/agency.ts';
import { startAgencies } from './agencies/start.ts';
import type { RecordAudit } from './audit/audit.ts';
import { startAudit } from './audit/start.ts';
import type { Clock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';
import type { Postgres } from './platform/postgres.ts';
import { loadDistrictMap, startDistrictMap } from './location/districts/district-map-start.ts';
import { startRecipients } from './notifications/recipients.ts';
import { startRouting, type RoutingRoom } from './routing/start.ts';
import { citySettings } from './settings/city.ts';
import { cityFile, loadCity } from './settings/load-city.ts';
import { startSettings, type SettingsCheck } from './settings/start.ts';

/** What admins edit: tokens, settings, agencies and rules. All of it is in memory, so that no call waits for it. */
export async function startConfiguration(
  common: {
    postgres: Postgres;
    stateDir: string;
    clock: Clock;
    logger: Logger;
    audit: RecordAudit;
    refuses?: SettingsCheck;
    trunkState: (trunkId: string) => TrunkState | undefined;
  },
  cityId: string,
) {
  const [city, seed] = await Promise.all([loadCity(cityFile(cityId)), loadDistrictMap(cityId)]);
  const outgoing = (): boolean => settings.current().outgoingTrunk !== null;
  const refuses: SettingsCheck = (patch, wanted) => {
    const cutsOff = patch.outgoingTrunk === null && outgoing();
    return common.refuses?.(patch, wanted) ?? (cutsOff ? routing.needsOutgoing() : undefined);
  };
  // At once: with PostgreSQL frozen each waits for its limit, and callers wait for all.
  const [audit, access, settings, agencies, districtMap] = await Promise.all([
    startAudit(common),
    startAccess(common),
    startSettings({ ...common, seed: citySettings(city), refuses }),
    startAgencies({ ...common, seed: city.agencies, outgoing }),
    startDistrictMap({ ...common, seed }),
  ]);
  const recipients = await startRecipients({
    ...common,
    seed: city.recipients,
    knowsAgency: (agencyId) => agencies.current().find(agencyId) !== undefined,
    lock: async (sql) => {
      await agencies.lockAndRead(sql);
    },
  });
  agencies.checkAgainst({
    districts: () => settings.current().districts,
    recipients: () => recipients.current().recipients.map(({ id }) => id),
  });
  recipients.guardDeletion(agencies.naming);
  agencies.guardDeletion((_sql, agencyId) =>
    Promise.resolve(
      recipients
        .current()
        .ofAgency(agencyId)
        .map(({ id }) => `recipient/${id}`),
    ),
  );
  const routing: RoutingRoom = await startRouting({
    ...common,
    agencies,
    districts: () => settings.current().districts,
    timeZone: () => settings.current().timeZone,
    holidays: () => settings.current().holidays,
    recipients,
    seed: city.rules,
  });
  const rooms = [routing, recipients, agencies, settings, districtMap, access, audit];
  return {
    check: access.check,
    revokeTokensOf: access.revokeTokensOf,
    settings: settings.current,
    onSettings: settings.onChange,
    agencies: agencies.current,
    onAgencies: agencies.onChange,
    recipients: recipients.current,
    secretOf: recipients.secretOf,
    districtMap: districtMap.current,
    decide: routing.decide,
    explainStored: routing.explainStored,
    routes: rooms.flatMap((room) => room.routes),
    stop: async () => {
      for (const room of rooms) await room.stop();
    },
  };
}
