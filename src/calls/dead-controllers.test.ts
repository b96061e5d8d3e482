import { fakeClock } from '../../test/support/fake-clock.ts';
import type { Presence } from '../platform/presence.ts';
import { otherControllers, watchControllers } from './dead-controllers.ts';

const dead = 'siaga-n1-0-17-abc';
const leader = 'siaga-n1-0-19-abd';

it('only controllers of this node are looked at, and never this one', () => {
  const names = [dead, 'siaga-n1-1-18-abd', 'siaga-n1-b-0-17-abc', 'siaga-n1x0-17-abc', 'other', 'siaga-n1-0'];
  expect(otherControllers(names, 'n1', dead)).toEqual(['siaga-n1-1-18-abd']);
  expect(otherControllers(['siaga-a.c-0-1-x', 'siaga-abc-0-1-x'], 'a.c', '')).toEqual(['siaga-a.c-0-1-x']);
});

describe('the watch of other controllers', () => {
  function watch(rank: number) {
    const clock = fakeClock();
    const touches = new Map([[dead, 1]]);
    const presences = new Map<string, Presence>();
    const { deadAmong } = watchControllers({
      clock,
      rank,
      presenceOf: (name) => Promise.resolve(presences.get(name) ?? 'unknown'),
      journalTouchedAt: () => Promise.resolve(touches),
    });
    const found = async (...names: string[]): Promise<string[]> => [...(await deadAmong(names)).keys()];
    return { clock, touches, presences, found };
  }

  it('takes one for dead whose journal has not been touched for four seconds', async () => {
    const { clock, found } = watch(0);
    expect(await found(dead)).toEqual([]);
    clock.advance(3_900);
    expect(await found(dead)).toEqual([]);
    clock.advance(100);
    expect(await found(dead)).toEqual([dead]);
  });

  it('takes one for dead at once whose socket nobody has open any more', async () => {
    const { presences, found } = watch(0);
    presences.set(dead, 'gone');
    expect(await found(dead)).toEqual([dead]);
  });

  it('takes one for dead after three seconds that neither answers nor touches its journal', async () => {
    const { clock, presences, found } = watch(0);
    presences.set(dead, 'silent');
    expect(await found(dead)).toEqual([]);
    clock.advance(2_900);
    expect(await found(dead)).toEqual([]);
    clock.advance(100);
    expect(await found(dead)).toEqual([dead]);
  });

  it('does not take one for dead that answers, though its disk takes nothing any more', async () => {
    const { clock, presences, found } = watch(0);
    presences.set(dead, 'lives');
    expect(await found(dead)).toEqual([]);
    clock.advance(60_000);
    expect(await found(dead)).toEqual([]);
  });

  it('leaves one alone that touches its journal, whatever time it takes it for', async () => {
    const { clock, touches, found } = watch(0);
    for (let time = 0; time < 20; time += 1) {
      touches.set(dead, -time);
      expect(await found(dead)).toEqual([]);
      clock.advance(1_000);
    }
  });

  it('waits longer as a standby while the leader lives, for him to do it', async () => {
    const { clock, touches, found } = watch(2);
    for (let time = 0; time < 7; time += 1) {
      touches.set(leader, time);
      expect(await found(dead, leader)).toEqual([]);
      clock.advance(1_000);
    }
    touches.set(leader, 8);
    expect(await found(dead, leader)).toEqual([dead]);
  });

  it('as a standby does at once what no leader is there to do', async () => {
    const { presences, found } = watch(1);
    presences.set(dead, 'gone').set(leader, 'gone');
    expect(await found(dead, leader)).toEqual([dead, leader]);
  });
});
