import fc from 'fast-check';
import { channels, NotificationStory } from '../../test/support/notifications.ts';
import { patience } from './decide.ts';
import type { SendResult } from './notification.ts';

const outcome: fc.Arbitrary<SendResult> = fc.oneof(
  fc.constantFrom<SendResult>({ result: 'delivered' }, { result: 'acknowledged' }),
  fc.boolean().map((again): SendResult => ({ result: 'failed', reason: 'no', again })),
);
const told = fc.oneof(
  fc.constant({ type: 'begin' as const }),
  fc.constant({ type: 'resumed' as const }),
  fc.constant({ type: 'timer' as const }),
  fc.constant('fire' as const),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 }), outcome)
    .map(([channel, attempt, result]) => ({
      type: 'attempt-ended' as const,
      attemptId: `n.${channel}.${attempt}`,
      outcome: result,
    })),
);
const chosen = fc.array(fc.constantFrom(...Object.values(channels)), { maxLength: 4 });

test('whatever comes, however often: no more tries than there may be, one at a time, and it always comes to an end', () => {
  fc.assert(
    fc.property(chosen, fc.array(told, { maxLength: 40 }), fc.boolean(), (list, inputs, ofDispatch) => {
      const story = new NotificationStory({ channels: list, dispatchId: ofDispatch ? 'd' : null });
      const sent: string[] = [];
      let endings = 0;
      let ended: string | null = null;
      const look = (): void => {
        const { notification, effects } = story;
        for (const effect of effects) {
          if (effect.do === 'send') sent.push(effect.attemptId);
          if (effect.do === 'dispatch-told') endings += 1;
        }
        const open = notification.deliveries
          .flatMap(({ attempts }) => attempts)
          .filter(({ endedAt }) => endedAt === null);
        expect(open.length).toBeLessThanOrEqual(1);
        // While it is not over, it wakes again.
        const begun = notification.deliveries.length > 0;
        expect(notification.dueAt !== null).toBe(begun && notification.endedAt === null);
        if (ended !== null) expect(notification.state).toBe(ended);
        if (notification.endedAt !== null) ended = notification.state;
      };
      for (const input of inputs) {
        if (input !== 'fire') story.tell(input);
        else if (story.notification.dueAt !== null) story.fire();
        else continue;
        look();
      }
      story.tell({ type: 'begin' }, { type: 'resumed' });
      look();
      for (let wakes = 0; story.notification.dueAt !== null; wakes += 1) {
        if (wakes > 60) throw new Error('it never ends');
        story.fire();
        look();
      }
      expect(story.notification.endedAt).not.toBeNull();
      expect(new Set(sent).size).toBe(sent.length);
      expect(sent.length).toBeLessThanOrEqual(list.reduce((most, { type }) => most + patience[type].tries, 0));
      expect(endings).toBe(ofDispatch ? 1 : 0);
    }),
  );
});
