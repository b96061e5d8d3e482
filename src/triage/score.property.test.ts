import fc from 'fast-check';
import { rankOf } from './callback.ts';
import { measureOf, nuisanceOf, nuisanceReasons, scoreOf, type Contribution } from './score.ts';

const contribution: fc.Arbitrary<Contribution> = fc.record({
  kind: fc.constant('number'),
  key: fc.constant('+62811'),
  reason: fc.constantFrom(...nuisanceReasons),
  points: fc.double({ min: 0, max: 100, noNaN: true }),
  at: fc.integer({ min: 0, max: 1e12 }),
  callId: fc.uuid(),
});
const list = fc.array(contribution, { maxLength: 30 });
const halfLife = fc.double({ min: 1, max: 8_760, noNaN: true });
const time = fc.integer({ min: 0, max: 2e12 });
const limits = { lowerAt: 10, challengeAt: 30 };
const measures = ['none', 'lower', 'challenge'];

describe('whatever was noted against a caller', () => {
  it('counts less as time goes by, never less than nothing, and is the sum of its parts', () => {
    fc.assert(
      fc.property(list, halfLife, time, fc.nat(1e11), (contributions, halfLifeHours, at, later) => {
        const now = scoreOf(contributions, { halfLifeHours, lowerAt: limits.lowerAt }, at);
        const then = scoreOf(contributions, { halfLifeHours, lowerAt: limits.lowerAt }, at + later);
        expect(now.score).toBeGreaterThanOrEqual(0);
        expect(then.score).toBeLessThanOrEqual(now.score);
        expect(now.contributions).toHaveLength(contributions.length);
        expect(now.contributions.reduce((sum, { counts }) => sum + counts, 0)).toBe(now.score);
      }),
    );
  });

  it('counts nothing once it is lifted, and one thing less never makes it worse', () => {
    fc.assert(
      fc.property(list, halfLife, time, (contributions, halfLifeHours, at) => {
        const worse = measureOf(scoreOf(contributions, { halfLifeHours, lowerAt: limits.lowerAt }, at).score, limits);
        const better = measureOf(
          scoreOf(contributions.slice(1), { halfLifeHours, lowerAt: limits.lowerAt }, at).score,
          limits,
        );
        expect(measures.indexOf(better)).toBeLessThanOrEqual(measures.indexOf(worse));
        expect(nuisanceOf(scoreOf([], { halfLifeHours, lowerAt: limits.lowerAt }, at), limits)).toBeNull();
      }),
    );
  });
});

describe('the rank of an abandoned call', () => {
  const signs = fc.record({
    rangSeconds: fc.integer({ min: -10, max: 100_000 }),
    repeats: fc.integer({ min: 0, max: 1_000 }),
    located: fc.boolean(),
    nearby: fc.boolean(),
    cutOff: fc.boolean(),
  });

  it('is a whole number from 0 to 100, and no sign more lowers it', () => {
    fc.assert(
      fc.property(signs, (one) => {
        const rank = rankOf(one);
        expect(Number.isInteger(rank) && rank >= 0 && rank <= 100).toBe(true);
        const more = {
          ...one,
          rangSeconds: one.rangSeconds + 1,
          repeats: one.repeats + 1,
          located: true,
          nearby: true,
        };
        expect(rankOf(more)).toBeGreaterThanOrEqual(rank);
        expect(rankOf({ ...one, cutOff: true })).toBeGreaterThanOrEqual(rank);
      }),
    );
  });
});
