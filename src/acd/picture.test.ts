import { pictureOf } from './picture.ts';

const service = { levels: [], abandoned: 0 };

test('a caller who is asked for a key is shown apart, and his wait counts', () => {
  const since = 1_000_000;
  const picture = pictureOf({
    line: {
      waiting: [
        { callId: 'w', since, queueId: '112', priority: 3, position: 1, passedOver: null, expectedWaitSeconds: null },
      ],
      ringing: [],
      operators: [],
    },
    challenged: [{ callId: 'c', since: since - 9_000 }],
    service: { today: service, last15Minutes: service },
    alerts: [],
    now: since + 10_000,
  });
  expect(picture.waiting.map(({ callId }) => callId)).toEqual(['w']);
  expect(picture.challenged).toEqual([{ callId: 'c', waitingSeconds: 19 }]);
  expect(picture.longestWaitSeconds).toBe(19);
});
