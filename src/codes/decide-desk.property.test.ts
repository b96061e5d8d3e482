import fc from 'fast-check';
import { readDialled } from './codes.ts';
import { decideDesk, newDeskCall, wholeLimit, type DeskEffect, type DeskInput } from './decide-desk.ts';

const dialled = fc.constantFrom('*11101', '*11101*1234', '*12', '*13', '*142', '*9', '0812345678', '*77', '');
const input = fc.oneof(
  fc.constant({ type: 'entered' as const }),
  fc.constantFrom('1', '7', '0', '*', '#').map((key) => ({ type: 'key-pressed' as const, key })),
  fc.integer({ min: 1, max: 4 }).map((sound) => ({ type: 'sound-ended' as const, soundId: `1.1.d${sound}` })),
  fc
    .constantFrom('done' as const, 'code-refused' as const, null)
    .map((prompt) => ({ type: 'answered' as const, prompt })),
  fc.constant({ type: 'timer' as const }),
);
const history = fc.array(fc.tuple(fc.integer({ min: 0, max: 9_000 }), input), { maxLength: 30 });

test('whatever comes, late, twice or never: it is over within its limit, seen to at most once, and left without a word to no one', () => {
  fc.assert(
    fc.property(dialled, history, (text, events) => {
      let at = 0;
      let call = newDeskCall('1.1', 'op-a', readDialled(text), at);
      const effects: DeskEffect[] = [];
      const handedOver: boolean[] = [];
      const take = (next: DeskInput): void => {
        const wasOver = call.stage === 'over';
        const decision = decideDesk(call, next);
        if (wasOver) expect(decision.effects).toEqual([]);
        if (!wasOver && call.stage === 'working' && next.type === 'answered' && next.prompt === null) {
          handedOver.push(true);
        }
        call = decision.call;
        effects.push(...decision.effects);
      };
      take({ type: 'entered', at });
      for (const [later, event] of events) {
        at += later;
        // The owner's timer fires when it is due.
        if (call.stage !== 'over' && at >= Math.min(call.stageEndsAt, call.endsAt)) take({ type: 'timer', at });
        take({ ...event, at });
      }
      while (call.stage !== 'over' && at <= wholeLimit * 2) {
        at = Math.min(call.stageEndsAt, call.endsAt);
        take({ type: 'timer', at });
      }
      expect(call.stage).toBe('over');
      expect(effects.filter((effect) => effect.do === 'carry-out').length).toBeLessThanOrEqual(1);
      expect(effects.filter((effect) => effect.do === 'answer').length).toBeLessThanOrEqual(1);
      expect(effects.filter((effect) => effect.do === 'hang-up').length).toBe(handedOver.length === 0 ? 1 : 0);
      expect(call.typed.length).toBeLessThanOrEqual(13);
    }),
  );
});
