import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { rings, startPhone } from '../../scripts/sip/phone.mjs';
import { startAsteriskPhone } from '../support/asterisk-phone.ts';
import type { Centre } from '../support/centre.ts';
import { tlsSettings } from '../support/certificate.ts';
import { heardIn } from '../support/ear.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

const tones = { caller: 440, phone: 880 };
let centre: Centre;
let folder: string;
let tls: Awaited<ReturnType<typeof tlsSettings>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siaga-tls-'));
  tls = await tlsSettings(folder);
  centre = await startCentre({
    name: 'phone-tls',
    operators: 0,
    asteriskEnv: tls.env,
    controllerEnv: { SIAGA_SIP_TLS_PORT: String(tls.port) },
  });
}, 90_000);
afterAll(async () => {
  await centre.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);
afterEach(async () => {
  await centre.hangUpAll();
  await centre.quiet();
});

const made = z.object({
  id: z.string(),
  sip: z.object({ username: z.string(), password: z.string() }),
});
let extensions = 300;

/** A desk for TLS and SRTP, and who is logged in there. */
async function desk(): Promise<{ id: string; operatorId: string; account: { username: string; password: string } }> {
  const body = { name: 'Meja', transport: 'tls', media: 'srtp' };
  const { id, sip } = made.parse((await centre.api.ask('POST', '/v1/desks', { body })).body);
  extensions += 1;
  const person = { name: 'Siti', extension: String(extensions), desk: false };
  const hired = await centre.api.ask('POST', '/v1/operators', { body: person });
  const operatorId = z.string().parse(hired.at('id'));
  const session = await centre.api.ask('POST', `/v1/operators/${operatorId}/session`, { body: { deskId: id } });
  expect(session.status).toBe(200);
  return { id, operatorId, account: sip };
}

async function phoneOf(id: string): Promise<unknown> {
  const { items } = await centre.api.get(
    '/v1/desks',
    z.object({ items: z.array(z.object({ id: z.string(), phone: z.unknown() })) }),
  );
  return items.find((one) => one.id === id)?.phone;
}

test('over TLS and SRTP a phone and a caller hear each other', async () => {
  const { id, operatorId, account } = await desk();
  const phone = await startAsteriskPhone(centre, { account, tone: tones.phone, tls });
  try {
    await centre.api.operatorIs(operatorId, 'available');
    await until('its transport is known', async () => JSON.stringify(await phoneOf(id)).includes('tls'));
    expect(await phoneOf(id)).toEqual({ over: 'tls', inClear: false });
    const caller = await centre.dialLine(tones.caller);
    const talking = await centre.feed.waitFor('operator.talking', { detail: { operatorId } });
    await until('the caller hears the phone', () => Promise.resolve(caller.secondsOf(tones.phone) > 2), 10_000);
    for (const what of ['rtp,secure,audio', 'pjsip,secure']) {
      const asked = `channels/${talking.callId}.o1/variable?variable=${encodeURIComponent(`CHANNEL(${what})`)}`;
      expect((await centre.ari('GET', asked)).body).toEqual({ value: '1' });
    }
    await caller.hangUp();
    await until('the phone heard the caller', () => Promise.resolve(heardIn(phone.heard, tones).length > 0));
    expect(heardIn(phone.heard, tones)).toEqual(['caller']);
  } finally {
    await phone.stop();
    await centre.api.ask('DELETE', `/v1/operators/${operatorId}`);
  }
}, 90_000);

test('a phone that comes by UDP where TLS is wanted is told to supervisors, and rung', async () => {
  const { id, operatorId, account } = await desk();
  const phone = await startPhone({
    sipp: centre.tools.sipp,
    server: centre.asterisk.sip,
    accounts: [account],
    folder: await centre.folder('in-clear'),
    name: 'in clear',
    behaviour: rings(),
  });
  try {
    await centre.api.operatorIs(operatorId, 'available');
    await centre.feed.waitFor('alarm.raised', { detail: { code: 'desk-in-clear', deskId: id, transport: 'udp' } });
    expect(await phoneOf(id)).toEqual({ over: 'udp', inClear: true });
    const rung = centre.upcoming(phone);
    const caller = await centre.dialLine(tones.caller);
    const call = await rung;
    await call.waitFor('ringing');
    expect(call.invite.body).toMatch(/^m=audio \d+ RTP\/SAVP /m);
    await caller.hangUp();
  } finally {
    await phone.stop();
  }
}, 60_000);
