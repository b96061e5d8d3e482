import type { AgencyDirectory } from './agencies/agency.ts';
import type { RecordAudit } from './audit/audit.ts';
import type { CallRunner } from './calls/runner.ts';
import { liveCallOf } from './calls/command.ts';
import type { Config } from './config.ts';
import type { dispatchRoom } from './dispatch/start.ts';
import type { Feed } from './events/feed.ts';
import { contactsOfAgency } from './notifications/contacts.ts';
import type { RecipientDirectory } from './notifications/recipient.ts';
import type { NotificationsRoom } from './notifications/start.ts';
import type { Clock } from './platform/clock.ts';
import type { Logger } from './platform/logger.ts';
import type { Postgres, Sql } from './platform/postgres.ts';
import { startResponders, type RespondersRoom } from './responders/start.ts';
import type { Settings } from './settings/setting.ts';
import { startSop, type SopRoom } from './sop/start.ts';

/** What goes on with a dispatch when its call is over: the crew, and the clocks that wait for it. */
interface DispatchFollowers extends RespondersRoom, Pick<SopRoom, 'alsoWrite' | 'heardOf' | 'incidentChanged'> {
  /** Who is told when an agency is late, and by a dispatch of mode `notify`. */
  readonly contactsOf: (agencyId: string) => readonly string[];
}

/** Started before the records, which hand it what they bring home; what comes as a function may be there later. */
export function followDispatches(deps: {
  config: Config;
  application: string;
  postgres: Postgres;
  stateDir: string;
  clock: Clock;
  logger: Logger;
  audit: RecordAudit;
  feed: Feed;
  settings: () => Settings;
  agencies: () => AgencyDirectory;
  recipients: () => RecipientDirectory;
  runner: () => CallRunner;
  notifications: () => Pick<NotificationsRoom, 'notify' | 'about'>;
  dispatches: () => ReturnType<typeof dispatchRoom>;
}): DispatchFollowers {
  const contactsOf = (agencyId: string): readonly string[] =>
    contactsOfAgency(agencyId, deps.agencies(), deps.recipients());
  const common = {
    ...deps,
    callOf: (incidentId: string) => liveCallOf(deps.runner(), incidentId)?.id ?? null,
    about: async (incidentId: string) => deps.notifications().about(incidentId),
  };
  const sop = startSop({
    ...common,
    contactsOf,
    notify: (wish) => deps.notifications().notify(wish),
    linkOf: (dispatchId) => responders.noteOf(dispatchId),
  });
  const responders = startResponders({
    ...common,
    ...sop,
    async find(dispatchId) {
      const found = await deps.dispatches().find(dispatchId);
      return found && { ...found.view, circle: found.circle };
    },
  });
  return {
    ...responders,
    contactsOf,
    alsoWrite: (...written) => sop.alsoWrite(...written),
    heardOf: (entry) => sop.heardOf(entry),
    incidentChanged: (sql: Sql, incidentId: string) => sop.incidentChanged(sql, incidentId),
    async stop() {
      await responders.stop();
      await sop.stop();
    },
  };
}
