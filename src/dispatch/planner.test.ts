import { sipOnly, testAgency } from '../../test/support/agencies.ts';
import { agencyDraft, directoryOf, type Agency } from '../agencies/agency.ts';
import { openIncident } from '../incidents/incident.ts';
import { systemClock } from '../platform/clock.ts';
import { completeFacts } from '../routing/facts.ts';
import type { Decision } from '../routing/rule.ts';
import { defaultSettings } from '../settings/setting.ts';
import { createPlanner } from './planner.ts';
import type { Dispatch } from './dispatch.ts';

const agency = (id: string, over: Partial<Agency> = {}): Agency => testAgency(id, undefined, over);
const practising = agencyDraft.parse({
  ...{ id: 'practising', name: 'P', nameEnglish: 'P', number: '1', trunks: [] },
  drillTrunk: { id: 'drill-1', host: '192.0.2.7', number: '900' },
});
const directory = directoryOf([
  agency('practising', { drillTrunk: practising.drillTrunk, alternates: ['bpbd'] }),
  agency('damkar', { alternates: ['bpbd', 'gone'] }),
  agency('bpbd'),
  agency('pmi'),
  agency('sail-only', { districts: ['Sail'], alternates: ['pmi'] }),
  ...Array.from({ length: 9 }, (_, n) => agency(`many-${n}`)),
]);

function planner(
  actions: Partial<Decision['actions'][number]>[],
  closed: string[] = [],
  district: string | null = null,
) {
  const agencies = Object.fromEntries(closed.map((id) => [id, { open: false, reachable: true }]));
  const moment = { at: 0, timeZone: 'Asia/Jakarta', holidays: [], directory };
  const facts = completeFacts({ kind: 'fire', district, agencies }, moment);
  return createPlanner({
    clock: systemClock,
    agencies: () => directory,
    settings: () => defaultSettings,
    wayTo: sipOnly,
    decide: () => ({
      ruleSetVersion: 3,
      actions: actions.map((one) => ({
        agencyId: 'damkar',
        mode: 'bridge',
        ruleId: 'fire',
        stage: 0,
        fallbacks: [],
        ...one,
      })),
      tell: [],
      trace: [],
      facts,
    }),
  });
}

const incident = { ...openIncident('i', 0), kind: 'fire' };

function plan(...of: Parameters<typeof planner>): Dispatch[] {
  const { planByRules } = planner(...of);
  return planByRules(incident, {}, 0)?.dispatches ?? [];
}

/** The agencies in the order in which they are asked. */
function chain(first: Dispatch | undefined | null): string[] {
  return first == null ? [] : [first.agencyId, ...chain(first.fallback)];
}

test('alternates and fallbacks are asked one after the other, each once, under an id of their own', () => {
  const [first] = plan([{ fallbacks: ['pmi', 'bpbd'] }]);
  expect(chain(first)).toEqual(['damkar', 'bpbd', 'pmi']);
  expect(first?.reason).toEqual({ by: 'rule', ruleSetVersion: 3, ruleId: 'fire' });
  expect(first?.fallback?.reason).toEqual({ by: 'fallback', of: first?.id });
  expect(first?.fallback?.fallback?.reason).toEqual({ by: 'fallback', of: first?.fallback?.id });
});

test('an agency that is closed is asked after all others, and not never', () => {
  expect(chain(plan([{ fallbacks: ['pmi'] }], ['damkar'])[0])).toEqual(['bpbd', 'pmi', 'damkar']);
  expect(chain(plan([{ agencyId: 'pmi' }], ['pmi'])[0])).toEqual(['pmi']);
});

test('an agency that serves other districts is asked last; where nobody knows the district, all serve it', () => {
  const rule = [{ agencyId: 'sail-only', fallbacks: ['bpbd'] }];
  expect(chain(plan(rule, [], 'Rumbai')[0])).toEqual(['pmi', 'bpbd', 'sail-only']);
  expect(chain(plan(rule, [], '  SAIL')[0])).toEqual(['sail-only', 'pmi', 'bpbd']);
  expect(chain(plan(rule)[0])).toEqual(['sail-only', 'pmi', 'bpbd']);
  expect(chain(plan([{ agencyId: 'pmi', fallbacks: ['sail-only', 'bpbd'] }], [], 'Rumbai')[0])).toEqual([
    'pmi',
    'bpbd',
    'sail-only',
  ]);
});

test('an agency that is not there any more is passed over; no chain has more than six', () => {
  expect(chain(plan([{ agencyId: 'gone', fallbacks: ['pmi'] }])[0])).toEqual(['pmi']);
  expect(plan([{ agencyId: 'gone' }])).toEqual([]);
  const many = Array.from({ length: 9 }, (_, n) => `many-${n}`);
  expect(chain(plan([{ fallbacks: many }])[0])).toHaveLength(6);
});

test('all modes are planned; who listens is mute from the beginning', () => {
  const modes = ['bridge', 'transfer', 'listen', 'notify'] as const;
  const planned = plan(modes.map((mode, n) => ({ mode, agencyId: `many-${n}` })));
  expect(planned.map(({ mode, muted }) => [mode, muted])).toEqual([
    ['bridge', false],
    ['transfer', false],
    ['listen', true],
    ['notify', false],
  ]);
});

test('whom a person asks for is asked first, also while he is closed, then his alternates', () => {
  const dispatch = planner([], ['damkar']).planByPerson(
    { agencyId: 'damkar', mode: 'bridge', tokenId: 't', id: 'mine' },
    0,
  );
  expect([dispatch?.id, ...chain(dispatch)]).toEqual(['mine', 'damkar', 'bpbd']);
  expect(planner([]).planByPerson({ agencyId: 'gone', mode: 'bridge', tokenId: 't' }, 0)).toBeUndefined();
});

test('in a drill an agency is rung on its trunk for drills alone, or told; one that has none is left in peace', () => {
  const { forDrill } = planner([]);
  const inDrill = (agencyId: string, mode: 'bridge' | 'notify' = 'bridge') =>
    plan([{ agencyId, mode }]).map((dispatch) => forDrill(dispatch))[0];
  expect(inDrill('practising')?.trunks).toMatchObject([{ id: 'drill-1', uri: 'sip:900@192.0.2.7:5060' }]);
  expect(chain(inDrill('practising'))).toEqual(['practising']);
  expect(inDrill('pmi')).toBeNull();
  expect(inDrill('pmi', 'notify')).toMatchObject({ agencyId: 'pmi', mode: 'notify' });
});
