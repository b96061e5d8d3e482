import fc from 'fast-check';
import { sipOnly, testAgency } from '../../../test/support/agencies.ts';
import type { Dispatch } from '../dispatch.ts';
import { planDispatch } from '../plan.ts';
import { decideWithoutCall } from './decide.ts';
import { newWithoutCall, type WithoutCallInput } from './without-call.ts';

const channel = fc.constantFrom('d1.a1', 'd1.a2', 'd1.a3', 'd2.a1', 'd2.a2', 'd3.a1', 'd3.a2', 'w.o1', 'other');
const told: fc.Arbitrary<WithoutCallInput> = fc
  .oneof(
    fc.constantFrom({ type: 'begin' as const }, { type: 'resumed' as const }),
    fc
      .tuple(channel, fc.constantFrom('taken' as const, 'gone' as const, 'expired' as const))
      .map(([attemptId, result]) => ({ type: 'ring-result' as const, attemptId, ring: { result } })),
    fc.tuple(channel, fc.boolean()).map(([channelId, there]) => ({ type: 'followed' as const, channelId, there })),
    channel.map((channelId) => ({ type: 'leg-ringing' as const, channelId })),
    channel.map((channelId) => ({ type: 'leg-entered' as const, channelId })),
    channel.map((channelId) => ({ type: 'leg-joined' as const, channelId })),
    fc
      .tuple(channel, fc.constantFrom(0, 16, 17, 19, 21))
      .map(([channelId, cause]) => ({ type: 'leg-gone' as const, channelId, cause })),
    fc
      .tuple(channel, fc.constantFrom('1', '2', '9', '#'))
      .map(([channelId, key]) => ({ type: 'key-pressed' as const, channelId, key })),
    fc
      .constantFrom('a1', 'a2')
      .map((assignmentId) => ({ type: 'reserved' as const, operatorId: 'ani', assignmentId, account: 'op-a' })),
    fc.constant({ type: 'reservation-refused' as const, reason: 'busy' }),
    fc
      .tuple(
        fc.constantFrom('ring-operator' as const, 'join' as const, 'announce' as const, 'make-bridge' as const),
        channel,
      )
      .map(([command, target]) => ({ type: 'command-failed' as const, command, target })),
    fc.constantFrom('d1', 'd2').map((dispatchId) => ({ type: 'cancel' as const, dispatchId, by: 'ani' })),
    fc.constantFrom('operator', 'dispatch:d1', 'dispatch:d2').map((name) => ({ type: 'timer' as const, name })),
  )
  .map((one) => ({ ...one, at: 1 }));

it('whatever it is told, it has a limit until it ends, rings each phone once, and frees every operator it was given', () => {
  fc.assert(
    fc.property(fc.array(told, { maxLength: 30 }), fc.boolean(), fc.boolean(), (inputs, connected, staged) => {
      const plan = (id: string, after: string[]): Dispatch =>
        planDispatch({
          id,
          agency: testAgency(`agency-${id}`, ['t1', 't2']),
          mode: 'bridge',
          reason: { by: 'line' },
          timing: { jobExpires: 1, ring: 1, accept: 1 },
          after,
          at: 0,
          trunks: { wayTo: sipOnly, health: () => 'unknown' },
          fallback: id === 'd1' ? plan('d3', []) : null,
        });
      let state = newWithoutCall({
        ...{
          id: 'w',
          incidentId: 'i',
          application: 'siaga-1',
          at: 0,
          callerNumber: null,
          callInfo: '',
          location: null,
        },
        about: { kind: null, district: null, incidentNumber: '000000', drill: false },
        timing: { reserve: 1, operatorRing: 1, told: 1, talk: 1 },
        dispatches: connected ? [plan('d1', [])] : [plan('d1', []), plan('d2', staged ? ['d1'] : [])],
        operatorId: connected ? 'ani' : null,
      });
      const held = new Set<string>();
      const rung: string[] = [];
      for (const input of [{ type: 'begin' as const, at: 0 }, ...inputs]) {
        if (input.type === 'reserved') held.add(input.assignmentId);
        const decision = decideWithoutCall(state, input);
        ({ state } = decision);
        for (const effect of decision.effects) {
          if (effect.do === 'ring-agency') rung.push(effect.job.channelId);
          if (effect.do === 'ring-operator') rung.push(effect.channelId);
          if (effect.do === 'operator-outcome' && effect.outcome !== 'talking') held.delete(effect.assignmentId);
        }
        if (state.endedAt === null) {
          // One that waits for an earlier stage has that one's limit.
          expect(Object.keys(state.timers).length).toBeGreaterThan(0);
        } else {
          expect(state.timers).toEqual({});
          expect([...held]).toEqual([]);
          expect(state.dispatches.every(({ endedAt }) => endedAt !== null)).toBe(true);
        }
      }
      expect(new Set(rung).size).toBe(rung.length);
    }),
    { numRuns: 500 },
  );
});
