import { z } from 'zod';
import { accepts, answers, rejects, startPhone, type Behaviour, type Phone } from '../../scripts/sip/phone.mjs';
import type { Centre } from '../support/centre.ts';
import { hearsPrompt } from '../support/ear.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import { webhookServer, type WebhookServer } from '../support/webhook-server.ts';

let centre: Centre;
/** Whoever is called outside. */
let outside: Phone;
let gateway: WebhookServer;
let incidentId: string;

beforeAll(async () => {
  centre = await startCentre({ name: 'notifications', operators: 1 });
  gateway = await webhookServer();
  outside = await startPhone({
    sipp: centre.tools.sipp,
    folder: await centre.folder('outside'),
    name: 'outside',
    address: '127.0.0.1',
    tone: 1_100,
  });
  await centre.api.set({
    outgoingTrunk: { host: '127.0.0.1', port: outside.port },
    outgoingNumber: '0761112',
    webhookNetworks: ['127.0.0.0/8'],
  });
  await centre.operatorPhones(answers());
  const citizen = await centre.dial();
  const call = await centre.api.taken(citizen);
  ({ incidentId } = call);
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  await centre.api.edit(`/v1/incidents/${incidentId}`, { kind: 'sanitation' });
  await citizen.hangUp();
}, 60_000);
afterAll(async () => {
  await outside.stop();
  await gateway.close();
  await centre.stop();
}, 30_000);
afterEach(async () => {
  for (const call of outside.calls) if (!call.ended) await call.hangUp().catch(() => undefined);
});

let made = 0;
async function recipient(channels: object[], language = 'id'): Promise<string> {
  made += 1;
  const id = `recipient-${made}`;
  const answer = await centre.api.ask('PUT', `/v1/recipients/${id}`, {
    body: { name: id, language, channels },
    headers: { 'if-none-match': '*' },
  });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return id;
}
async function tell(recipientIds: string[]): Promise<string[]> {
  const answer = await centre.api.ask('POST', '/v1/notifications', { body: { incidentId, recipientIds } });
  expect([answer.status, answer.text]).toEqual([202, expect.any(String)]);
  return z.array(z.string()).parse(answer.pluck('items', 'notificationId'));
}
const voice = { type: 'voice', number: '081234567890' };
const event = (type: string, notificationId: string | undefined, within = 30_000) =>
  centre.feed.waitFor(`notification.${type}`, { detail: { notificationId }, within });

test('a telephone rings, hears the message, and acknowledges with key 1', async () => {
  outside.behave(accepts({ pressAfter: 8_000 }));
  const coming = centre.upcoming(outside);
  const [id] = await tell([await recipient([voice])]);
  const call = await coming;
  expect(call.invite.uri).toMatch(/^sip:081234567890@127\.0\.0\.1/);
  expect(call.from.user).toBe('0761112');
  const acknowledged = await event('acknowledged', id);
  expect(acknowledged.detail).toMatchObject({ channel: 'voice' });
  await call.waitFor('ended');
  for (const prompt of ['message-intro', 'kind-sanitation', 'message-thanks']) {
    expect([prompt, hearsPrompt(centre.recording(`${id}.1.1`, 'heard'), prompt)]).toEqual([prompt, true]);
  }
  await until('it is on the timeline', async () => {
    const { items } = await centre.api.get(
      `/v1/incidents/${incidentId}/timeline`,
      z.object({ items: z.array(z.object({ type: z.string(), detail: z.record(z.string(), z.unknown()) })) }),
    );
    const own = items.filter(({ detail }) => detail['notificationId'] === id).map(({ type }) => type);
    return own.join() === 'notification.requested,notification.acknowledged';
  });
  await centre.noChannelLeft(10_000);
}, 60_000);

test('a telephone that is busy is rung again, and a person who hangs up without a key as well; then the webhook', async () => {
  const numbers: Behaviour[] = [rejects(486), answers({ hangUpAfter: 500 }), rejects(603)];
  let rung = 0;
  outside.behave((call, phone) => numbers[rung++]?.(call, phone));
  const [id] = await tell([await recipient([voice, { type: 'webhook', url: gateway.url() }])]);
  const delivered = await event('delivered', id, 60_000);
  expect(delivered.detail).toMatchObject({ channel: 'webhook' });
  expect(rung).toBe(3);
  const listed = await centre.api.ask('GET', `/v1/notifications?incidentId=${incidentId}`);
  const [own] = z
    .array(z.object({ id: z.string(), deliveries: z.array(z.object({ attempts: z.array(z.unknown()) })) }))
    .parse(listed.at('items'))
    .filter((one) => one.id === id);
  expect(own?.deliveries[0]?.attempts).toMatchObject([
    { result: 'failed', reason: 'busy' },
    { result: 'failed', reason: 'hung up without pressing 1' },
    { result: 'failed' },
  ]);
  await centre.noChannelLeft(10_000);
}, 90_000);

test('a number that may not be called is not rung: the next channel at once', async () => {
  let rung = 0;
  outside.behave((call, phone) => {
    rung += 1;
    return answers()(call, phone);
  });
  const channels = [
    { type: 'voice', number: '0015551234567' },
    { type: 'webhook', url: gateway.url('/instead') },
  ];
  const [id] = await tell([await recipient(channels)]);
  await event('delivered', id);
  expect(rung).toBe(0);
  expect(gateway.received.at(-1)?.path).toBe('/instead');
});
