import fc from 'fast-check';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { deafToLine } from '../../test/support/line-world.ts';
import { createLogger } from '../platform/logger.ts';
import { defaultSettings } from '../settings/setting.ts';
import { peopleInLine, type StoredPeople } from './desk.ts';
import { linePolicy } from './line-policy.ts';
import { createLine } from './mailbox.ts';
import { createSessionKeeper, type KeptLine } from './sessions.ts';

const desks = ['d1', 'd2'];

interface Disk {
  written: KeptLine | undefined;
  writes: number;
}
const diskWith = (written: KeptLine | undefined): Disk => ({ written, writes: 0 });

/** A controller that starts with what is on the disk; the list of people comes when it is told. */
async function start(disk: Disk, clock = fakeClock()) {
  const logger = createLogger('silent');
  let people: StoredPeople = { operators: [], desks: [] };
  const sessions = new Map<string, boolean>();
  const line = createLine({
    clock,
    logger,
    policies: () => linePolicy(defaultSettings),
    ...deafToLine,
    told: () => queueMicrotask(() => keeper.changed()),
  });
  const keeper = createSessionKeeper({
    line,
    disk: {
      read: () => Promise.resolve(disk.written),
      write(value) {
        disk.written = value;
        disk.writes += 1;
        return Promise.resolve();
      },
    },
    people: () => people,
    clock,
    logger,
    // The first end that is told of a session stands, as in the records.
    sessionChanged: ({ id, ended }) => sessions.set(id, sessions.get(id) === false ? false : ended === null),
  });
  const arrive = (...ids: string[]): void => {
    people = {
      operators: ids.map((id, index) => ({
        id,
        name: id,
        extension: String(11 + index),
        tier: 'regular',
        skills: [],
        languages: ['id'],
        pinDigest: null,
      })),
      desks: desks.map((id) => ({
        id,
        name: id,
        account: `op-${id}`,
        passwordDigest: 'x',
        transport: 'udp',
        media: 'rtp',
        owner: id === 'd1' ? 'a' : null,
      })),
    };
    const told = peopleInLine(people);
    line.desks(told.desks);
    line.operators(told.operators);
    keeper.changed();
  };
  await keeper.restore();
  const where = () => line.snapshot().operators.map(({ desk, reason }) => [desk?.id ?? null, reason]);
  return { arrive, where, line, keeper, sessions };
}

/** Whatever was begun has come to its end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('who is logged in where', () => {
  const session = { id: 's', deskId: 'd2', beganAt: 1 };

  it('is as it was, also where the list of people comes long after the start', async () => {
    const kept = { people: { a: { session, seatedAt: 1, paused: { reason: 'meal', automatic: false }, pausedAt: 1 } } };
    const disk = diskWith(kept);
    const { arrive, where, keeper } = await start(disk);
    arrive('a');
    expect(where()).toEqual([['d2', 'meal']]);
    await keeper.stop();
    expect(disk.written).toEqual(kept);
  });

  it('is nobody who logged out, and his own desk for somebody new', async () => {
    const gone = await start(diskWith({ people: { a: { session: null, paused: null, seatedAt: 1, pausedAt: 1 } } }));
    gone.arrive('a');
    expect(gone.where()).toEqual([[null, null]]);
    const fresh = await start(diskWith(undefined));
    fresh.arrive('a');
    expect(fresh.where()).toEqual([['d1', null]]);
    // Whoever logs out stays out, whatever the line is told next.
    fresh.line.logOut('a');
    fresh.keeper.changed();
    fresh.arrive('a');
    expect(fresh.where()).toEqual([[null, null]]);
  });

  it('is nowhere for one who was deleted, whatever another controller still has of him', async () => {
    const disk = diskWith(undefined);
    const clock = fakeClock();
    const [one, other] = [await start(disk, clock), await start(disk, clock)];
    one.arrive('a', 'b');
    other.arrive('a', 'b');
    one.line.logIn('b', 'd2');
    await settled();
    clock.advance(2_000);
    await settled();
    one.arrive('a');
    await settled();
    other.line.pause('b', 'meal');
    await settled();
    other.arrive('a');
    for (let times = 0; times < 3; times += 1) {
      clock.advance(2_000);
      await settled();
    }
    expect(Object.keys(disk.written?.people ?? {})).toEqual(['a']);
  });

  const ids = ['a', 'b', 'c'];
  const act = fc.record({
    who: fc.constantFrom(...ids),
    at: fc.nat(1),
    what: fc.oneof(
      fc.constantFrom(...desks).map((deskId) => ({ deskId })),
      fc.constantFrom('log-out' as const, 'pause' as const, 'resume' as const),
    ),
    /** How soon the next comes; 0: before this one is on the disk. */
    later: fc.constantFrom(0, 0, 1, 700, 2_000),
  });

  it('is as each of two controllers was told, though the other had not heard of it yet', async () => {
    const disk = diskWith(undefined);
    const clock = fakeClock();
    const [one, other] = [await start(disk, clock), await start(disk, clock)];
    one.arrive('b', 'c');
    other.arrive('b', 'c');
    await settled();
    one.line.logIn('b', 'd1');
    await settled();
    other.line.logIn('c', 'd2');
    await settled();
    for (let times = 0; times < 2; times += 1) {
      clock.advance(2_000);
      await settled();
    }
    const expected = [
      ['d1', null],
      ['d2', null],
    ];
    expect([one.where(), other.where()]).toEqual([expected, expected]);
  });

  it('is the same in two controllers in the end, whatever each was told, and all of it is recorded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 20 }), async (acts) => {
        const disk = diskWith(undefined);
        const clock = fakeClock();
        const both = [await start(disk, clock), await start(disk, clock)] as const;
        for (const one of both) one.arrive(...ids);
        const rounds = async (times: number): Promise<void> => {
          for (let done = 0; done < times; done += 1) {
            clock.advance(2_000);
            await settled();
          }
        };
        await rounds(2);
        for (const { who, at, what, later } of acts) {
          const { line } = both[at] ?? both[0];
          if (what === 'log-out') line.logOut(who);
          else if (what === 'pause') line.pause(who, `by ${at}`);
          else if (what === 'resume') line.resume(who);
          else line.logIn(who, what.deskId);
          clock.advance(later);
          if (later > 0) await settled();
        }
        await rounds(6);
        expect(both[1].where()).toEqual(both[0].where());
        const people = Object.values(disk.written?.people ?? {});
        expect(people.map(({ session: one }) => one?.deskId ?? null)).toEqual(both[0].where().map(([desk]) => desk));
        // Every session that is over was recorded as that.
        const begun = both.flatMap(({ sessions }) => [...sessions.keys()]);
        const open = begun.filter((id) => both.every(({ sessions }) => sessions.get(id) !== false));
        expect(new Set(open)).toEqual(new Set(people.flatMap(({ session: one }) => one?.id ?? [])));
        const { writes } = disk;
        await rounds(3);
        expect(disk.writes).toBe(writes);
      }),
      { numRuns: 60 },
    );
  });
});
