import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFeed, type FeedEvent } from '../../src/events/feed.ts';
import { openJournal, type OwnJournal } from '../../src/platform/journal.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { startRecords, type RecordsRoom } from '../../src/records/start.ts';
import { alarmEntry, allRows, hastyClock } from '../support/records.ts';
import { recordsPlace } from '../support/records-place.ts';
import { until } from '../support/rest.ts';

const clock = hastyClock;
const logger = createLogger('silent');
const place = recordsPlace();

const files = async (): Promise<string[]> =>
  (await readdir(place.directory)).filter((name) => name.endsWith('.journal')).sort();

describe('the room', () => {
  let journal: OwnJournal;
  let room: RecordsRoom;
  let events: FeedEvent[];

  async function startRoom(): Promise<void> {
    journal = openJournal({ directory: place.directory, name: 'own', clock, logger, reserveBytes: 0 });
    const feed = createFeed({ clock, callOf: () => undefined });
    feed.subscribe((event) => events.push(event));
    room = await startRecords({
      postgres: place.postgres,
      journal,
      directory: place.directory,
      celFile: null,
      node: 'node',
      clock,
      logger,
      metrics: createMetrics(),
      feed,
      ownsChannel: () => false,
      introduce: () => {
        throw new Error('there is no log here');
      },
      projected: () => undefined,
    });
  }
  beforeEach(() => {
    events = [];
  });
  afterEach(async () => {
    await room.stop();
    await journal.close();
  });

  test('puts a dead one away once it is projected, and deletes it after a day', async () => {
    const dead = openJournal({ directory: place.directory, name: 'dead', clock, logger, reserveBytes: 0 });
    for (let n = 0; n < 3; n += 1) dead.append(alarmEntry(n));
    await dead.close();
    const long = Date.now() / 1_000 - 60;
    await utimes(join(place.directory, 'dead.000001.journal'), long, long);
    const older = join(place.directory, 'older.000001.journal.projected');
    await writeFile(older, '');
    await utimes(older, long - 86_400, long - 86_400);
    await startRoom();
    await until('it is put away', async () =>
      (await readdir(place.directory)).includes('dead.000001.journal.projected'),
    );
    expect((await allRows(place.postgres))['alarms']).toHaveLength(3);
    await until(
      'the older one is deleted',
      async () => !(await readdir(place.directory)).includes('older.000001.journal.projected'),
    );
    expect(await files()).toEqual(['own.000001.journal']);
  });

  test('alarms reach the list and the feed', async () => {
    await startRoom();
    room.alarm('test', { n: 1 });
    expect(await room.projector.drained(1_000_000)).toBe(true);
    const [list] = room.routes;
    expect(list?.path).toBe('/v1/alarms');
    expect(events).toMatchObject([{ type: 'alarm.raised', detail: { code: 'test', n: 1 } }]);
    expect((await allRows(place.postgres))['alarms']).toHaveLength(1);
  });
});
