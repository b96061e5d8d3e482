import { channels, NotificationStory } from '../../test/support/notifications.ts';

const begun = (over: ConstructorParameters<typeof NotificationStory>[0] = {}) =>
  new NotificationStory(over).tell({ type: 'begin' });
const types = (story: NotificationStory): string[] => story.facts.map(({ type }) => type);

test('it is delivered by the first try that works', () => {
  const story = begun();
  expect(story.effects).toEqual([
    { do: 'send', attemptId: 'n.1.1', deliveryId: 'n.1', channel: channels.webhook, expiresAt: 8_000, inLine: false },
  ]);
  story.tell({ type: 'attempt-ended', attemptId: 'n.1.1', outcome: { result: 'delivered' } });
  expect(story.notification).toMatchObject({ state: 'delivered', endedAt: 0, dueAt: null });
  expect(story.facts).toEqual([
    {
      type: 'notification.delivered',
      detail: { notificationId: 'n', recipientId: 'wali-kota', channel: 'webhook' },
    },
  ]);
});

test('five tries with doubling waits, each of the same delivery; then it has failed', () => {
  const story = begun();
  const waits: number[] = [];
  for (let attempt = 1; attempt < 5; attempt += 1) {
    story.failed(`n.1.${attempt}`);
    expect(story.done).toEqual([]);
    waits.push(story.fire());
    expect(story.effects).toMatchObject([{ do: 'send', attemptId: `n.1.${attempt + 1}`, deliveryId: 'n.1' }]);
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  story.failed('n.1.5', true, 'answered with HTTP 500');
  expect(types(story)).toEqual(['notification.attempt-failed', 'notification.failed']);
  expect(story.notification).toMatchObject({ state: 'failed', failure: 'answered with HTTP 500', dueAt: null });
});

test('what no other try would change goes to the next channel at once, in the order of the recipient', () => {
  const story = begun({ channels: [channels.webhook, channels.email, channels.voice] });
  story.failed('n.1.1', false, 'redirected');
  expect(story.done).toEqual(['send n.2.1']);
  expect(types(story)).toEqual(['notification.attempt-failed', 'notification.fallback']);
  story.failed('n.2.1', false).tell({
    type: 'attempt-ended',
    attemptId: 'n.3.1',
    outcome: { result: 'acknowledged' },
  });
  expect(story.notification.state).toBe('acknowledged');
  expect(story.notification.deliveries.map(({ type }) => type)).toEqual(['webhook', 'email', 'voice']);
});

test('a phone is tried three times, with time between', () => {
  const story = begun({ channels: [channels.voice] });
  story.failed('n.1.1');
  expect(story.fire()).toBe(10_000);
  story.failed('n.1.2');
  expect(story.fire()).toBe(20_000);
  story.failed('n.1.3');
  expect(story.notification.state).toBe('failed');
});

test('a try of which nothing is heard is stopped at its limit, and another made', () => {
  const story = begun();
  expect(story.fire()).toBe(8_000);
  expect(story.done).toEqual(['stop n.1.1']);
  expect(story.fire()).toBe(1_000);
  // The queue has lost one: its workers may be dead.
  expect(story.effects).toMatchObject([{ do: 'send', attemptId: 'n.1.2', inLine: true }]);
});

test('a try that was given up and has come through all the same counts; what is under way is stopped', () => {
  const story = begun({ channels: [channels.webhook, channels.voice] });
  story.fire();
  for (let more = 0; more < 8; more += 1) story.fire();
  expect(story.notification.deliveries).toHaveLength(2);
  story.tell({ type: 'attempt-ended', attemptId: 'n.1.2', outcome: { result: 'delivered' } });
  expect(story.done).toEqual(['stop n.2.1']);
  expect(story.notification.state).toBe('delivered');
});

test('a failure that comes twice, or late, or of no try of ours, is not counted again', () => {
  const story = begun();
  story.failed('n.1.1');
  const { notification } = story;
  for (const id of ['n.1.1', 'n.1.9', 'x.1.1']) {
    expect(story.failed(id).notification).toEqual(notification);
    expect(story.facts).toEqual([]);
  }
  story.fire();
  const { dueAt } = story.notification;
  expect(story.failed('n.1.1').notification).toMatchObject({
    dueAt,
    deliveries: [{ attempts: [{}, { result: null }] }],
  });
});

test('a timer that comes early does nothing', () => {
  const story = begun();
  story.tell({ type: 'timer' });
  expect(story.done).toEqual([]);
});

test('without a channel it has failed, and says so', () => {
  const story = begun({ channels: [] });
  expect(types(story)).toEqual(['notification.requested', 'notification.failed']);
  expect(story.notification.failure).toBe('there is no channel to this recipient');
});

test('whoever comes next is told when this one cannot be; only the last says so of the dispatch', () => {
  const more = begun({ dispatchId: 'd', otherwise: ['sekda', 'piket'] }).failed('n.1.1', false);
  expect(more.effects).toEqual([{ do: 'tell-next', recipientIds: ['sekda', 'piket'] }]);
  expect(more.facts.at(-1)?.detail).toMatchObject({ next: 'sekda', dispatchId: 'd' });
  const last = begun({ dispatchId: 'd' }).failed('n.1.1', false, 'no');
  expect(last.effects).toEqual([{ do: 'dispatch-told', dispatchId: 'd', outcome: 'failed', reason: 'no' }]);
  const told = begun({ dispatchId: 'd', otherwise: ['sekda'] });
  told.tell({ type: 'attempt-ended', attemptId: 'n.1.1', outcome: { result: 'acknowledged' } });
  expect(told.done).toEqual(['dispatch-told acknowledged']);
});

test('another process goes on where it was: a try under way has its limit, one that was never made is made', () => {
  const story = begun();
  expect(story.tell({ type: 'resumed' }).done).toEqual([]);
  expect(story.fire()).toBe(8_000);
  expect(new NotificationStory().tell({ type: 'resumed' }).done).toEqual(['send n.1.1']);
});
