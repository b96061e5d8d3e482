import type { AriAnswer, AriPool } from './commands.ts';
import { subscribedOnce } from './subscriptions.ts';

const own = 'siaga-a';
const done: AriAnswer = { ok: true, status: 200, body: null };

/** A pool that notes what is asked, and answers as it is told: at once, or when `answer` is called. */
function pool(answers: (asked: number) => AriAnswer | Promise<AriAnswer> = () => done) {
  const asked: string[] = [];
  const fake: AriPool = {
    underWay: () => 0,
    close: () => Promise.resolve(),
    async send(method, path, query) {
      asked.push(`${method} ${path} ${String(query?.['eventSource'])}`);
      return answers(asked.length);
    },
  };
  return { asked, ari: subscribedOnce(fake, own) };
}

const subscribe = (ari: Pick<AriPool, 'send'>, eventSource: string, application = own): Promise<AriAnswer> =>
  ari.send('POST', `/applications/${application}/subscription`, { eventSource });

test('an endpoint is subscribed to once, each by itself', async () => {
  const { asked, ari } = pool();
  for (const phone of ['PJSIP/op-1', 'PJSIP/op-2', 'PJSIP/op-1']) {
    expect(await subscribe(ari, `endpoint:${phone}`)).toMatchObject({ ok: true });
  }
  expect(asked).toEqual([
    `POST /applications/${own}/subscription endpoint:PJSIP/op-1`,
    `POST /applications/${own}/subscription endpoint:PJSIP/op-2`,
  ]);
});

test('once more after the event socket has closed or opened', async () => {
  const { asked, ari } = pool();
  await subscribe(ari, 'endpoint:PJSIP/op-1');
  ari.forgetSubscriptions();
  await subscribe(ari, 'endpoint:PJSIP/op-1');
  expect(asked).toHaveLength(2);
});

test('once more after it failed', async () => {
  const refused: AriAnswer = { ok: false, failure: 'gone', status: 404, reason: 'Application not found' };
  const { asked, ari } = pool((count) => (count === 1 ? refused : done));
  expect(await subscribe(ari, 'endpoint:PJSIP/op-1')).toEqual(refused);
  expect(await subscribe(ari, 'endpoint:PJSIP/op-1')).toEqual(done);
  expect(asked).toHaveLength(2);
});

test('an answer that comes after the socket has closed says nothing of the next one', async () => {
  let answer: (given: AriAnswer) => void = () => undefined;
  const late = new Promise<AriAnswer>((resolve) => (answer = resolve));
  const { asked, ari } = pool((count) => (count === 1 ? late : done));
  const first = subscribe(ari, 'endpoint:PJSIP/op-1');
  ari.forgetSubscriptions();
  answer(done);
  await first;
  await subscribe(ari, 'endpoint:PJSIP/op-1');
  expect(asked).toHaveLength(2);
});

test.each([
  ['a subscription to a channel', own, 'channel:1'],
  ["another controller's", 'siaga-b', 'endpoint:PJSIP/op-1'],
])('%s is asked for each time', async (_, application, eventSource) => {
  const { asked, ari } = pool();
  for (let time = 0; time < 2; time += 1) await subscribe(ari, eventSource, application);
  expect(asked).toHaveLength(2);
});

test('a subscription that is taken back is taken back', async () => {
  const { asked, ari } = pool();
  await ari.send('DELETE', `/applications/${own}/subscription`, { eventSource: 'endpoint:PJSIP/op-1' });
  expect(asked).toEqual([`DELETE /applications/${own}/subscription endpoint:PJSIP/op-1`]);
});
