import type { listenToAsterisk } from './asterisk/start.ts';
import type { startDispatch } from './dispatch/start.ts';
import type { OwnJournal } from './platform/journal.ts';
import type { Postgres } from './platform/postgres.ts';
import type { RecordsRoom } from './records/start.ts';

/** What `/readyz` and `/healthz` say of a controller: it is ready while it can take calls, whatever else is away. */
export function healthOf({
  asterisk,
  postgres,
  dispatch,
  journal,
  records,
}: {
  asterisk: Pick<ReturnType<typeof listenToAsterisk>, 'connected' | 'registrationsFollowed'>;
  postgres: Pick<Postgres, 'reachable'>;
  dispatch: Pick<ReturnType<typeof startDispatch>, 'redisUp'>;
  journal: Pick<OwnJournal, 'health'>;
  records: Pick<RecordsRoom, 'projector'>;
}): () => { ready: boolean; parts: Record<string, string> } {
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
