import { fakeClock } from '../../test/support/fake-clock.ts';
import { talking, testDispatch } from '../../test/support/calls.ts';
import type { Call } from '../calls/call.ts';
import type { CallInput } from '../calls/call-input.ts';
import type { CallRunner } from '../calls/runner.ts';
import { newWithoutCall, type WithoutCall } from '../dispatch/without-call/without-call.ts';
import { createLogger } from '../platform/logger.ts';
import { createCopies, type Postgres } from '../platform/postgres.ts';
import { change, type ChangeDeps } from './change.ts';
import type { IncidentChange } from './incident.ts';

const reason = { by: 'rule', ruleSetVersion: 1, ruleId: 'fire' } as const;
const accepted = { agencyId: 'damkar', mode: 'bridge', state: 'left', accepted: true, over: true, ruleId: 'fire' };

/** One call here, rules that want Damkar for whatever happens, and a record by which Damkar accepted for an earlier call. */
function room(call: Call, over: { begins?: boolean; onRecord?: readonly object[] } = {}) {
  const clock = fakeClock(2_000_000);
  const told: CallInput[] = [];
  const kept: WithoutCall[] = [];
  const begun: WithoutCall[] = [];
  const postgres: Postgres = {
    rows: (schema, text) =>
      Promise.resolve(text.includes('from dispatches') ? (over.onRecord ?? []).map((one) => schema.parse(one)) : []),
    first: () => Promise.resolve(undefined),
    execute: () => Promise.resolve(0),
    transaction: () => Promise.reject(new Error('not used')),
    reachable: () => true,
    copies: createCopies(),
    listen: () => () => undefined,
    close: () => Promise.resolve(),
  };
  const calls: CallRunner = {
    open: () => undefined,
    tell: () => true,
    get: () => call,
    all: () => [call],
    ownerOf: () => undefined,
    command(_id, input) {
      told.push(input);
      return Promise.resolve({ known: true, durable: true });
    },
    forget: () => undefined,
    sequenceOf: () => 1,
    stop: () => undefined,
  };
  const deps: ChangeDeps = {
    ...{ postgres, calls, clock, logger: createLogger('silent') },
    planByRules: () => ({
      decision: { ruleSetVersion: 1, facts: null, actions: [], tell: [], trace: [] },
      dispatches: [testDispatch({ reason })],
    }),
    forDrill: (dispatch) => dispatch,
    keepDecision: () => Promise.resolve(),
    withoutCall: {
      prepare: (wish) =>
        newWithoutCall({
          ...{ ...wish, application: 'siaga-1', at: clock.now() },
          timing: { reserve: 1, operatorRing: 1, told: 1, talk: 1 },
        }),
      keep: (_sql, state) => Promise.resolve(void kept.push(state)),
      begin: (state) => (over.begins ?? true) && begun.push(state) > 0,
      engagedHere: () => undefined,
    },
  };
  const patch = (wanted: IncidentChange) =>
    change(deps, 'incident', { wanted, principal: { tokenId: 't', role: 'admin', name: 'admin' } });
  const dispatched = (): string[] =>
    told.flatMap((one) => (one.type === 'incident-changed' ? one.dispatches.map(({ agencyId }) => agencyId) : []));
  return { patch, dispatched, kept, begun };
}

const kindOf = (call: Call): Call => ({ ...call, incident: { ...call.incident, kind: 'fire' } });
const redial = ({ incident }: Call): Call['earlier'] => ({
  ...{ relation: 'joined', callId: 'before', callIds: ['before'], emergencyIncidentId: null, incident },
});

test.each([
  ['of a redial: who accepted for the call before is not rung again', true, []],
  ['of any other call: whom the rules want is rung', false, ['damkar']],
])('another district %s', async (_name, isRedial, agencies) => {
  const call = kindOf(talking().call);
  const { patch, dispatched } = room({ ...call, earlier: isRedial ? redial(call) : null }, { onRecord: [accepted] });
  await patch({ district: 'Tampan' });
  expect(dispatched()).toEqual(agencies);
});

test.each([
  ['is rung at once', true],
  ['is on record while there are too many, for when there is room', false],
])('whom the rules want for a call that is over %s', async (_name, begins) => {
  const call: Call = { ...talking().call, endedAt: 1_500_000 };
  const { patch, kept, begun } = room(call, { begins });
  const { dispatchIds } = await patch({ kind: 'fire' });
  expect(dispatchIds).toEqual(['d1']);
  const [now, later] = [begun, kept].map((states) =>
    states.flatMap(({ dispatches }) => dispatches.map(({ id }) => id)),
  );
  expect([now, later]).toEqual(begins ? [['d1'], []] : [[], ['d1']]);
});
