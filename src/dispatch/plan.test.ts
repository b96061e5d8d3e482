import { sipOnly, testAgency } from '../../test/support/agencies.ts';
import type { TrunkHealth } from '../agencies/agency.ts';
import { decideDispatch } from './decide.ts';
import type { Dispatch, RingJob } from './dispatch.ts';
import { planDispatch, type Trunks } from './plan.ts';

const timing = { jobExpires: 2_000, ring: 20_000, accept: 10_000 };
const wanted = { id: 'd1', mode: 'bridge', reason: { by: 'line' }, timing, after: [], at: 1 } as const;
const plan = (over: Partial<Trunks>, agency = testAgency('damkar', ['a', 'b', 'c'])): Dispatch =>
  planDispatch({ ...wanted, agency, trunks: { wayTo: sipOnly, health: () => 'unknown', ...over } });
const ids = ({ trunks }: Dispatch): string[] => trunks.map(({ id }) => id);

test('trunks are tried in the order of the agency; those that are down last, in their order, and never left out', () => {
  const health: Record<string, TrunkHealth> = { a: 'down', b: 'up' };
  expect(ids(plan({}))).toEqual(['a', 'b', 'c']);
  expect(ids(plan({ health: (id) => health[id] ?? 'unknown' }))).toEqual(['b', 'c', 'a']);
  expect(ids(plan({ health: () => 'down' }))).toEqual(['a', 'b', 'c']);
});

test('one that cannot be rung at all is left out', () => {
  expect(ids(plan({ wayTo: (trunk) => (trunk.id === 'a' ? { unusable: 'no' } : sipOnly(trunk)) }))).toEqual(['b', 'c']);
});

function firstJob(dispatch: Dispatch): RingJob | undefined {
  const location = { format: 'GML', locationInfo: 'shape=Point' } as const;
  const call = {
    callId: 'c',
    incidentId: 'i',
    application: 'x',
    callerNumber: '0812',
    kind: null,
    callInfo: '',
    callerChannelId: 'k',
  };
  const { actions } = decideDispatch(dispatch, { type: 'start', at: 1 }, { ...call, location });
  return actions.flatMap((action) => (action.do === 'ring' ? [action.job] : []))[0];
}

test('a SIP trunk is rung as the caller, with his location', () => {
  expect(firstJob(plan({}))).toMatchObject({
    endpoint: 'agency',
    uri: 'sip:113@192.0.2.1:5060',
    callerNumber: '0812',
    kind: null,
    location: { format: 'GML' },
  });
});

test('a number outside is rung as the centre, without a location: the network takes neither from us', () => {
  const outside = { endpoint: 'outside', uri: 'sip:0761113@10.0.0.5:5060', shows: '0761112' };
  expect(firstJob(plan({ wayTo: () => outside }))).toMatchObject({
    endpoint: 'outside',
    uri: 'sip:0761113@10.0.0.5:5060',
    callerNumber: '0761112',
    location: null,
  });
});

test("an agency's own desk is rung at its account", () => {
  expect(firstJob(plan({ wayTo: () => ({ endpoint: 'ag-1', uri: null, shows: null }) }))).toMatchObject({
    endpoint: 'ag-1',
    uri: null,
    callerNumber: '0812',
    kind: null,
    location: null,
  });
});

test('a path that an older version planned has no endpoint, and is rung as then', () => {
  expect(firstJob({ ...plan({}), trunks: [{ id: 'a', uri: 'sip:113@old' }] })).toMatchObject({
    endpoint: 'agency',
    uri: 'sip:113@old',
    callerNumber: '0812',
    kind: null,
  });
});
