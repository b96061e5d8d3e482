import fc from 'fast-check';
import { decideOutgoing } from './decide.ts';
import { newOutgoing, type OutgoingInput } from './outgoing.ts';

const channel = fc.constantFrom('x.o1', 'x.x1', 'desk', 'other');
const told: fc.Arbitrary<OutgoingInput> = fc
  .oneof(
    fc.constant({
      type: 'begin' as const,
      verdict: { allowed: true as const, number: '0812345', uri: 'sip:0812345@trunk:5060' },
    }),
    fc.constant({ type: 'begin' as const, verdict: { allowed: false as const, reason: 'refused' as const } }),
    fc.constantFrom('a1', 'a2').map((assignmentId) => ({
      type: 'reserved' as const,
      operatorId: 'ani',
      assignmentId,
      account: 'op-a',
    })),
    fc.constant({ type: 'reservation-refused' as const, reason: 'busy' }),
    channel.map((channelId) => ({ type: 'leg-ringing' as const, channelId })),
    channel.map((channelId) => ({ type: 'leg-entered' as const, channelId })),
    fc.tuple(channel, fc.constantFrom(0, 16, 17, 19)).map(([channelId, cause]) => ({
      type: 'leg-gone' as const,
      channelId,
      cause,
    })),
    fc.constantFrom('x.s1', 'x.s2').map((soundId) => ({ type: 'sound-ended' as const, soundId })),
    fc
      .tuple(fc.constantFrom('ring-operator', 'ring-outside', 'join', 'play', 'make-bridge', 'hang-up'), channel)
      .map(([command, target]) => ({ type: 'command-failed' as const, command, target })),
    fc.constant({ type: 'end' as const, by: null, reason: 'over' }),
    fc
      .constantFrom('reserve', 'operator', 'outside', 'closing', 'warning', 'duration')
      .map((name) => ({ type: 'timer' as const, name })),
  )
  .map((one) => ({ ...one, at: 1 }));

const timing = { reserve: 1, operatorRing: 1, outsideRing: 1, duration: 5, warning: 1, closing: 1 };

it('whatever it is told, it has a limit until it ends, rings each side once, and frees every operator it was given', () => {
  fc.assert(
    fc.property(fc.array(told, { maxLength: 25 }), fc.boolean(), fc.boolean(), (inputs, dialled, callback) => {
      let call = newOutgoing({
        id: 'x',
        application: 'siaga-1',
        purpose: callback ? 'callback' : 'dial-out',
        at: 0,
        by: null,
        number: '0812345',
        shownNumber: '112',
        incidentId: null,
        callbackId: null,
        callInfo: '',
        timing,
        operatorId: 'ani',
        channelId: dialled ? 'desk' : null,
      });
      const held = new Set<string>();
      const rung: string[] = [];
      const up = new Set<string>(dialled ? ['desk'] : []);
      for (const input of [inputs[0]?.type === 'begin' ? [] : [told0], inputs].flat()) {
        const before = structuredClone(call);
        const decision = decideOutgoing(call, input);
        call = decision.call;
        if (input.type === 'reserved' && before.assignment?.assignmentId !== input.assignmentId) {
          held.add(input.assignmentId);
        }
        if (input.type === 'leg-gone') up.delete(input.channelId);
        for (const effect of decision.effects) {
          if (effect.do === 'operator-outcome' && effect.outcome !== 'talking') held.delete(effect.assignmentId);
          if (effect.do === 'ring-operator' || effect.do === 'ring-outside') {
            rung.push(effect.channelId);
            up.add(effect.channelId);
          }
          if (effect.do === 'hang-up') up.delete(effect.channelId);
        }
        if (call.endedAt === null) expect(Object.keys(call.timers)).not.toEqual([]);
      }
      expect(new Set(rung).size).toBe(rung.length);
      expect(held.size).toBeLessThanOrEqual(call.endedAt === null ? 1 : 0);
      if (call.endedAt !== null) expect([...up]).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

const told0: OutgoingInput = {
  type: 'begin',
  at: 0,
  verdict: { allowed: true, number: '0812345', uri: 'sip:0812345@trunk:5060' },
};
