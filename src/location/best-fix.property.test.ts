import fc from 'fast-check';
import { arrival, fixLists, halfCharacter } from '../../test/support/fixes.ts';
import { bestFix, uncertaintyAt95 } from './best-fix.ts';
import type { Fix } from './fix.ts';
import { nowhere, receive } from './location.ts';
import { bestFixSchema } from './schema.ts';

const at = fc.integer({ min: arrival - 1_000_000, max: arrival + 1_000_000 });

/** Metres of uncertainty, each second of age counted with three. */
function grown({ source, shape, at: seen, receivedAt, ...rest }: Fix, now: number): number {
  if (shape === null) return Infinity;
  const moves = source !== 'subscriber' && source !== 'area-code' && source !== 'operator';
  const seconds = Math.max(0, now - Math.min(seen ?? receivedAt, receivedAt)) / 1_000;
  return uncertaintyAt95(source, shape, rest) + (moves ? 3 * seconds : 0);
}

const distinct = (list: unknown[]): boolean => new Set(list).size === list.length;

describe('of any fixes', () => {
  it('one is the best, as far as there is any, and can be written down', () => {
    fc.assert(
      fc.property(fixLists, at, (fixes, now) => {
        const frozen = JSON.stringify(fixes);
        const best = bestFix(fixes, now);
        expect(JSON.stringify(fixes)).toBe(frozen);
        expect(best === null).toBe(fixes.length === 0);
        if (best === null) return;
        const chosen = fixes.find(({ id }) => id === best.fixId);
        expect(chosen).toMatchObject({ source: best.source, method: best.method });
        expect(best.position === null).toBe(fixes.every(({ shape }) => shape === null));
        expect(bestFixSchema.parse(JSON.parse(JSON.stringify(best)))).toEqual(best);
        expect(best.reason).not.toMatch(halfCharacter);
      }),
    );
  });

  it('an operator has the last word', () => {
    fc.assert(
      fc.property(fixLists, at, (fixes, now) => {
        const points = fixes.filter(({ source, shape }) => source === 'operator' && shape !== null);
        if (points.length > 0) expect(bestFix(fixes, now)?.fixId).toBe(points.at(-1)?.id);
      }),
    );
  });

  it('none has a smaller uncertainty, its age counted', () => {
    fc.assert(
      fc.property(fixLists, at, (fixes, now) => {
        const best = bestFix(fixes, now);
        if (best?.position == null || best.source === 'operator') return;
        const chosen = fixes.find(({ id }) => id === best.fixId);
        expect(chosen && grown(chosen, now)).toBe(Math.min(...fixes.map((fix) => grown(fix, now))));
      }),
    );
  });

  it('the order in which they came changes nothing, but for operators and equals', () => {
    fc.assert(
      fc.property(
        fixLists.chain((fixes) =>
          fc.tuple(fc.constant(fixes), fc.shuffledSubarray(fixes, { minLength: fixes.length })),
        ),
        at,
        ([fixes, shuffled], now) => {
          const placed = fixes.filter(({ shape }) => shape !== null);
          const worded = fixes.filter(({ shape }) => shape === null);
          fc.pre(distinct(placed.map((fix) => grown(fix, now))) && distinct(worded.map(({ source }) => source)));
          fc.pre(placed.filter(({ source }) => source === 'operator').length < 2);
          expect(bestFix(shuffled, now)?.fixId).toBe(bestFix(fixes, now)?.fixId);
        },
      ),
    );
  });

  it('another one leaves those that are there as they are, and none comes twice', () => {
    fc.assert(
      fc.property(fixLists, fixLists, (before, more) => {
        const renamed = more.map((fix, index) => ({ ...fix, id: `more-${index}` }));
        const first = receive(nowhere, { fixes: before, unusable: [] }, arrival).location;
        const { location, fixes } = receive(
          first,
          { fixes: [...renamed, ...before, ...renamed], unusable: [] },
          arrival,
        );
        expect(location.fixes).toEqual([...before, ...renamed]);
        expect(fixes).toEqual(renamed);
        expect(location.fixes.slice(0, before.length).every((fix, index) => fix === before[index])).toBe(true);
        expect(location.best).toEqual(more.length === 0 ? first.best : bestFix(location.fixes, arrival));
      }),
    );
  });
});
