import type { CallEntry } from '../../src/calls/runner.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { testCall } from '../support/calls.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startNotificationRoom, type NotificationRoom } from '../support/notification-room.ts';
import { queuePrefix, redisUrl } from '../support/redis.ts';
import { until } from '../support/rest.ts';
import { webhookServer, type WebhookServer } from '../support/webhook-server.ts';

let database: TestDatabase;
let gateway: WebhookServer;
let room: NotificationRoom;
let worker: { stop: () => Promise<void> };

beforeAll(async () => {
  database = await createDatabase();
  gateway = await webhookServer();
  room = startNotificationRoom({ databaseUrl: database.url, redisUrl: redisUrl(), prefix: queuePrefix() });
  worker = room.worker();
  const channels = [{ type: 'webhook' as const, url: gateway.url() }];
  room.recipients({ 'wali-kota': { channels }, sekda: { channels } });
}, 60_000);
afterAll(async () => {
  await worker.stop();
  await room.stop();
  await gateway.close();
  await database.drop();
});

const incidentId = newId(systemClock.now());
/** What the owner of a call journals when it is classified, and the rules were asked. */
function classified(version: number, tell: { recipientId: string; ruleId: string }[]): CallEntry {
  const call = testCall();
  const at = systemClock.now();
  const decision = { ruleSetVersion: 7, facts: null, actions: [], trace: [], tell };
  return {
    kind: 'call',
    application: 'siaga-1',
    callId: call.id,
    claimedAt: at,
    sequence: version,
    at,
    input: { type: 'incident-changed', at, change: { kind: 'brawl' }, by: 'token', dispatches: [], decision },
    effects: [],
    facts: [],
    state: { ...call, incident: { ...call.incident, id: incidentId, kind: 'brawl', version } },
  };
}
const delivered = (count: number) =>
  until(`${count} are told`, () => room.facts().filter((type) => type === 'delivered').length === count);

test('whom the rules want told is told once for each decision, however many rules say so', async () => {
  const leaders = [
    { recipientId: 'wali-kota', ruleId: 'brawl' },
    { recipientId: 'sekda', ruleId: 'brawl' },
    { recipientId: 'sekda', ruleId: 'at-night' },
  ];
  room.heardOf(classified(2, leaders));
  room.heardOf(classified(2, leaders));
  await delivered(2);
  expect(gateway.received).toHaveLength(2);
  expect(gateway.received[0]?.body).toContain('"kind":"brawl"');
  // Graver than it was: the rules were asked again.
  room.heardOf(classified(3, [{ recipientId: 'sekda', ruleId: 'brawl' }]));
  await delivered(3);
  // A decision of an older version names nobody, and what is no decision tells nobody.
  room.heardOf(classified(4, []));
  room.heardOf({ ...classified(5, leaders), input: { type: 'caller-up', at: 0 } });
  expect(room.entries.filter(({ input }) => input.type === 'begin')).toHaveLength(3);
});
