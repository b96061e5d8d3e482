import fc from 'fast-check';
import { evaluate } from './evaluate.ts';
import { evaluateAndExplain } from './explain.ts';
import { localTime } from './local-time.ts';
import type { Condition } from './condition.ts';
import { factsSchema, type Facts } from './facts.ts';
import { incidentKinds } from './kind.ts';
import { decisionSchema, ruleSetSchema, speaks, type RuleSet } from './rule.ts';
import { factsArbitrary, ruleSetArbitrary } from '../../test/support/rule-arbitrary.ts';

const facts: Facts = {
  ...factsSchema.parse({ kind: 'fire', severity: 'high', district: 'Sail', weekday: 'mon', time: '12:00' }),
  date: '2026-08-17',
  position: { latitude: 0.5, longitude: 101.5 },
  language: 'min',
  carrier: 'carrier-1',
  calls: 3,
  agencies: { damkar: { open: false, reachable: true } },
  trunks: { 'damkar-1': 'down' },
};
const square = (west: number): NonNullable<Condition['areas']>[number] => ({
  type: 'Polygon',
  coordinates: [
    [
      [west, 0],
      [west + 1, 0],
      [west + 1, 1],
      [west, 1],
      [west, 0],
    ],
  ],
});
const around = square(101).coordinates[0] ?? [];
const hole = around.map(([x, y]): [number, number] => [101.25 + (x - 101) / 2, 0.25 + y / 2]);
const holed: Condition['areas'] = [{ type: 'Polygon', coordinates: [around, hole] }];

