import type { listenToAsterisk } from './asterisk/start.ts';
import type { startDispatch } from './dispatch/start.ts';
import type { OwnJournal } from './platform/journal.ts';
import type { Postgres } from './platform/postgres.ts';
import type { RecordsRoom } from './records/start.ts';

/** What `/readyz` says of a controller: ready while it hears Asterisk and can write its journal. */
export function healthOf(controller: {
  asterisk: ReturnType<typeof listenToAsterisk>;
  postgres: Postgres;
  dispatch: ReturnType<typeof startDispatch>;
  journal: OwnJournal;
  records: RecordsRoom;
}): () => { ready: boolean; parts: Record<string, string> } {
  const { asterisk, postgres, dispatch, journal, records } = controller;
  return () => ({
    ready: asterisk.connected() && !journal.health().failing,
    parts: {
      asterisk: asterisk.connected() ? 'up' : 'away',
      ami: asterisk.registrationsFollowed() ? 'up' : 'away',
      postgres: postgres.reachable() === false ? 'away' : 'up',
      redis: dispatch.redisUp() ? 'up' : 'away',
      journal: journal.health().failing ? 'failing' : 'up',
      records: records.projector.behind() ? 'behind' : 'up',
    },
  });
}
