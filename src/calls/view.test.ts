import { talking } from '../../test/support/calls.ts';
import { viewOfCall } from './view.ts';

it('an operator who was lost is on a live call no more, and on one that has ended he was', () => {
  const story = talking().tell({ type: 'leg-gone', channelId: 'call.o1', cause: 41 });
  expect(story.call.endedAt).toBeNull();
  expect(viewOfCall(story.call).operatorId).toBeNull();
  story.tell({ type: 'caller-gone', cause: 16 });
  expect(story.call.endedAt).toBe(story.at);
  expect(viewOfCall(story.call).operatorId).toBe('op1');
});
