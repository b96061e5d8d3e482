import fc from 'fast-check';
import { factsArbitrary, ruleSetArbitrary, someAgencies } from '../../test/support/rule-arbitrary.ts';
import { directoryOf, type Agency } from '../agencies/agency.ts';
import { evaluate } from './evaluate.ts';
import { incidentKinds, ruleSetContent } from './rule.ts';
import { validate, type Fault } from './validate.ts';

const agency = (id: string, trunks = 1): Agency => ({
  id,
  name: id,
  nameEnglish: id,
  number: '113',
  acceptance: 'key',
  version: 1,
  trunks: Array.from({ length: trunks }, (_, index) => ({
    id: `${id}-${index}`,
    host: '192.0.2.1',
    port: 5060,
    transport: 'udp' as const,
    number: '113',
  })),
});
const agencies = directoryOf([...someAgencies.map((id) => agency(id)), agency('empty', 0)]);

function faultsOf(content: { default?: unknown; rules?: object[] }, districts: string[] = []): Fault[] {
  const rules = (content.rules ?? []).map((rule, index) => ({ id: `r${index}`, name: 'r', ...rule }));
  return validate(ruleSetContent.parse({ default: [{ agencyId: 'polisi' }], ...content, rules }), {
    agencies,
    districts,
  });
}
const brief = (faults: Fault[]): [string | null, string, string][] =>
  faults.map(({ ruleId, path, code }) => [ruleId, path, code]);
const to = (...ids: string[]): { agencyId: string; mode?: string }[] => ids.map((agencyId) => ({ agencyId }));

describe('validate', () => {
  test('a fit rule set has no fault', () => {
    const rules = [
      { when: { kinds: ['fire'], hours: { from: '22:00', to: '06:00' } }, then: to('damkar', 'psc') },
      { when: { kinds: ['fire'] }, then: to('damkar') },
      { then: to('polisi') },
    ];
    expect(faultsOf({ rules })).toEqual([]);
  });

  test('every fault is listed, each with its place', () => {
    const rules = [
      { id: 'default', then: [] },
      { id: 'x', when: { kinds: [], weekdays: [] }, then: to('nobody', 'empty') },
      { id: 'x', when: { kinds: ['flood'], hours: { from: '06:00', to: '06:00' } }, then: to('bpbd', 'bpbd') },
      { id: 'y', when: { districts: ['sail', 'Atlantis'] }, then: to('psc').map((a) => ({ ...a, mode: 'transfer' })) },
      {
        id: 'z',
        when: { kinds: ['crime'] },
        then: to('polisi', 'pln').map((a) => ({ ...a, mode: 'transfer' })),
      },
    ];
    expect(brief(faultsOf({ default: [], rules }, ['Sail', 'Rumbai']))).toEqual([
      [null, 'default', 'no-default'],
      ['default', 'rules.0.id', 'reserved-id'],
      ['default', 'rules.0.then', 'no-action'],
      ['x', 'rules.1.when.kinds', 'never-matches'],
      ['x', 'rules.1.when.weekdays', 'never-matches'],
      ['x', 'rules.1.then.0.agencyId', 'unknown-agency'],
      ['x', 'rules.1.then.1.agencyId', 'agency-without-trunk'],
      ['x', 'rules.2.id', 'duplicate-id'],
      ['x', 'rules.2.when.hours', 'never-matches'],
      ['x', 'rules.2.then.1.agencyId', 'agency-twice'],
      ['y', 'rules.3.when.districts.1', 'unknown-district'],
      ['z', 'rules.4.then', 'two-transfers'],
    ]);
  });

  test('the default is checked as the rules are', () => {
    expect(brief(faultsOf({ default: to('nobody') }))).toEqual([[null, 'default.0.agencyId', 'unknown-agency']]);
  });

  const night = { from: '22:00', to: '06:00' };
  const order: [string, object, object, boolean][] = [
    ['the same condition', { kinds: ['fire'] }, { kinds: ['fire'] }, true],
    ['a narrower one after the general', {}, { kinds: ['fire'], severities: ['high'] }, true],
    ['the general one after a narrower', { kinds: ['fire'] }, {}, false],
    ['another kind', { kinds: ['fire'] }, { kinds: ['flood'] }, false],
    ['kinds in part', { kinds: ['fire'] }, { kinds: ['fire', 'flood'] }, false],
    ['a non-incident after the general', {}, { kinds: ['prank'] }, false],
    ['districts in another spelling', { districts: ['Sail'] }, { districts: ['SAIL'] }, true],
    ['hours within', { hours: night }, { hours: { from: '23:00', to: '05:00' } }, true],
    ['hours within, after midnight', { hours: night }, { hours: { from: '01:00', to: '06:00' } }, true],
    ['hours reaching out', { hours: night }, { hours: { from: '23:00', to: '07:00' } }, false],
    ['hours on the other side', { hours: night }, { hours: { from: '06:00', to: '22:00' } }, false],
    ['all day after the night', { hours: night }, {}, false],
    ['weekdays in part', { weekdays: ['mon'] }, { weekdays: ['mon', 'tue'] }, false],
  ];
  test.each(order)('an agency already engaged: %s', (_name, first, second, faulty) => {
    const faults = faultsOf({
      rules: [
        { when: first, then: to('damkar') },
        { when: second, then: to('damkar') },
      ],
    });
    expect(brief(faults)).toEqual(faulty ? [['r1', 'rules.1', 'adds-nothing']] : []);
  });

  test('a rule whose mode never takes effect contradicts the one before', () => {
    const rules = [
      { then: to('damkar') },
      { when: { kinds: ['fire'] }, then: [{ agencyId: 'damkar', mode: 'transfer' }, { agencyId: 'psc' }] },
    ];
    expect(brief(faultsOf({ rules }))).toEqual([['r1', 'rules.1.then', 'contradiction']]);
    expect(faultsOf({ rules: rules.toReversed() })).toEqual([]);
  });

  test('what validates always yields an agency with a trunk for an incident', () => {
    let fit = 0;
    fc.assert(
      fc.property(ruleSetArbitrary, factsArbitrary, fc.constantFrom(...incidentKinds), (ruleSet, asked, kind) => {
        if (validate(ruleSet, { agencies, districts: [] }).length > 0) return;
        fit += 1;
        const { actions } = evaluate(ruleSet, { ...asked, kind });
        expect(actions.length).toBeGreaterThan(0);
        for (const { agencyId } of actions) expect(agencies.find(agencyId)?.trunks.length).toBeGreaterThan(0);
      }),
      { numRuns: 3_000 },
    );
    // The property would hold for nothing if no set were ever fit.
    expect(fit).toBeGreaterThan(100);
  });

  test('a rule that adds nothing can be left out without changing any decision', () => {
    fc.assert(
      fc.property(ruleSetArbitrary, factsArbitrary, (ruleSet, asked) => {
        const faults = validate(ruleSet, { agencies, districts: [] });
        const index = faults.find(({ code }) => code === 'adds-nothing')?.path.split('.')[1];
        if (index === undefined) return;
        const rules = ruleSet.rules.filter((_, at) => at !== Number(index));
        const without = evaluate({ ...ruleSet, rules }, asked).actions.map(({ agencyId }) => agencyId);
        expect(evaluate(ruleSet, asked).actions.map(({ agencyId }) => agencyId)).toEqual(without);
      }),
      { numRuns: 3_000 },
    );
  });
});
