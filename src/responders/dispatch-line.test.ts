import { createLogger } from '../platform/logger.ts';
import { followDispatchLines } from './dispatch-line.ts';

function follow() {
  const onFeed: unknown[] = [];
  const heard: string[] = [];
  const logged: string[] = [];
  const missed = { times: 0 };
  let tell: (payload: string | undefined) => void = () => undefined;
  followDispatchLines({
    postgres: {
      listen(_channel, onNotify) {
        tell = onNotify;
        return () => undefined;
      },
    },
    feed: { publish: (event) => void onFeed.push(event) },
    logger: createLogger('warn', { write: (line: string) => void logged.push(line) }),
    callOf: () => 'call',
    heard: ({ type }) => void heard.push(type),
    missed: () => void (missed.times += 1),
  });
  return { onFeed, heard, logged, missed, tell: (payload: string | undefined) => tell(payload) };
}

const line = {
  type: 'responder.done',
  incidentId: 'incident',
  confidential: false,
  at: 1,
  detail: { dispatchId: 'd1' },
};

test('a line that another controller wrote is on the feed and is heard', () => {
  const { tell, onFeed, heard, missed } = follow();
  tell(undefined);
  tell(JSON.stringify(line));
  const { type, incidentId, detail } = line;
  expect([onFeed, heard, missed.times]).toEqual([[{ type, callId: 'call', incidentId, detail }], [type], 0]);
});

test.each(['', '{', 'null', '{}', JSON.stringify({ ...line, at: 'now' })])(
  'of a line that cannot be read, %j, the record is asked',
  (payload) => {
    const { tell, onFeed, heard, logged, missed } = follow();
    tell(payload);
    expect([onFeed, heard, missed.times, logged.length]).toEqual([[], [], 1, 1]);
    expect(logged[0]).toContain('cannot be read');
    tell(JSON.stringify(line));
    expect(heard).toEqual([line.type]);
  },
);
