import fc from 'fast-check';
import { evaluate } from './evaluate.ts';
import { localTime } from './local-time.ts';
import { ruleSetSchema, type Condition, type Facts, type RuleSet } from './rule.ts';
import { factsArbitrary, ruleSetArbitrary } from '../../test/support/rule-arbitrary.ts';

const facts: Facts = { kind: 'fire', severity: 'high', district: 'Sail', weekday: 'mon', time: '12:00' };

function setOf(...rules: { id: string; when?: Condition; then: string[] }[]): RuleSet {
  return ruleSetSchema.parse({
    version: 7,
    default: [{ agencyId: 'polisi' }],
    rules: rules.map(({ id, when = {}, then }) => ({
      id,
      name: id,
      when,
      then: then.map((text) => ({ agencyId: text.split(' ')[0], mode: text.split(' ')[1] ?? 'bridge' })),
    })),
  });
}

const agencies = (ruleSet: RuleSet, asked: Facts): string[] =>
  evaluate(ruleSet, asked).actions.map(({ agencyId }) => agencyId);

describe('evaluate', () => {
  const cases: [string, Condition, Partial<Facts>, boolean][] = [
    ['no condition matches every incident', {}, {}, true],
    ['no condition does not match a request', {}, { kind: 'information' }, false],
    ['no condition does not match a prank', {}, { kind: 'prank' }, false],
    ['a non-incident matches where it is named', { kinds: ['prank'] }, { kind: 'prank' }, true],
    ['kind', { kinds: ['fire', 'flood'] }, {}, true],
    ['another kind', { kinds: ['flood'] }, {}, false],
    ['severity', { severities: ['high'] }, {}, true],
    ['another severity', { severities: ['low'] }, {}, false],
    ['a severity not known', { severities: ['high'] }, { severity: null }, false],
    ['district in another spelling', { districts: ['  SAIL '] }, {}, true],
    ['another district', { districts: ['Rumbai'] }, {}, false],
    ['a district not known', { districts: ['Sail'] }, { district: null }, false],
    ['weekday', { weekdays: ['mon'] }, {}, true],
    ['another weekday', { weekdays: ['tue'] }, {}, false],
    ['hours from inclusive', { hours: { from: '12:00', to: '13:00' } }, {}, true],
    ['hours to exclusive', { hours: { from: '11:00', to: '12:00' } }, {}, false],
    ['hours over midnight, late', { hours: { from: '22:00', to: '06:00' } }, { time: '23:59' }, true],
    ['hours over midnight, early', { hours: { from: '22:00', to: '06:00' } }, { time: '05:59' }, true],
    ['hours over midnight, by day', { hours: { from: '22:00', to: '06:00' } }, { time: '06:00' }, false],
    ['all conditions hold', { kinds: ['fire'], severities: ['high'], weekdays: ['mon'] }, {}, true],
    ['one of them does not', { kinds: ['fire'], severities: ['high'], weekdays: ['sun'] }, {}, false],
  ];
  test.each(cases)('%s', (_name, when, changed, matches) => {
    const decision = evaluate(setOf({ id: 'r', when, then: ['damkar'] }), { ...facts, ...changed });
    expect(decision.trace[0]).toMatchObject({ ruleId: 'r', matched: matches });
    expect(decision.actions.some(({ agencyId }) => agencyId === 'damkar')).toBe(matches);
  });

  test('all matching rules add their agencies, each agency once, the first one deciding how', () => {
    const ruleSet = setOf(
      { id: 'a', then: ['damkar transfer', 'psc'] },
      { id: 'b', when: { kinds: ['flood'] }, then: ['bpbd'] },
      { id: 'c', then: ['damkar', 'polisi'] },
    );
    expect(evaluate(ruleSet, facts)).toMatchObject({
      ruleSetVersion: 7,
      actions: [
        { agencyId: 'damkar', mode: 'transfer', ruleId: 'a' },
        { agencyId: 'psc', mode: 'bridge', ruleId: 'a' },
        { agencyId: 'polisi', mode: 'bridge', ruleId: 'c' },
      ],
    });
  });

  test('the default decides if no rule matches, but only for incidents', () => {
    const ruleSet = setOf({ id: 'a', when: { kinds: ['flood'] }, then: ['bpbd'] });
    expect(evaluate(ruleSet, facts).actions).toMatchObject([{ agencyId: 'polisi', ruleId: 'default' }]);
    expect(agencies(ruleSet, { ...facts, kind: 'information' })).toEqual([]);
    expect(agencies(ruleSet, { ...facts, kind: 'silent' })).toEqual([]);
  });

  test('a second transfer becomes a bridge', () => {
    const ruleSet = setOf({ id: 'a', then: ['damkar transfer'] }, { id: 'b', then: ['psc transfer'] });
    const decision = evaluate(ruleSet, facts);
    expect(decision.actions.map(({ mode }) => mode)).toEqual(['transfer', 'bridge']);
    expect(decision.trace[1]?.because.join()).toContain('psc is bridged');
  });

  test('the same question has the same answer, each agency once, and at most one takes the caller over', () => {
    fc.assert(
      fc.property(ruleSetArbitrary, factsArbitrary, (ruleSet, asked) => {
        const decision = evaluate(ruleSet, asked);
        expect(evaluate(structuredClone(ruleSet), structuredClone(asked))).toEqual(decision);
        const engaged = decision.actions.map(({ agencyId }) => agencyId);
        expect(new Set(engaged).size).toBe(engaged.length);
        expect(decision.actions.filter(({ mode }) => mode === 'transfer').length).toBeLessThanOrEqual(1);
        expect(decision.trace.map(({ ruleId }) => ruleId)).toEqual([...ruleSet.rules.map(({ id }) => id), 'default']);
      }),
    );
  });
});

describe('localTime', () => {
  test.each([
    ['Asia/Jakarta', '2026-05-17T23:30:00Z', 'mon', '06:30'],
    ['Asia/Makassar', '2026-05-17T23:30:00Z', 'mon', '07:30'],
    ['Asia/Jakarta', '2026-05-16T17:00:00Z', 'sun', '00:00'],
    ['UTC', '2026-05-17T23:30:00Z', 'sun', '23:30'],
  ])('%s at %s is %s %s', (zone, at, weekday, time) => {
    expect(localTime(Date.parse(at), zone)).toEqual({ weekday, time });
  });
});
