import fc from 'fast-check';
import { adoptedAsItIs } from '../../test/support/adoption-world.ts';
import { ensure, tell } from '../../test/support/call-laws.ts';
import { circumstances, scored, sequences } from '../../test/support/call-histories.ts';
import { everywhere, situations } from '../../test/support/call-situations.ts';
import { play } from '../../test/support/call-world.ts';
import { isPending, type Dispatch } from '../dispatch/dispatch.ts';
import { legsOf } from './channels.ts';
import { isTalking, speakers } from './company.ts';

describe('whatever a call is told, in whatever order', () => {
  it('leaves no caller alone, no phone ringing and no assignment open', () => {
    fc.assert(
      fc.property(sequences, circumstances, (moves, over) => {
        play(moves, over);
      }),
      {
        numRuns: 1_200,
        examples: [
          // An arrival that comes twice, the second time with no bridge: what was told once is not told again.
          [
            [
              ['recent-command-failed', 0, 0],
              ['timer-late', 506, 0],
              ['assign', 0, 0],
              ['located', 0, 0],
              ['recent-command-failed', 481, 22],
              ['arrived', 0, 0],
            ],
            {},
          ],
          // Two phones ring for longer than they may when one of them falls silent: the other's limit is not in the past.
          [
            [
              ['obey-on', 0, 0],
              ['backup-centre', 0, 0],
              ['assign', 0, 0],
              ['ask', 0, 0],
              ['timer-due', 112, 0],
              ['assign-together', 0, 0],
              ['timer-due', 328, 0],
              ['operator-hangs-up', 0, 0],
            ],
            {},
          ],
        ],
      },
    );
  });

  it('comes to every situation, and is told there what can be told', () => {
    const met = new Set<string>();
    const histories = fc.sample(fc.tuple(sequences, circumstances), { numRuns: 2_500, seed: 113 });
    for (const [moves, over] of histories) {
      play(moves, over, (call, { type }) => {
        for (const [name, holds] of Object.entries(situations)) if (holds(call)) met.add(`${name}: ${type}`);
      });
    }
    const all = Object.keys(situations).flatMap((name) => everywhere.map((type) => `${name}: ${type}`));
    expect(all.filter((one) => !met.has(one))).toEqual([]);
  }, 120_000);

  it('leaves nobody alone whose score is high, asked for a key or not', () => {
    fc.assert(
      fc.property(sequences, fc.constantFrom('lower', 'challenge'), (moves, measure) => {
        const world = play(moves, scored(measure));
        const { queue } = world.call;
        ensure(queue.priority >= 1 && queue.priority <= 9, 'a priority that the line does not know');
        // Left to himself, he is in the line within the time that the question may take.
        const due = world.call.timers.challenge;
        if (due === undefined) return;
        ensure(due <= world.at + 20_000, 'asked without an end');
        world.at = Math.max(world.at, due);
        tell(world, { type: 'timer', name: 'challenge' });
        const { call } = world;
        ensure(call.line !== null || call.operator !== null || call.stage === 'talking', 'asked, and then forgotten');
      }),
      { numRuns: 600 },
    );
  });

  it('comes to rest by its timers alone', () => {
    fc.assert(
      fc.property(sequences, circumstances, (moves, over) => {
        const world = play(moves, over);
        const restless = (): [string, number][] =>
          Object.entries(world.call.timers).filter(([name]) => !['line', 'comfort', 'packets', 'media'].includes(name));
        for (let fired = 0; restless().length > 0; fired += 1) {
          ensure(fired < 60, 'timers without an end');
          const [name, due] = restless().sort((a, b) => a[1] - b[1])[0] ?? ['', 0];
          world.at = Math.max(world.at, due);
          tell(world, { type: 'timer', name });
        }
        const { stage, line } = world.call;
        ensure(line !== null || stage !== 'waiting', 'at rest outside the line');
      }),
      { numRuns: 500 },
    );
  });

  it('ends or is back in the line when all legs go, and ends when the caller goes', () => {
    fc.assert(
      fc.property(sequences, circumstances, (moves, over) => {
        const world = play(moves, over);
        for (const channelId of world.rung) tell(world, { type: 'leg-gone', channelId, cause: 41 });
        const rings = (one: Dispatch): boolean => isPending(one) && one.mode !== 'notify';
        while (world.call.dispatches.some(rings)) {
          const pending = world.call.dispatches.find(rings);
          const channelId = pending?.attempts.at(-1)?.channelId ?? '';
          tell(world, { type: 'leg-gone', channelId, cause: 17 });
        }
        const { endedAt, line, timers } = world.call;
        const asked = timers.left !== undefined || timers.challenge !== undefined;
        ensure(endedAt !== null || line !== null || asked, 'neither ended nor in the line');
        tell(world, { type: 'caller-gone', cause: 16 });
        ensure(world.call.endedAt !== null, 'goes on without anybody');
      }),
      { numRuns: 500 },
    );
  });

  it('goes on where it was when another controller takes it over: who talks is neither moved nor rung nor hung up', () => {
    fc.assert(
      fc.property(sequences, circumstances, (moves, over) => {
        const world = play(moves, over);
        for (let owner = 0; owner < 2; owner += 1) {
          const before = world.call;
          const told = adoptedAsItIs(world);
          if (told.type !== 'adopted') return;
          const there = new Set(told.channels.map(({ channelId }) => channelId));
          const inside = new Set(told.channels.filter(({ bridgeId }) => bridgeId !== null).map((one) => one.channelId));
          const known = world.effects.length;
          tell(world, told);
          ensure(world.call.claimedAt > before.claimedAt, 'the entries of its next owner would come before');
          if (!isTalking(before) || !before.caller.live || !inside.has(before.channelId)) continue;
          const missing = [before.channelId, ...legsOf(before)].some((channelId) => !there.has(channelId));
          const talk = [before.channelId, ...speakers(before)].filter((channelId) => inside.has(channelId));
          for (const effect of world.effects.slice(known)) {
            const cut = effect.do === 'hang-up' && talk.includes(effect.channelId) && !missing;
            const moved = (effect.do === 'join' || effect.do === 'leave-bridge') && talk.includes(effect.channelId);
            const rung = effect.do.startsWith('ring-') && !missing;
            ensure(!cut && !moved && !rung, `${effect.do} for a call that went on by itself`);
          }
          ensure(world.call.endedAt === null, 'a call that went on was ended');
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
