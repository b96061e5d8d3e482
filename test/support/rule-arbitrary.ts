import fc from 'fast-check';
import { severities } from '../../src/incidents/incident.ts';
import { agencyStates, sources, trunkStates, weekdays, type Condition } from '../../src/routing/condition.ts';
import type { Facts } from '../../src/routing/facts.ts';
import { kindIds } from '../../src/routing/kind.ts';
import { modes, type Action, type RuleSet } from '../../src/routing/rule.ts';

/** The agencies and recipients that arbitrary rule sets name. */
export const someAgencies = ['damkar', 'bpbd', 'psc', 'polisi', 'pln'] as const;
export const someRecipients = ['mayor', 'secretary'] as const;
const someDistricts = ['Sail', 'Rumbai', 'Kulim'] as const;
const someTrunks = someAgencies.map((id) => `${id}-0`);
const someDates = ['2026-01-01', '2026-03-20', '2026-08-17', '2026-12-25'] as const;

const time = fc
  .integer({ min: 0, max: 24 * 60 - 1 })
  .map((m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`);

const action: fc.Arbitrary<Action> = fc.record({
  agencyId: fc.constantFrom(...someAgencies),
  mode: fc.constantFrom(...modes),
  stage: fc.integer({ min: 1, max: 3 }),
  fallbacks: fc.subarray([...someAgencies], { maxLength: 1 }),
});

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

const condition: fc.Arbitrary<Condition> = fc.record(
  {
    kinds: fc.subarray([...kindIds]),
    severities: fc.subarray([...severities]),
    districts: fc.subarray([...someDistricts]),
    areas: fc.subarray([square(101), square(102)]),
    hours: fc.record({ from: time, to: time }),
    weekdays: fc.subarray([...weekdays]),
    dates: fc.array(fc.record({ from: fc.constantFrom(...someDates), to: fc.constantFrom(...someDates) }), {
      maxLength: 2,
    }),
    holidays: fc.boolean(),
    agencyStates: fc.array(
      fc.record({ agencyId: fc.constantFrom(...someAgencies), state: fc.constantFrom(...agencyStates) }),
      { maxLength: 2 },
    ),
    trunkStates: fc.array(
      fc.record({ trunkId: fc.constantFrom(...someTrunks), state: fc.constantFrom(...trunkStates) }),
      { maxLength: 2 },
    ),
    languages: fc.subarray(['id', 'min']),
    carriers: fc.subarray(['carrier-1', 'carrier-2']),
    sources: fc.subarray([...sources]),
    confidential: fc.boolean(),
    minimumCalls: fc.integer({ min: 1, max: 20 }),
    drill: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** Conditions that ask for little: two of them often hold together. */
export const conditionArbitrary: fc.Arbitrary<Condition> = fc
  .tuple(condition, fc.subarray(['kinds', 'hours', 'dates', 'districts', 'minimumCalls', 'agencyStates'] as const))
  .chain(([all, some]) => fc.constantFrom({}, all, Object.fromEntries(some.map((part) => [part, all[part]]))));

/** Rule sets of the right shape, fit or not. */
export const ruleSetArbitrary: fc.Arbitrary<RuleSet> = fc.record({
  version: fc.nat(),
  default: fc.array(action, { maxLength: 3 }),
  rules: fc.array(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'default'),
      name: fc.constant('rule'),
      when: conditionArbitrary,
      then: fc.array(action, { maxLength: 3 }),
      tell: fc.subarray([...someRecipients]),
    }),
    { maxLength: 5 },
  ),
});

export const factsArbitrary: fc.Arbitrary<Facts> = fc.record({
  kind: fc.constantFrom(...kindIds),
  severity: fc.option(fc.constantFrom(...severities)),
  district: fc.option(fc.constantFrom(...someDistricts, 'elsewhere')),
  weekday: fc.constantFrom(...weekdays),
  time,
  date: fc.option(fc.constantFrom(...someDates, '2027-06-01')),
  holiday: fc.boolean(),
  position: fc.option(fc.record({ latitude: fc.constant(0.5), longitude: fc.constantFrom(101.5, 102.5, 110) })),
  language: fc.option(fc.constantFrom('id', 'min', 'jv')),
  carrier: fc.option(fc.constantFrom('carrier-1', 'carrier-3')),
  source: fc.constantFrom(...sources),
  confidential: fc.boolean(),
  calls: fc.integer({ min: 0, max: 30 }),
  drill: fc.boolean(),
  agencies: fc.dictionary(
    fc.constantFrom(...someAgencies),
    fc.record({ open: fc.boolean(), reachable: fc.boolean() }),
    { noNullPrototype: true },
  ),
  trunks: fc.dictionary(fc.constantFrom(...someTrunks), fc.constantFrom(...trunkStates), { noNullPrototype: true }),
});
