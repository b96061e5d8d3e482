// A brawl in Kendari is told to twenty: five agencies and two people are rung, and thirteen hear by webhook. The peer is a plain
// program that posts the same thirteen, signed, straight away.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../scripts/runtime.mjs';
import { accepts, rings, startPhone } from '../../scripts/sip/phone.mjs';
import { figure } from '../support/figure.mjs';
import { talkingCallers } from '../support/talking.mjs';

/** Whom the city's own rule engages. */
const agencies = ['polisi', 'damkar', 'kodim', 'pln', 'basarnas'];
const webhooks = Array.from({ length: 13 }, (_, index) => `bench-webhook-${index + 1}`);
const telephones = ['081234567801', '081234567802'];
const limitSeconds = 10;

export async function measure(bench) {
  const centre = await bench.centre();
  const undo = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  const each = bench.quick ? 1 : 8;
  const rounds = [];
  try {
    const scene = await setUp(centre, { folder: bench.folder('fan-out'), undo });
    for (let round = 1; round <= bench.rounds; round += 1) {
      bench.say(`Round ${round}: ${each} brawls, one after the other`);
      const brawls = [];
      for (let brawl = 1; brawl <= each; brawl += 1) {
        brawls.push(await brawlToAll(centre, scene, bench.folder('caller')));
      }
      rounds.push(brawls);
    }
  } finally {
    await stop();
  }
  const all = (name) => rounds.map((brawls) => brawls.map((brawl) => brawl[name]));
  return [
    figure({
      name: 'A brawl to 20 parties: command to last webhook delivered',
      unit: 'ms',
      ours: all('webhook'),
      peer: { name: 'fetch straight away', runs: all('peer') },
      aim: { text: 'p50 300 ms', isMet: ({ p50 }) => p50 <= 300 },
      about: { agencies: agencies.length, webhooks: webhooks.length, telephones: telephones.length, brawls: each },
    }),
    figure({ name: 'A brawl to 20 parties: command to last agency ringing', unit: 'ms', ours: all('agency') }),
    figure({ name: 'A brawl to 20 parties: command to last telephone ringing', unit: 'ms', ours: all('telephone') }),
  ];
}

/** Phones, a gateway, recipients and a rule that tells all of them; `undo` puts the centre back as it was. */
async function setUp(centre, { folder, undo }) {
  const { api, description, tools } = centre.stack;
  const gateway = await startGateway();
  undo.push(() => gateway.close());
  const phone = async (name, options) => {
    const made = await startPhone({ sipp: tools.sipp, folder: path.join(folder, name), name, ...options });
    undo.push(() => made.stop());
    return made;
  };
  const trunkOf = (agencyId) => description.agencies.find(({ id }) => id === agencyId).trunks[0];
  const trunks = [];
  for (const id of agencies) trunks.push(await phone(id, { port: trunkOf(id).port, behaviour: rings() }));
  const outside = await phone('outside', { behaviour: accepts({ pressAfter: 1_000, hangUpAfter: 5_000 }) });

  const before = (await api('GET', '/v1/settings', { expect: [200] })).body;
  const { webhookNetworks, outgoingTrunk, outgoingNumber, outgoingPerHour } = before;
  undo.push(() =>
    edit(api, 'PATCH', '/v1/settings', { webhookNetworks, outgoingTrunk, outgoingNumber, outgoingPerHour }),
  );
  await edit(api, 'PATCH', '/v1/settings', {
    webhookNetworks: ['127.0.0.0/8'],
    outgoingTrunk: { host: '127.0.0.1', port: outside.port },
    outgoingNumber: '0401112',
  });
  const recipients = [
    ...webhooks.map((id) => ({ id, channel: { type: 'webhook', url: `${gateway.url}/${id}` } })),
    ...telephones.map((number) => ({ id: `bench-${number}`, channel: { type: 'voice', number } })),
  ];
  for (const { id, channel } of recipients) {
    const body = { name: id, channels: [channel] };
    await api('PUT', `/v1/recipients/${id}`, { body, headers: { 'if-none-match': '*' }, expect: [201] });
    undo.push(() => edit(api, 'DELETE', `/v1/recipients/${id}`, undefined));
  }
  const { default: byDefault, rules } = (await api('GET', '/v1/rules', { expect: [200] })).body;
  undo.push(() => edit(api, 'PUT', '/v1/rules', { default: byDefault, rules }));
  const tell = recipients.map(({ id }) => id);
  await edit(api, 'PUT', '/v1/rules', {
    default: byDefault,
    rules: rules.map((rule) => (rule.id === 'brawl' ? { ...rule, tell } : rule)),
  });
  return { gateway, trunks, outside };
}

