import fc from 'fast-check';
import { factsArbitrary, ruleSetArbitrary, someAgencies, someRecipients } from '../../test/support/rule-arbitrary.ts';
import { testAgency } from '../../test/support/agencies.ts';
import { directoryOf, type Trunk } from '../agencies/agency.ts';
import { usableWith } from '../agencies/way.ts';
import { evaluate } from './evaluate.ts';
import { incidentKinds } from './kind.ts';
import { ruleSetContent, speaks } from './rule.ts';
import { validate, type Fault } from './validate.ts';

const agencies = directoryOf([...someAgencies.map((id) => testAgency(id, [`${id}-0`])), testAgency('empty', [])]);

function faultsOf(content: { default?: unknown; rules?: object[] }, districts: string[] = []): Fault[] {
  const rules = (content.rules ?? []).map((rule, index) => ({ id: `r${index}`, name: 'r', ...rule }));
  const parsed = ruleSetContent.parse({ default: [{ agencyId: 'polisi' }], ...content, rules });
  const { faults, total } = validate(parsed, { agencies, districts, recipients: someRecipients });
  expect(total).toBe(faults.length);
  return [...faults];
}
const surroundings = { agencies, districts: [], recipients: someRecipients };
const brief = (faults: Fault[]): [string | null, string, string][] =>
  faults.map(({ ruleId, path, code }) => [ruleId, path, code]);
const square = (west: number) => ({
  type: 'Polygon',
  coordinates: [
    [
      [west, 0],
      [west + 1, 0],
      [west + 1, 1],
      [west, 0],
    ],
  ],
});
const to = (...ids: string[]): { agencyId: string; mode?: string }[] => ids.map((agencyId) => ({ agencyId }));

