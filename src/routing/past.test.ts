import fc from 'fast-check';
import { factsArbitrary, ruleSetArbitrary } from '../../test/support/rule-arbitrary.ts';
import { evaluate } from './evaluate.ts';
import { factsSchema } from './facts.ts';
import { decideAgain } from './past.ts';
import { ruleSetSchema } from './rule.ts';

const rules = [{ id: 'fire', name: 'f', when: { kinds: ['fire'] }, then: [{ agencyId: 'damkar' }], tell: ['mayor'] }];
const ruleSet = ruleSetSchema.parse({ version: 4, default: [{ agencyId: 'polisi' }], rules });
const facts = factsSchema.parse({ kind: 'fire', weekday: 'mon', time: '12:00' });
const past = evaluate(ruleSet, facts);

describe('decideAgain', () => {
  test('the same rules say the same of what they were asked, also when it comes from JSON', () => {
    fc.assert(
      fc.property(ruleSetArbitrary, factsArbitrary, (set, asked) => {
        const { actions, tell, facts: stored } = evaluate(set, asked);
        const row: unknown = JSON.parse(JSON.stringify(stored));
        expect(decideAgain(set, { ruleSetVersion: 1, actions, tell, facts: row })).toEqual({ outcome: 'same' });
      }),
    );
  });

  test('another rule that says the same is no difference', () => {
    const renamed = { ...ruleSet, rules: ruleSet.rules.map((rule) => ({ ...rule, id: 'kebakaran' })) };
    expect(decideAgain(renamed, past)).toEqual({ outcome: 'same' });
  });

  test.each([
    ['another agency', { then: [{ agencyId: 'psc' }] }],
    ['another mode', { then: [{ agencyId: 'damkar', mode: 'transfer' }] }],
    ['another stage', { then: [{ agencyId: 'damkar', stage: 2 }] }],
    ['another one in its place', { then: [{ agencyId: 'damkar', fallbacks: ['psc'] }] }],
    ['somebody else told', { tell: ['secretary'] }],
    ['another kind', { when: { kinds: ['flood'] } }],
  ])('%s is a difference', (_name, over) => {
    const draft = ruleSetSchema.parse({ ...ruleSet, rules: [{ ...rules[0], ...over }] });
    const { actions, tell } = evaluate(draft, facts);
    expect(decideAgain(draft, past)).toEqual({ outcome: 'different', would: { actions, tell } });
  });

  test.each([[undefined], [null], [{ kind: 'of an older version' }]])('facts that are not there: %j', (stored) => {
    expect(decideAgain(ruleSet, { ...past, facts: stored })).toEqual({ outcome: 'not-known' });
  });
});
