// The least that an ARI program can do for a call: answer, ring the phone that has been idle longest, bridge the two, hang up.
// No record, no second try, nothing that survives it. It shows what ARI itself costs.
import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import { WebSocket } from 'ws';

const { ARI_URL, ARI_USER, ARI_PASSWORD, PHONES } = process.env;
const authorization = `Basic ${Buffer.from(`${ARI_USER}:${ARI_PASSWORD}`).toString('base64')}`;
const pool = new Pool(ARI_URL, { connections: 20, keepAliveTimeout: 10_000 });
const idle = Array.from({ length: Number(PHONES) }, (_, index) => `phone-${index + 1}`);
const waiting = [];
const calls = new Map();

const socket = new WebSocket(
  `${ARI_URL.replace(/^http/, 'ws')}/ari/events?app=bare&api_key=${ARI_USER}:${ARI_PASSWORD}`,
);
socket.on('message', (text) => {
  const event = JSON.parse(text);
  if (event.type === 'StasisStart') {
    if (event.args[0] === 'caller') arrived(event.channel);
    else void answered(event.channel.id);
  } else if (event.type === 'StasisEnd' || event.type === 'ChannelDestroyed') void ended(event.channel.id);
});
socket.on('close', () => process.exit(1));
process.on('SIGTERM', () => process.exit(0));

function arrived(channel) {
  const call = { caller: channel.id, number: channel.caller.number, leg: randomUUID() };
  calls.set(call.caller, call);
  calls.set(call.leg, call);
  void ari('POST', `channels/${call.caller}/answer`);
  waiting.push(call);
  void ring();
}

async function ring() {
  while (waiting.length > 0 && idle.length > 0) {
    const call = waiting.shift();
    if (!calls.has(call.caller)) continue;
    call.phone = idle.shift();
    const rung = await ari('POST', `channels/${call.leg}`, {
      endpoint: `PJSIP/${call.phone}`,
      context: 'legs',
      extension: 's',
      priority: 1,
      callerId: call.number,
      timeout: 20,
    });
    if (!rung) ended(call.leg);
  }
}

async function answered(leg) {
  const call = calls.get(leg);
  if (!call) return void ari('DELETE', `channels/${leg}`);
  call.bridge = randomUUID();
  await ari('POST', `bridges/${call.bridge}`, { type: 'mixing' });
  await ari('POST', `bridges/${call.bridge}/addChannel`, { channel: `${call.caller},${leg}` });
}

async function ended(id) {
  const call = calls.get(id);
  if (!call) return;
  calls.delete(id);
  const other = id === call.caller ? call.leg : call.caller;
  if (calls.has(other)) {
    await ari('DELETE', `channels/${other}`);
    // Nobody tells the end of a leg that was never in the application.
    if (!call.bridge) calls.delete(other);
    else return;
  } else if (call.bridge) await ari('DELETE', `bridges/${call.bridge}`);
  if (call.phone) idle.push(call.phone);
  void ring();
}

async function ari(method, route, parameters) {
  const answer = await pool.request({ path: `/ari/${route}`, method, query: parameters, headers: { authorization } });
  await answer.body.dump();
  return answer.statusCode < 300;
}