function trunkOf(id: string, type: string): Trunk {
  if (type === 'carrier') return { id, type, number: '0761119' };
  if (type.startsWith('desk')) return { id, type: 'desk', name: 'Piket' };
  return { id, type: 'sip', host: '192.0.2.1', port: 5060, transport: 'udp', number: '113' };
}

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

  test('the default is checked as the rules are, and brings a person', () => {
    expect(brief(faultsOf({ default: to('nobody', 'polisi') }))).toEqual([
      [null, 'default.0.agencyId', 'unknown-agency'],
    ]);
    for (const wrong of [
      to('empty'),
      [{ agencyId: 'polisi', mode: 'notify' }],
      [{ agencyId: 'psc', mode: 'listen' }],
    ]) {
      expect(brief(faultsOf({ default: wrong }))).toContainEqual([null, 'default', 'no-human']);
    }
  });

  const wrong: [string, object, [path: string, code: string][]][] = [
    [
      'empty lists',
      { areas: [], dates: [], sources: [] },
      [
        ['areas', 'never-matches'],
        ['dates', 'never-matches'],
        ['sources', 'never-matches'],
      ],
    ],
    ['dates backwards', { dates: [{ from: '2026-02-01', to: '2026-01-01' }] }, [['dates.0', 'never-matches']]],
    [
      'a ring that is open',
      {
        areas: [
          {
            type: 'Polygon',
            coordinates: [
              [
                [1, 1],
                [2, 1],
                [2, 2],
                [1, 2],
              ],
            ],
          },
        ],
      },
      [['areas.0.coordinates.0', 'never-matches']],
    ],
    [
      'a ring without an inside',
      {
        areas: [
          {
            type: 'Polygon',
            coordinates: [
              [
                [1, 1],
                [2, 1],
                [1, 1],
              ],
            ],
          },
        ],
      },
      [['areas.0.coordinates.0', 'never-matches']],
    ],
    [
      'an unknown agency',
      { agencyStates: [{ agencyId: 'gone', state: 'open' }] },
      [['agencyStates.0.agencyId', 'unknown-agency']],
    ],
    [
      'an unknown trunk',
      { trunkStates: [{ trunkId: 'gone', state: 'up' }] },
      [['trunkStates.0.trunkId', 'unknown-trunk']],
    ],
    [
      'an agency open and closed',
      { agencyStates: ['open', 'closed'].map((state) => ({ agencyId: 'psc', state })) },
      [
        ['agencyStates.0', 'never-matches'],
        ['agencyStates.1', 'never-matches'],
      ],
    ],
    [
      'a trunk up and down',
      { trunkStates: ['up', 'down'].map((state) => ({ trunkId: 'psc-0', state })) },
      [['trunkStates.1', 'never-matches']],
    ],
    [
      'confidential, of kinds that are not',
      { kinds: ['fire'], confidential: true },
      [['confidential', 'never-matches']],
    ],
  ];
  test.each(wrong)('a condition that never holds: %s', (_name, when, faults) => {
    expect(brief(faultsOf({ rules: [{ when, then: to('psc') }] }))).toEqual(
      faults.map(([path, code]) => ['r0', `rules.0.when.${path}`, code]),
    );
  });

  test('who is asked in place of another, and who is told, is known and named once', () => {
    const rules = [
      {
        then: [{ agencyId: 'damkar', fallbacks: ['gone', 'empty', 'damkar', 'psc', 'psc'] }],
        tell: ['mayor', 'nobody', 'mayor'],
      },
      { then: [{ agencyId: 'empty', mode: 'notify' }], tell: ['secretary'] },
      { when: { kinds: ['fire'] }, then: [], tell: ['secretary'] },
    ];
    expect(brief(faultsOf({ rules }))).toEqual([
      ['r0', 'rules.0.then.0.fallbacks.0', 'unknown-agency'],
      ['r0', 'rules.0.then.0.fallbacks.1', 'agency-without-trunk'],
      ['r0', 'rules.0.then.0.fallbacks.2', 'agency-twice'],
      ['r0', 'rules.0.then.0.fallbacks.4', 'agency-twice'],
      ['r0', 'rules.0.tell.1', 'unknown-recipient'],
      ['r0', 'rules.0.tell.2', 'recipient-twice'],
      ['r2', 'rules.2', 'adds-nothing'],
    ]);
  });

  test('two hundred faults are listed, and all are counted', () => {
    const rules = Array.from({ length: 500 }, (_, n) => ({ id: `r${n}`, name: 'r', when: {}, then: [], tell: [] }));
    const { faults, total } = validate(
      { default: ruleSetContent.parse({ default: to('psc'), rules: [] }).default, rules },
      surroundings,
    );
    expect([faults.length, total]).toEqual([200, 500]);
  });

  const year = { from: '2026-01-01', to: '2026-12-31' };
  const closed = { agencyId: 'damkar', state: 'closed' };
  const unreachable = { agencyId: 'damkar', state: 'unreachable' };
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
    ['dates within', { dates: [year] }, { dates: [{ from: '2026-12-24', to: '2026-12-31' }] }, true],
    ['dates reaching out', { dates: [year] }, { dates: [{ from: '2026-12-24', to: '2027-01-01' }] }, false],
    ['an area of several', { areas: [square(1), square(2)] }, { areas: [square(2)] }, true],
    ['another area', { areas: [square(1)] }, { areas: [square(2)] }, false],
    ['one more state asked for', { agencyStates: [closed] }, { agencyStates: [closed, unreachable] }, true],
    ['one state less', { agencyStates: [closed, unreachable] }, { agencyStates: [closed] }, false],
    ['a trunk beside', { agencyStates: [closed] }, { trunkStates: [{ trunkId: 'psc-0', state: 'down' }] }, false],
    ['more calls', { minimumCalls: 2 }, { minimumCalls: 5 }, true],
    ['fewer calls', { minimumCalls: 5 }, {}, false],
    ['drills after all', {}, { drill: true }, true],
    ['all after drills', { drill: true }, {}, false],
    ['working days after holidays', { holidays: true }, { holidays: false }, false],
    ['languages in part', { languages: ['id'] }, { languages: ['id', 'min'] }, false],
    ['the same carrier', { carriers: ['carrier-1'] }, { carriers: ['carrier-1'] }, true],
    ['another source', { sources: ['call'] }, { sources: ['app'] }, false],
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

  test('what validates always yields somebody who speaks with the caller, at an agency with a trunk', () => {
    let fit = 0;
    fc.assert(
      fc.property(ruleSetArbitrary, factsArbitrary, fc.constantFrom(...incidentKinds), (ruleSet, asked, kind) => {
        if (validate(ruleSet, surroundings).total > 0) return;
        fit += 1;
        const { actions } = evaluate(ruleSet, { ...asked, kind });
        const speaking = actions.filter(({ mode }) => speaks(mode));
        expect(speaking.length).toBeGreaterThan(0);
        for (const { agencyId } of speaking) expect(agencies.find(agencyId)?.trunks.length).toBeGreaterThan(0);
      }),
      { numRuns: 3_000 },
    );
    // The property would hold for nothing if no set were ever fit.
    expect(fit).toBeGreaterThan(100);
  });

  test('the same where some trunks cannot be rung: only those that can count', () => {
    let fit = 0;
    const trunkTypes = fc.tuple(
      ...someAgencies.map(() => fc.constantFrom('sip', 'carrier', 'desk', 'desk with account')),
    );
    fc.assert(
      fc.property(ruleSetArbitrary, factsArbitrary, trunkTypes, fc.boolean(), (ruleSet, asked, types, outgoing) => {
        const of = new Map(someAgencies.map((id, index) => [id as string, types[index] ?? '']));
        const mixed = someAgencies.map((id) => testAgency(id, [], { trunks: [trunkOf(`${id}-0`, of.get(id) ?? '')] }));
        const hasAccount = (trunkId: string): boolean => of.get(trunkId.slice(0, -2)) === 'desk with account';
        const there = directoryOf(mixed, undefined, usableWith(outgoing, hasAccount));
        if (validate(ruleSet, { ...surroundings, agencies: there }).total > 0) return;
        fit += 1;
        const speaking = evaluate(ruleSet, { ...asked, kind: 'fire' }).actions.filter(({ mode }) => speaks(mode));
        const rung = speaking.map(({ agencyId }) => of.get(agencyId));
        expect(rung.length).toBeGreaterThan(0);
        for (const type of rung) {
          expect(type === 'sip' || type === 'desk with account' || (type === 'carrier' && outgoing)).toBe(true);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(fit).toBeGreaterThan(50);
  });

  test('a rule that adds nothing can be left out without changing any decision', () => {
    let useless = 0;
    fc.assert(
      fc.property(ruleSetArbitrary, factsArbitrary, (ruleSet, asked) => {
        const { faults } = validate(ruleSet, surroundings);
        const index = faults.find(({ code }) => code === 'adds-nothing')?.path.split('.')[1];
        if (index === undefined) return;
        useless += 1;
        const rules = ruleSet.rules.filter((_, at) => at !== Number(index));
        const [all, without] = [ruleSet, { ...ruleSet, rules }].map((one) => evaluate(one, asked));
        expect(without?.actions).toEqual(all?.actions);
        expect(without?.tell).toEqual(all?.tell);
      }),
      { numRuns: 3_000 },
    );
    expect(useless).toBeGreaterThan(100);
  });
});
