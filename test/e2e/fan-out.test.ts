import { z } from 'zod';
import { accepts, answers, type Call } from '../../scripts/sip/phone.mjs';
import { systemClock } from '../../src/platform/clock.ts';
import type { Centre } from '../support/centre.ts';
import { heardIn } from '../support/ear.ts';
import type { Happening } from '../support/feed.ts';
import { mailServer, type MailServer } from '../support/mail-server.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import { webhookServer, type WebhookServer } from '../support/webhook-server.ts';

/** Kendari 2018: of a brawl fire brigade, police, army, PLN and Basarnas hear at once, and the city's leaders. */
const agencies = ['polisi', 'damkar', 'kodim', 'pln', 'basarnas'];
const tones = [880, 1_040, 1_200, 1_360, 1_520];
const callerTone = 440;
let centre: Centre;
let gateway: WebhookServer;
let mail: MailServer;

beforeAll(async () => {
  [gateway, mail] = await Promise.all([webhookServer(), mailServer()]);
  centre = await startCentre({
    name: 'fan-out',
    operators: 1,
    settings: { webhookNetworks: ['127.0.0.0/8'], outgoingNumber: '0401112' },
    controllerEnv: { SIAGA_CITY: 'kendari', SIAGA_SMTP_URL: mail.url(), SIAGA_MAIL_FROM: 'siaga@kendari.invalid' },
  });
  await centre.operatorPhones(answers(), [660]);
}, 60_000);
afterAll(async () => {
  await centre.stop();
  await Promise.all([gateway.close(), mail.close()]);
}, 30_000);

/** Gives everybody whom the rule tells an address here, and adds four more to it. */
async function recipients(): Promise<void> {
  const more = ['kapolres', 'dandim', 'camat', 'rsud'];
  const webhook = (id: string) => ({ type: 'webhook', url: gateway.url(`/${id}`) });
  const channels = {
    'wali-kota': webhook('wali-kota'),
    'wakil-wali-kota': { type: 'email', address: 'wakil@kendari.example' },
    sekda: { type: 'voice', number: '081234567890' },
    kapolres: webhook('kapolres'),
    dandim: webhook('dandim'),
    camat: webhook('camat'),
    rsud: webhook('rsud'),
  };
  for (const [id, channel] of Object.entries(channels)) {
    const path = `/v1/recipients/${id}`;
    const headers = more.includes(id) ? { 'if-none-match': '*' } : { 'if-match': '"1"' };
    const put = await centre.api.ask('PUT', path, { body: { name: id, leader: true, channels: [channel] }, headers });
    expect([put.status, put.text]).toEqual([more.includes(id) ? 201 : 200, expect.any(String)]);
  }
  const { body, headers } = await centre.api.ask('GET', '/v1/rules');
  const set = z
    .object({ default: z.unknown(), rules: z.array(z.looseObject({ id: z.string(), tell: z.array(z.string()) })) })
    .parse(body);
  const rules = set.rules.map((rule) => (rule.id === 'brawl' ? { ...rule, tell: [...rule.tell, ...more] } : rule));
  const put = await centre.api.ask('PUT', '/v1/rules', {
    body: { default: set.default, rules },
    headers: { 'if-match': headers.get('etag') ?? '' },
  });
  expect([put.status, put.text]).toEqual([200, expect.any(String)]);
}

test('a brawl in Kendari: twelve parties hear of it, five of them talk with the caller', async () => {
  await recipients();
  const mobile = await centre.outsidePhone({ tone: 1_700, behaviour: accepts({ pressAfter: 8_000 }) });
  const lines = await Promise.all(
    agencies.map((agencyId, index) => centre.trunk(`${agencyId}-1`, accepts({ pressAfter: 200 }), tones[index])),
  );
  const citizen = await centre.dial({ tone: callerTone });
  const call = await centre.api.taken(citizen);
  await centre.feed.waitFor('operator.talking', { callId: call.id });

  let rung = 0;
  const coming = lines.map(async (line): Promise<Call> => {
    const leg = await centre.upcoming(line);
    rung = Math.max(rung, performance.now());
    return leg;
  });
  const sekda = centre.upcoming(mobile);
  const began = performance.now();
  const beganAt = systemClock.now();
  await centre.api.edit(`/v1/incidents/${call.incidentId}`, { kind: 'brawl' });
  const legs = await Promise.all(coming);
  await until(
    'the gateway and the mail server have it all',
    () => gateway.received.length + mail.received.length === 6,
  );
  const written = Math.max(...gateway.received.map(({ at }) => at));
  await sekda;
  const ringing = performance.now();

  expect(gateway.received.map(({ path }) => path).sort()).toEqual([
    '/camat',
    '/dandim',
    '/kapolres',
    '/rsud',
    '/wali-kota',
  ]);
  expect(mail.received.map(({ to }) => to)).toEqual([['wakil@kendari.example']]);
  for (const agencyId of agencies) {
    await centre.feed.waitFor('dispatch.joined', { callId: call.id, detail: { agencyId } });
  }
  // Everybody hears the caller, and he hears all of them.
  for (const leg of legs) {
    const channel = channelOf(leg);
    await until(`${leg.header('X-Siaga-Dispatch') ?? ''} hears the others`, () => {
      const heard = heardIn(centre.recording(channel, 'heard'), { caller: callerTone, operator: 660 });
      return heard.includes('caller') && heard.includes('operator');
    });
  }
  const heard = (): string[] =>
    heardIn(
      centre.recording(call.channelId, 'heard'),
      Object.fromEntries(agencies.map((id, i) => [id, tones[i] ?? 0])),
    );
  await until('the caller hears all five', () => heard().length === 5);

  const states = z.object({ items: z.array(z.object({ recipientId: z.string(), state: z.string() })) });
  const notified = async (): Promise<string[]> =>
    (await centre.api.get(`/v1/notifications?incidentId=${call.incidentId}`, states)).items
      .map(({ recipientId, state }) => `${recipientId} ${state}`)
      .sort();
  await until('the Sekda has pressed 1', async () => (await notified()).includes('sekda acknowledged'), 30_000);
  expect(await notified()).toEqual([
    'camat delivered',
    'dandim delivered',
    'kapolres delivered',
    'rsud delivered',
    'sekda acknowledged',
    'wakil-wali-kota delivered',
    'wali-kota delivered',
  ]);
  const told = (): Happening[] =>
    ['notification.delivered', 'notification.acknowledged'].flatMap((type) => centre.feed.all(type));
  await until('the screens know of all seven', () => told().length === 7);
  const accepted = centre.feed.all('dispatch.accepted', { callId: call.id });
  expect(accepted).toHaveLength(5);
  const last = (happenings: Happening[]): number => Math.max(...happenings.map(({ at }) => at)) - beganAt;
  process.stderr.write(
    `a brawl to 12 parties, from the operator's word: 5 agencies ring by ${Math.round(rung - began)} ms, ` +
      `5 webhooks by ${Math.round(written - began)} ms, the last telephone rings by ${Math.round(ringing - began)} ms, ` +
      `the last agency has pressed its key by ${last(accepted)} ms, ` +
      `the last of 7 messages is delivered or acknowledged by ${last(told())} ms (its key is pressed 8 s after the answer)\n`,
  );
  expect(citizen.ended).toBe(false);
  await centre.clear();
}, 90_000);

/** The channel of an agency's leg: the first attempt of the dispatch that its INVITE names. */
function channelOf(leg: Call): string {
  return `${z.string().parse(leg.header('X-Siaga-Dispatch'))}.a1`;
}
