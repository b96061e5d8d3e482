import type { QueueWatch } from '../asterisk/queues.ts';
import type { RecordingWatch } from '../asterisk/recording.ts';
import type { listenToAsterisk } from '../asterisk/start.ts';
import type { startDispatch } from '../dispatch/start.ts';
import type { DiskRoom } from '../platform/disk-room.ts';
import type { OwnJournal } from '../platform/journal.ts';
import type { LoadWatch } from '../platform/load.ts';
import type { PauseGuard } from '../platform/pause-guard.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { ProbesRoom } from '../probes/start.ts';
import type { RecordsRoom } from '../records/start.ts';
import type { Condition } from './start.ts';

/** How a controller is: it is ready while it can take calls, whatever else is away. */
export function controllerCondition(deps: {
  asterisk: Pick<ReturnType<typeof listenToAsterisk>, 'connected' | 'registrationsFollowed'>;
  queues: Pick<QueueWatch, 'state'>;
  recording: Pick<RecordingWatch, 'state'>;
  postgres: Pick<Postgres, 'reachable' | 'copies'>;
  dispatch: Pick<ReturnType<typeof startDispatch>, 'redisUp'>;
  journal: Pick<OwnJournal, 'health'>;
  records: Pick<RecordsRoom, 'projector'>;
  disk: Pick<DiskRoom, 'filling'>;
  guard: Pick<PauseGuard, 'held'>;
  load: Pick<LoadWatch, 'overloaded'>;
  probes: Pick<ProbesRoom, 'state'>;
}): Condition {
  const { asterisk, queues, recording, postgres, dispatch, journal, records, disk, guard, load, probes } = deps;
  const seen = () => ({
    'asterisk-away': !asterisk.connected(),
    'asterisk-behind': queues.state() === 'behind',
    'ami-away': !asterisk.registrationsFollowed(),
    'postgres-away': postgres.reachable() === false,
    'redis-away': !dispatch.redisUp(),
    'journal-failing': journal.health().failing,
    'journal-filling': disk.filling(),
    'recordings-stopped': recording.state() === 'stopped',
    'records-behind': records.projector.behind(),
    'configuration-from-disk': postgres.copies.stale().length > 0,
    overloaded: load.overloaded(),
    'stood-still': guard.held(),
  });
  return {
    seen,
    ready: () => asterisk.connected() && !journal.health().failing,
    parts() {
      const now = seen();
      const part = (isSeen: boolean, how: string): string => (isSeen ? how : 'up');
      const [queue, recordings] = [queues.state(), recording.state()];
      return {
        asterisk: part(now['asterisk-away'], 'away'),
        ...(queue === null ? {} : { asteriskQueues: queue }),
        ...(recordings === null ? {} : { recordings }),
        ami: part(now['ami-away'], 'away'),
        postgres: part(now['postgres-away'], 'away'),
        redis: part(now['redis-away'], 'away'),
        journal: part(now['journal-failing'], 'failing'),
        records: part(now['records-behind'], 'behind'),
        disk: part(now['journal-filling'], 'filling'),
        configuration: part(now['configuration-from-disk'], 'copy'),
        probes: probes.state(),
      };
    },
  };
}
