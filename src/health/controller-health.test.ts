import { controllerCondition } from './controller-health.ts';

/** A controller that is well, but for what is given. */
function condition(bad: {
  connected?: false;
  registrationsFollowed?: false;
  reachable?: false;
  stale?: string[];
  redis?: false;
  failing?: true;
  behind?: true;
  filling?: true;
  held?: true;
  overloaded?: true;
  queue?: 'behind' | 'unknown' | null;
  recording?: 'stopped' | 'unknown' | null;
}) {
  return controllerCondition({
    asterisk: {
      connected: () => bad.connected ?? true,
      registrationsFollowed: () => bad.registrationsFollowed ?? true,
    },
    postgres: {
      reachable: () => bad.reachable,
      copies: { note: () => undefined, forget: () => undefined, stale: () => bad.stale ?? [] },
    },
    dispatch: { redisUp: () => bad.redis ?? true },
    journal: { health: () => ({ failing: bad.failing ?? false, waiting: 0 }) },
    records: { projector: { ...projector, behind: () => bad.behind ?? false } },
    disk: { filling: () => bad.filling ?? false },
    guard: { held: () => bad.held ?? false },
    load: { overloaded: () => bad.overloaded ?? false },
    probes: { state: () => 'up' },
    recording: { state: () => (bad.recording === undefined ? 'up' : bad.recording) },
    queues: { state: () => (bad.queue === undefined ? 'up' : bad.queue) },
  });
}

const projector = {
  take: () => undefined,
  adopt: () => undefined,
  waiting: () => 0,
  drained: () => Promise.resolve(true),
  stop: () => Promise.resolve(),
};

test('a controller that is well is in no mode', () => {
  const { seen, ready, parts } = condition({});
  expect(Object.values(seen())).not.toContain(true);
  expect(ready()).toBe(true);
  expect(new Set(Object.values(parts()))).toEqual(new Set(['up']));
});

test('whether recordings are made shows only where that is watched, and not to know of it is no mode', () => {
  expect(condition({ recording: null }).parts()).not.toHaveProperty('recordings');
  expect(condition({ recording: 'unknown' }).parts()).toMatchObject({ recordings: 'unknown' });
  expect(Object.values(condition({ recording: 'unknown' }).seen())).not.toContain(true);
});

test("Asterisk's queues show only where they are watched, and not to know of them is no mode", () => {
  expect(condition({ queue: null }).parts()).not.toHaveProperty('asteriskQueues');
  expect(condition({ queue: 'unknown' }).parts()).toMatchObject({ asteriskQueues: 'unknown' });
  expect(Object.values(condition({ queue: 'unknown' }).seen())).not.toContain(true);
});

test.each([
  [{ connected: false }, 'asterisk-away', { asterisk: 'away' }, false],
  [{ registrationsFollowed: false }, 'ami-away', { ami: 'away' }, true],
  [{ reachable: false }, 'postgres-away', { postgres: 'away' }, true],
  [{ stale: ['rules'] }, 'configuration-from-disk', { configuration: 'copy' }, true],
  [{ redis: false }, 'redis-away', { redis: 'away' }, true],
  [{ failing: true }, 'journal-failing', { journal: 'failing' }, false],
  [{ filling: true }, 'journal-filling', { disk: 'filling' }, true],
  [{ behind: true }, 'records-behind', { records: 'behind' }, true],
  [{ held: true }, 'stood-still', {}, true],
  [{ overloaded: true }, 'overloaded', {}, true],
  [{ recording: 'stopped' }, 'recordings-stopped', { recordings: 'stopped' }, true],
  [{ queue: 'behind' }, 'asterisk-behind', { asteriskQueues: 'behind' }, true],
] as const)('%j is %s, and nothing else', (bad, mode, parts, ready) => {
  const found = condition({ ...bad, ...('stale' in bad ? { stale: [...bad.stale] } : {}) } as Parameters<
    typeof condition
  >[0]);
  expect(Object.entries(found.seen()).filter(([, seen]) => seen)).toEqual([[mode, true]]);
  expect(found.parts()).toMatchObject(parts);
  expect(found.ready()).toBe(ready);
});
