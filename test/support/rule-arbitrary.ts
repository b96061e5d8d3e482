import fc from 'fast-check';
import { severities } from '../../src/incidents/incident.ts';
import {
  kindIds,
  modes,
  weekdays,
  type Action,
  type Condition,
  type Facts,
  type RuleSet,
} from '../../src/routing/rule.ts';

/** The agencies that arbitrary rule sets name. */
export const someAgencies = ['damkar', 'bpbd', 'psc', 'polisi', 'pln'] as const;
const someDistricts = ['Sail', 'Rumbai', 'Kulim'] as const;

const time = fc
  .integer({ min: 0, max: 24 * 60 - 1 })
  .map((m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`);

const action: fc.Arbitrary<Action> = fc.record({
  agencyId: fc.constantFrom(...someAgencies),
  mode: fc.constantFrom(...modes),
  stage: fc.integer({ min: 1, max: 3 }),
});

const condition: fc.Arbitrary<Condition> = fc.record(
  {
    kinds: fc.subarray([...kindIds]),
    severities: fc.subarray([...severities]),
    districts: fc.subarray([...someDistricts]),
    hours: fc.record({ from: time, to: time }),
    weekdays: fc.subarray([...weekdays]),
  },
  { requiredKeys: [] },
);

/** Rule sets of the right shape, fit or not. */
export const ruleSetArbitrary: fc.Arbitrary<RuleSet> = fc.record({
  version: fc.nat(),
  default: fc.array(action, { maxLength: 3 }),
  rules: fc.array(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'default'),
      name: fc.constant('rule'),
      when: condition,
      then: fc.array(action, { maxLength: 3 }),
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
});
