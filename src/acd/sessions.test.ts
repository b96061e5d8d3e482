import { fakeClock } from '../../test/support/fake-clock.ts';
import { deafToLine } from '../../test/support/line-world.ts';
import { createLogger } from '../platform/logger.ts';
import { defaultSettings } from '../settings/setting.ts';
import type { StoredPeople } from './desk.ts';
import { linePolicy } from './line-policy.ts';
import { createLine } from './mailbox.ts';
import { createSessionKeeper, type KeptLine } from './sessions.ts';

const desks = ['d1', 'd2'];

/** A controller that starts with what is on the disk; the list of people comes when it is told. */
async function start(onDisk: KeptLine | undefined) {
  const clock = fakeClock();
  const logger = createLogger('silent');
  let people: StoredPeople = { operators: [], desks: [] };
  let written = onDisk;
  const line = createLine({
    clock,
    logger,
    policies: () => linePolicy(defaultSettings),
    ...deafToLine,
  });
  const keeper = createSessionKeeper({
    line,
    disk: {
      read: () => Promise.resolve(written),
      write(value) {
        written = value;
        return Promise.resolve();
      },
    },
    people: () => people,
    clock,
    logger,
    sessionChanged: () => undefined,
  });
  const arrive = (): void => {
    people = {
      operators: [
        { id: 'a', name: 'A', extension: '11', tier: 'regular', skills: [], languages: ['id'], pinDigest: null },
      ],
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
    line.desks(people.desks.map(({ id, name, account }) => ({ id, name, account })));
    line.operators(
      people.operators.map(({ id, name, extension, tier, skills, languages }) => ({
        id,
        name,
        extension,
        tier,
        skills,
        languages,
      })),
    );
    keeper.changed();
  };
  await keeper.restore();
  const where = () => line.snapshot().operators.map(({ desk, reason }) => [desk?.id ?? null, reason]);
  return { arrive, where, line, keeper, written: () => written };
}

describe('who is logged in where', () => {
  const session = { id: 's', deskId: 'd2', beganAt: 1 };

  it('is as it was, also where the list of people comes long after the start', async () => {
    const kept = { people: { a: { session, paused: { reason: 'meal', automatic: false } } } };
    const { arrive, where, written, keeper } = await start(kept);
    arrive();
    expect(where()).toEqual([['d2', 'meal']]);
    await keeper.stop();
    expect(written()).toEqual(kept);
  });

  it('is nobody who logged out, and his own desk for somebody new', async () => {
    const gone = await start({ people: { a: { session: null, paused: null } } });
    gone.arrive();
    expect(gone.where()).toEqual([[null, null]]);
    const fresh = await start(undefined);
    fresh.arrive();
    expect(fresh.where()).toEqual([['d1', null]]);
    // Whoever logs out stays out, whatever the line is told next.
    fresh.line.logOut('a');
    fresh.keeper.changed();
    fresh.arrive();
    expect(fresh.where()).toEqual([[null, null]]);
  });
});
