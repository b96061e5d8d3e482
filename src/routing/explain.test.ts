import fc from 'fast-check';
import { evaluate } from './evaluate.ts';
import { evaluateAndExplain, explain } from './explain.ts';
import { match } from './match.ts';
import { factsArbitrary, ruleSetArbitrary } from '../../test/support/rule-arbitrary.ts';

/** Districts as people write them: their spelling does not count. */
const spelled = fc.constantFrom('Sail', ' SAIL', 'sail ', 'Rumbai', 'kulim', 'elsewhere', null);
const asked = fc.tuple(factsArbitrary, spelled).map(([facts, district]) => ({ ...facts, district }));

describe('explain', () => {
  test('whether each rule matches, and why, is as if each had been asked', () => {
    fc.assert(
      fc.property(ruleSetArbitrary, asked, (ruleSet, facts) => {
        const plain = ruleSet.rules.map(({ id, when }) => ({ ruleId: id, ...match(when, facts) }));
        const { trace } = evaluateAndExplain(ruleSet, facts);
        expect(trace).toHaveLength(plain.length + 1);
        for (const [at, { ruleId, matched, because }] of plain.entries()) {
          // What a rule that matches changes follows its reasons.
          const said = trace[at]?.because.slice(0, matched ? because.length : undefined);
          expect({ ...trace[at], because: said }).toEqual({ ruleId, matched, because });
        }
        expect(evaluate(ruleSet, facts).trace).toEqual(
          trace.filter(({ matched }, at) => matched || at === plain.length),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test('what was said of the rules that matched stands, whatever is read today', () => {
    const stored = [
      { ruleId: 'b', matched: true, because: ['kind fire was burning'] },
      { ruleId: 'default', matched: false, because: ['the rules bring somebody who speaks with the caller'] },
    ];
    fc.assert(
      fc.property(ruleSetArbitrary, asked, (ruleSet, facts) => {
        const rules = ['a', 'b', 'c'].map((id, at) => ({
          ...ruleSet.rules[at],
          id,
          name: id,
          when: {},
          then: [],
          tell: [],
        }));
        const fire = { ...facts, kind: 'fire' as const };
        expect(explain({ ...ruleSet, rules }, fire, stored)).toEqual([
          { ruleId: 'a', matched: false, because: [expect.stringContaining('it did not match then')] },
          stored[0],
          { ruleId: 'c', matched: false, because: [expect.stringContaining('it did not match then')] },
          stored[1],
        ]);
        const information = { ...facts, kind: 'information' as const };
        expect(explain({ ...ruleSet, rules }, information, stored)).toEqual([
          { ruleId: 'a', matched: false, because: ['kind information is no incident'] },
          stored[0],
          { ruleId: 'c', matched: false, because: ['kind information is no incident'] },
          stored[1],
        ]);
      }),
      { numRuns: 5 },
    );
  });

  test('a trace that has every rule, as older versions stored it, is answered as it is', () => {
    fc.assert(
      fc.property(ruleSetArbitrary, asked, asked, (ruleSet, facts, others) => {
        const { trace } = evaluateAndExplain(ruleSet, facts);
        expect(explain(ruleSet, others, trace)).toEqual(trace);
      }),
    );
  });
});