function setOf(...rules: { id: string; when?: Condition; then: string[]; tell?: string[] }[]): RuleSet {
  return ruleSetSchema.parse({
    version: 7,
    default: [{ agencyId: 'polisi' }],
    rules: rules.map(({ id, when = {}, then, tell = [] }) => ({
      id,
      name: id,
      when,
      tell,
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
    ['within an area', { areas: [square(110), square(101)] }, {}, true],
    ['in none of the areas', { areas: [square(110)] }, {}, false],
    ['in the hole of an area', { areas: holed }, {}, false],
    ['a position not known', { areas: [square(101)] }, { position: null }, false],
    ['dates, first day', { dates: [{ from: '2026-08-17', to: '2026-08-20' }] }, {}, true],
    ['dates, last day', { dates: [{ from: '2026-08-01', to: '2026-08-17' }] }, {}, true],
    ['other dates', { dates: [{ from: '2026-08-18', to: '2026-08-20' }] }, {}, false],
    ['a date not known', { dates: [{ from: '2026-08-17', to: '2026-08-20' }] }, { date: null }, false],
    ['a holiday', { holidays: true }, { holiday: true }, true],
    ['no holiday', { holidays: true }, {}, false],
    ['a working day', { holidays: false }, {}, true],
    ['an agency closed', { agencyStates: [{ agencyId: 'damkar', state: 'closed' }] }, {}, true],
    ['an agency open', { agencyStates: [{ agencyId: 'damkar', state: 'open' }] }, {}, false],
    ['an agency reachable', { agencyStates: [{ agencyId: 'damkar', state: 'reachable' }] }, {}, true],
    ['an agency unreachable', { agencyStates: [{ agencyId: 'damkar', state: 'unreachable' }] }, {}, false],
    ['an agency of which nothing is known', { agencyStates: [{ agencyId: 'psc', state: 'open' }] }, {}, false],
    [
      'one of two states of agencies',
      { agencyStates: (['closed', 'unreachable'] as const).map((state) => ({ agencyId: 'damkar', state })) },
      {},
      false,
    ],
    ['a trunk down', { trunkStates: [{ trunkId: 'damkar-1', state: 'down' }] }, {}, true],
    ['a trunk up', { trunkStates: [{ trunkId: 'damkar-1', state: 'up' }] }, {}, false],
    ['a trunk of which nothing is known', { trunkStates: [{ trunkId: 'psc-1', state: 'down' }] }, {}, false],
    ['language', { languages: ['id', 'min'] }, {}, true],
    ['another language', { languages: ['id'] }, {}, false],
    ['a language not known', { languages: ['id'] }, { language: null }, false],
    ['carrier', { carriers: ['carrier-1'] }, {}, true],
    ['another carrier', { carriers: ['carrier-2'] }, {}, false],
    ['source', { sources: ['app', 'alarm'] }, { source: 'app' }, true],
    ['another source', { sources: ['app', 'alarm'] }, {}, false],
    ['confidential', { confidential: true }, { confidential: true }, true],
    ['not confidential', { confidential: true }, {}, false],
    ['as many calls', { minimumCalls: 3 }, {}, true],
    ['too few calls', { minimumCalls: 4 }, {}, false],
    ['a drill', { drill: true }, { drill: true }, true],
    ['no drill', { drill: true }, {}, false],
    ['not asked whether it is a drill', {}, { drill: true }, true],
    ['all conditions hold', { kinds: ['fire'], severities: ['high'], weekdays: ['mon'] }, {}, true],
    ['one of them does not', { kinds: ['fire'], severities: ['high'], weekdays: ['sun'] }, {}, false],
  ];
  test.each(cases)('%s', (_name, when, changed, matches) => {
    const decision = evaluateAndExplain(setOf({ id: 'r', when, then: ['damkar'] }), { ...facts, ...changed });
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

  test('the default decides as well if the rules bring nobody who speaks with the caller', () => {
    const ruleSet = setOf({ id: 'a', then: ['psc listen', 'pln notify'], tell: ['mayor'] });
    const decision = evaluate(ruleSet, facts);
    expect(decision.actions).toMatchObject([
      { agencyId: 'psc', mode: 'listen', ruleId: 'a' },
      { agencyId: 'pln', mode: 'notify', ruleId: 'a' },
      { agencyId: 'polisi', mode: 'bridge', ruleId: 'default' },
    ]);
    expect(decision.trace.at(-1)).toEqual({
      ruleId: 'default',
      matched: true,
      because: ['the rules that matched bring nobody who speaks with the caller'],
    });
    expect(agencies(setOf({ id: 'a', then: ['psc'] }), facts)).toEqual(['psc']);
  });

  test('whom a rule only tells speaks after all where the default says so', () => {
    const decision = evaluate(setOf({ id: 'a', then: ['polisi notify'] }), facts);
    expect(decision.actions).toMatchObject([{ agencyId: 'polisi', mode: 'bridge', ruleId: 'default' }]);
    expect(decision.trace.at(-1)?.because).toContain('polisi does not only hear of it, as a says');
  });

  test('whoever serves other districts is engaged all the same, and the trace says that he is asked last', () => {
    const elsewhere = {
      ...facts,
      district: 'Rumbai',
      agencies: { psc: { open: true, reachable: true, serves: false } },
    };
    const decision = evaluate(setOf({ id: 'a', then: ['psc'] }), elsewhere);
    expect(decision.actions).toMatchObject([{ agencyId: 'psc' }]);
    expect(decision.trace[0]?.because).toContain('psc is asked last: it does not serve Rumbai');
    const here = evaluate(setOf({ id: 'a', then: ['psc'] }), { ...elsewhere, agencies: {} });
    expect(here.trace[0]?.because.some((line) => line.includes('asked last'))).toBe(false);
  });

  test('a request that a rule names brings nobody by default', () => {
    const ruleSet = setOf({ id: 'a', when: { kinds: ['information'] }, then: ['pln notify'] });
    expect(agencies(ruleSet, { ...facts, kind: 'information' })).toEqual(['pln']);
  });

  test('everybody is told once, by the first rule that says so', () => {
    const ruleSet = setOf(
      { id: 'a', then: ['psc'], tell: ['mayor'] },
      { id: 'b', then: [], tell: ['mayor', 'secretary'] },
      { id: 'c', when: { kinds: ['flood'] }, then: [], tell: ['governor'] },
    );
    const decision = evaluate(ruleSet, facts);
    expect(decision.tell).toEqual([
      { recipientId: 'mayor', ruleId: 'a' },
      { recipientId: 'secretary', ruleId: 'b' },
    ]);
    expect(decision.trace[1]?.because).toContain('mayor is told by a already');
  });

  test('of a rule that did not match the trace says all that did not hold, and of another what did', () => {
    const when: Condition = { kinds: ['flood'], severities: ['high'], drill: true, areas: [square(110)] };
    const rules = [
      { id: 'a', when, then: ['psc'] },
      { id: 'b', when: { severities: ['high' as const], areas: [square(101)] }, then: ['psc'] },
    ];
    expect(evaluateAndExplain(setOf(...rules), facts).trace).toMatchObject([
      { matched: false, because: ['kind fire is not among flood', 'it is not a drill'] },
      {
        matched: true,
        because: ['kind fire is an incident', 'severity high is among high', 'the position lies in area 1'],
      },
      { ruleId: 'default', matched: false },
    ]);
  });

  test('what older versions stored is still read', () => {
    const rules = [
      { id: 'a', name: 'a', when: { kinds: ['fire'] }, then: [{ agencyId: 'psc', mode: 'bridge', stage: 2 }] },
    ];
    const old = ruleSetSchema.parse({ version: 3, default: [{ agencyId: 'polisi' }], rules });
    expect(agencies(old, facts)).toEqual(['psc']);
    const stored = {
      ruleSetVersion: 3,
      actions: [{ agencyId: 'psc', mode: 'bridge', stage: 2, ruleId: 'a' }],
      trace: [],
    };
    expect(decisionSchema.parse(stored)).toEqual({
      ...stored,
      facts: null,
      tell: [],
      actions: [{ ...stored.actions[0], fallbacks: [] }],
    });
    const asked = { kind: 'fire', severity: null, district: null, weekday: 'mon', time: '12:00' };
    expect(factsSchema.parse(asked)).toMatchObject({
      ...asked,
      position: null,
      source: 'call',
      calls: 1,
      drill: false,
    });
  });

  test('five hundred rules with districts, hours and areas are asked in less than 50 milliseconds', () => {
    const areas = Array.from({ length: 5 }, (_, n) => square(100 + n));
    const ruleSet = setOf(
      ...Array.from({ length: 500 }, (_, n) => ({
        id: `r${n}`,
        when: { districts: ['Rumbai', 'Kulim', 'Sail'], hours: { from: '10:00', to: '14:00' }, areas },
        then: [`a${n}`],
      })),
    );
    evaluate(ruleSet, facts);
    // The processor's time: the machine may have other things to do.
    const began = process.cpuUsage();
    for (let n = 0; n < 10; n += 1) expect(evaluate(ruleSet, facts).actions).toHaveLength(500);
    expect(process.cpuUsage(began).user / 1_000 / 10).toBeLessThan(50);
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
        expect(new Set(decision.tell.map(({ recipientId }) => recipientId)).size).toBe(decision.tell.length);
        expect(decisionSchema.parse(JSON.parse(JSON.stringify(decision)))).toEqual(decision);
        const byDefault = ruleSet.default.some(({ mode }) => speaks(mode));
        if (byDefault && incidentKinds.includes(asked.kind)) {
          expect(decision.actions.some(({ mode }) => speaks(mode))).toBe(true);
        }
      }),
    );
  });
});

describe('localTime', () => {
  test.each([
    ['Asia/Jakarta', '2026-05-17T23:30:00Z', 'mon', '2026-05-18', '06:30'],
    ['Asia/Makassar', '2026-05-17T23:30:00Z', 'mon', '2026-05-18', '07:30'],
    ['Asia/Jakarta', '2026-05-16T17:00:00Z', 'sun', '2026-05-17', '00:00'],
    ['UTC', '2026-05-17T23:30:00Z', 'sun', '2026-05-17', '23:30'],
  ])('%s at %s is %s %s %s', (zone, at, weekday, date, time) => {
    expect(localTime(Date.parse(at), zone)).toEqual({ weekday, date, time });
  });
});
