import { getEventListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../test/support/rest.ts';
import type { CallInCircle } from '../incidents/need-to-know.ts';
import { systemClock, type Clock } from '../platform/clock.ts';
import { createLogger } from '../platform/logger.ts';
import { createFeed, foundByEach, type Feed, type Told } from './feed.ts';
import { followOthers, tellOther } from './others.ts';

const logger = createLogger('silent');
/** Milliseconds by which time has gone on at once. */
let ahead = 0;
const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead };
const call: CallInCircle = {
  talked: ['op-1'],
  ...{ operator: null, others: [], parties: [], incident: { kind: 'domestic-violence' } },
};
let directory: string;
let socket: string;
let leader: Feed;
let standby: Feed;
let server: Server;
let stopping: AbortController;
let following: ReturnType<typeof followOthers>;
let seen: string[];
let lost: number;
let heard: unknown[];
let message: (passed: object) => void;
const passMessages = (reader: typeof message): (() => void) => {
  message = reader;
  return () => undefined;
};

const tell = (feed: Feed, type: string, told?: Told, callId: string | null = null): void =>
  feed.publish({ type, callId, incidentId: null, detail: {} }, clock.now(), told);
const sees = (type: string): Promise<void> => until(`${type} is seen`, () => seen.includes(type));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'feed-'));
  socket = join(directory, '0.rest');
  seen = [];
  lost = 0;
  heard = [];
  leader = createFeed({ clock, name: 'leader', callOf: (id) => (id === 'c' ? call : undefined) });
  standby = createFeed({ clock, name: 'standby', callOf: () => undefined, isLed: () => following.isLed() });
  standby.subscribe(
    ({ type }) => seen.push(type),
    () => (lost += 1),
  );
  stopping = new AbortController();
  server = createServer(
    (_request, response) =>
      void tellOther([(reader) => leader.passOn(reader), passMessages], response, stopping.signal),
  );
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});
afterEach(async () => {
  following.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

const follow = (others = [{ rank: 0, socket }]): void => {
  following = followOthers({ feed: standby, rank: 1, others: () => Promise.resolve(others), clock, logger, hear });
};
const hear = (aml: unknown): void => void heard.push(aml);

test('what happens in another is told here, what it has told a moment ago too, and nothing twice', async () => {
  tell(leader, 'a');
  follow();
  await sees('a');
  tell(leader, 'b');
  tell(foundByEach(leader), 'each');
  tell(leader, 'c');
  await sees('c');
  expect(seen).toEqual(['a', 'b', 'c']);
  expect(lost).toBe(0);
});

test("a phone's message is handed on", async () => {
  follow();
  tell(leader, 'a');
  await sees('a');
  message({ aml: { digest: 'd' } });
  await until('it is heard', () => heard.length === 1);
  expect([heard, seen]).toEqual([[{ digest: 'd' }], ['a']]);
});

test('of the line the leader tells; what every controller finds out by itself each tells', async () => {
  follow();
  tell(leader, 'a');
  await sees('a');
  expect(following.isLed()).toBe(true);
  tell(standby, 'queue.mine', 'line');
  tell(leader, 'queue.its', 'line');
  tell(standby, 'mode', 'each');
  await sees('queue.its');
  expect(seen).toEqual(['a', 'mode', 'queue.its']);
});

test('whom a call of another concerns is known, for as long as its events are', async () => {
  follow();
  tell(leader, 'x', 'one', 'c');
  await sees('x');
  const event = { id: '', at: '', type: 'x', callId: 'c', incidentId: null, detail: {} };
  expect(standby.circleOf(event)).toEqual({ kind: 'domestic-violence', operatorIds: ['op-1'] });
});

test('who goes on at another controller hears a little again, and of nothing that he missed too little', async () => {
  follow();
  tell(leader, 'a');
  await sees('a');
  const marks: string[] = [];
  leader.subscribe((event) => marks.push(leader.markOf(event)));
  tell(standby, 'b');
  tell(leader, 'c');
  await sees('c');
  // Of the leader he has heard the last; of what the standby told before it, nothing.
  expect(standby.since(marks.at(-1) ?? '')?.map(({ type }) => type)).toEqual(['a', 'b', 'c']);
  expect(leader.since(marks.at(-1) ?? '')).toEqual([]);
});

test('one that dies may have told what nobody heard: everybody loads anew', async () => {
  follow();
  tell(leader, 'a');
  await sees('a');
  server.closeAllConnections();
  await until('it is said', () => lost === 1);
  expect(standby.since('a')).toBeUndefined();
});

test('one whose calls were taken is heard no more', async () => {
  const others = [{ rank: 0, socket }];
  follow(others);
  tell(leader, 'a');
  await sees('a');
  others.length = 0;
  await until('it leads no more', () => !following.isLed());
  expect(lost).toBe(1);
});

test('of one that has gone nothing is kept', async () => {
  follow();
  tell(leader, 'a');
  await sees('a');
  expect(getEventListeners(stopping.signal, 'abort')).toHaveLength(1);
  following.stop();
  await until('it is let go', () => getEventListeners(stopping.signal, 'abort').length === 0);
});

describe('what is told while a connection is away', () => {
  const breaks = async (): Promise<void> => {
    follow();
    tell(leader, 'a');
    await sees('a');
    server.closeAllConnections();
    await until('it is said', () => lost === 1);
    tell(leader, 'meanwhile');
  };

  test('is told again when it comes back at once', async () => {
    await breaks();
    await sees('meanwhile');
    expect(lost).toBe(1);
  });

  test('is lost when that takes longer, and everybody loads anew', async () => {
    await breaks();
    ahead += 2_001;
    await until('it is said again', () => lost === 2);
    tell(leader, 'b');
    await sees('b');
    expect([seen, lost]).toEqual([['a', 'b'], 2]);
  });

  test('is lost when the first one takes long, and everybody loads anew', async () => {
    const late = join(directory, '1.rest');
    follow([{ rank: 0, socket: late }]);
    tell(leader, 'meanwhile');
    ahead += 2_001;
    await new Promise((resolve) => server.close(resolve));
    await new Promise<void>((resolve) => server.listen(late, resolve));
    await until('it is said', () => lost === 1);
    tell(leader, 'b');
    await sees('b');
    expect([seen, lost]).toEqual([['b'], 1]);
  });
});

test('one that stops in order may go on for a moment unheard: everybody loads anew', async () => {
  follow();
  tell(leader, 'a');
  await sees('a');
  server.close();
  stopping.abort();
  await until('it is said', () => lost === 1);
});