/** One brawl, of a call of its own; milliseconds from the command. */
async function brawlToAll(centre, { gateway, trunks, outside }, folder) {
  const { api } = centre.stack;
  const times = {};
  const talking = async ({ incidentId }) => {
    await sleep(500);
    gateway.received.length = 0;
    const phones = [...trunks, outside];
    const had = new Map(phones.map((phone) => [phone, phone.calls.length]));
    const { headers } = await api('GET', `/v1/incidents/${incidentId}`, { expect: [200] });
    const change = { body: { kind: 'brawl' }, headers: { 'if-match': headers.get('etag') }, expect: [200] };
    const begun = exactNow();
    await api('PATCH', `/v1/incidents/${incidentId}`, change);
    const come = (phone) => phone.calls.slice(had.get(phone));
    await waitUntil(
      () =>
        gateway.received.length >= webhooks.length &&
        trunks.every((phone) => come(phone).length > 0) &&
        come(outside).length >= telephones.length,
      { what: 'have all twenty told', limitSeconds },
    );
    const last = (calls) => Math.max(...calls.map((call) => call.times.invite)) - begun;
    times.webhook = Math.max(...gateway.received.map(({ at }) => at)) - begun;
    times.agency = last(trunks.flatMap(come));
    times.telephone = last(come(outside));
    times.peer = await postAll(gateway);
    const { items } = (await api('GET', `/v1/dispatches?incidentId=${incidentId}`, { expect: [200] })).body;
    for (const { id } of items) await api('POST', `/v1/dispatches/${id}/cancel`, { expect: [202, 409] });
    // The two have pressed their key, and nobody is rung again.
    await waitUntil(() => come(outside).every(({ ended }) => ended), {
      what: 'have the telephones put down',
      limitSeconds: 30,
    });
  };
  await talkingCallers({ centre, folder, calls: 1, rate: 1, holdFor: 6_000, talking });
  await waitUntil(async () => (await centre.free()) === centre.operators, {
    what: 'have all operators free again',
    limitSeconds: 20,
  });
  return times;
}

/** The same posts, straight away: as many, as long, each signed with a secret of its own. */
async function postAll(gateway) {
  const posts = gateway.received.map(({ body, path: to }) => ({ body, to, secret: `siaga_wh_${to}` }));
  gateway.received.length = 0;
  const begun = exactNow();
  const answers = await Promise.all(
    posts.map(async ({ body, to, secret }) => {
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'x-siaga-timestamp': timestamp,
        'x-siaga-signature': `sha256=${signature}`,
      };
      const signal = AbortSignal.timeout(5_000);
      return (await fetch(`${gateway.url}${to}`, { method: 'POST', headers, body, signal })).status;
    }),
  );
  if (answers.some((status) => status !== 204)) throw new Error(`the gateway answered ${answers.join(' ')}`);
  return Math.max(...gateway.received.map(({ at }) => at)) - begun;
}

/** Takes every post, and notes when all of it had come. */
async function startGateway() {
  const received = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      received.push({ path: request.url, body, at: exactNow() });
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { received, url: `http://127.0.0.1:${server.address().port}`, close };
}

/** Changes what is there, of the version that is there. */
async function edit(api, method, route, body) {
  const { headers } = await api('GET', route, { expect: [200] });
  return api(method, route, { body, headers: { 'if-match': headers.get('etag') }, expect: [200, 204] });
}

/** Epoch milliseconds, with fraction. */
const exactNow = () => performance.timeOrigin + performance.now();
