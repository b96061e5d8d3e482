import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startAsterisk, type AsteriskHandle } from '../../scripts/runtime.mjs';
import { answers, freePort, type Phone } from '../../scripts/sip/phone.mjs';
import { carriers, type Centre } from '../support/centre.ts';
import { tlsSettings } from '../support/certificate.ts';
import { pauseOperator, resumeOperator } from '../support/idle.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';
import { TlsPhone } from '../support/tls-phone.ts';

let centre: Centre;
let folder: string;
let tls: Awaited<ReturnType<typeof tlsSettings>>;
const phones: Phone[] = [];
let again: AsteriskHandle | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siaga-tls-'));
  tls = await tlsSettings(folder);
  centre = await startCentre({
    name: 'people',
    operators: 1,
    asteriskEnv: tls.env,
    controllerEnv: { SIAGA_SIP_TLS_PORT: String(tls.port) },
  });
  await centre.operatorPhones(answers());
}, 90_000);
afterAll(async () => {
  for (const phone of phones) if (phone.sipp.end === undefined) await phone.stop();
  await centre.stop();
  await again?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);
afterEach(() => centre.clear());

const operatorId = (): string => centre.operators[0]?.id ?? '';

interface DeskMade {
  id: string;
  username: string;
  password: string;
}

async function makeDesk(body: object = {}): Promise<DeskMade> {
  const answer = await centre.api.ask('POST', '/v1/desks', { body: { name: 'Meja', ...body } });
  expect(answer.status).toBe(201);
  expect(answer.at('pushed')).toBe(true);
  const read = (path: string): string => z.string().parse(answer.at(path));
  return { id: read('id'), username: read('sip.username'), password: read('sip.password') };
}

async function phoneAt({ username, password }: DeskMade): Promise<Phone> {
  const account = { id: '', extension: randomBytes(3).toString('hex'), username, password };
  const phone = await centre.registerOperator(account, answers());
  phones.push(phone);
  return phone;
}

async function hire(body: object = {}): Promise<string> {
  const extension = String(700 + Math.floor(Math.random() * 90_000));
  const answer = await centre.api.ask('POST', '/v1/operators', { body: { name: 'Budi', extension, ...body } });
  expect(answer.status).toBe(201);
  return z.string().parse(answer.at('id'));
}

const logIn = (who: string, deskId: string) =>
  centre.api.ask('POST', `/v1/operators/${who}/session`, { body: { deskId } });
const logOut = async (who: string): Promise<void> => {
  expect((await centre.api.ask('DELETE', `/v1/operators/${who}/session`)).status).toBe(204);
};

/** A citizen dials, and talks with somebody whose phone is given. */
async function talk(phone: Phone, who: string) {
  const rung = centre.upcoming(phone);
  const citizen = await centre.dial();
  const call = await centre.api.taken(citizen);
  const operator = await rung;
  await centre.feed.waitFor('operator.talking', { callId: call.id });
  await centre.api.operatorIs(who, 'talking');
  return { citizen, call, operator };
}

test("a person logs in at another's desk and gets the calls there; at the end of the shift the next one does", async () => {
  const desk = await makeDesk();
  const phone = await phoneAt(desk);
  const early = await hire({ desk: false });
  const late = await hire({ desk: false });
  await logOut(operatorId());
  expect((await logIn(early, desk.id)).status).toBe(200);
  await centre.api.operatorIs(early, 'available');
  const first = await talk(phone, early);
  expect((await logIn(late, desk.id)).code).toBe('operators.desk-taken');
  const { id: ownDesk } = z
    .object({ items: z.array(z.object({ id: z.string(), owner: z.string().nullable() })) })
    .parse((await centre.api.ask('GET', '/v1/desks')).body)
    .items.find(({ owner }) => owner === operatorId()) ?? { id: '' };
  expect((await logIn(early, ownDesk)).code).toBe('operators.engaged');
  // He is through with his shift when his call is.
  await logOut(early);
  expect(first.citizen.ended).toBe(false);
  await first.citizen.hangUp();
  await centre.api.operatorIs(early, 'offline');
  expect((await logIn(late, desk.id)).status).toBe(200);
  await centre.api.operatorIs(late, 'available');
  const second = await talk(phone, late);
  await second.citizen.hangUp();
  await centre.quiet();
  await logOut(late);
  expect((await logIn(operatorId(), ownDesk)).status).toBe(200);
  await centre.api.operatorIs(operatorId(), 'available');
  await until('PostgreSQL has their sessions', async () => {
    const { items } = await centre.api.get(
      `/v1/operators/${early}/sessions`,
      z.object({ items: z.array(z.object({ deskId: z.string(), endedBy: z.string().nullable() })) }),
    );
    return items.length === 1 && items[0]?.deskId === desk.id && items[0].endedBy === 'logged-out';
  });
}, 60_000);

test('with a new password the old one registers no phone any more', async () => {
  const desk = await makeDesk();
  const old = await phoneAt(desk);
  await old.stop();
  const renewed = await centre.api.ask('POST', `/v1/desks/${desk.id}/password`);
  expect(renewed.at('pushed')).toBe(true);
  await expect(phoneAt(desk)).rejects.toThrow();
  await phoneAt({ ...desk, password: z.string().parse(renewed.at('sip.password')) });
}, 60_000);

test('an operator who is deleted while he talks goes on talking', async () => {
  const made = await centre.api.ask('POST', '/v1/operators', { body: { name: 'Citra', extension: '888' } });
  const [id, username, password] = ['id', 'sip.username', 'sip.password'].map((at) => z.string().parse(made.at(at)));
  const who = id ?? '';
  const phone = await phoneAt({ id: '', username: username ?? '', password: password ?? '' });
  await pauseOperator(centre, 0);
  await centre.api.operatorIs(who, 'available');
  const { citizen, operator, call } = await talk(phone, who);
  expect((await centre.api.ask('DELETE', `/v1/operators/${who}`)).status).toBe(204);
  await citizen.pause(1_500);
  expect([citizen.ended, operator.ended]).toEqual([false, false]);
  expect(centre.feed.all('operator.lost', { callId: call.id })).toEqual([]);
  await citizen.hangUp();
  await until('he is gone', async () => {
    const { items } = await centre.api.get('/v1/operators', z.object({ items: z.array(z.object({ id: z.string() })) }));
    return items.every((one) => one.id !== who);
  });
  await resumeOperator(centre, 0);
}, 60_000);

test('a desk with TLS and SRTP: its phone registers over TLS, is rung with SRTP, and no plain speech is taken', async () => {
  const desk = await makeDesk({ transport: 'tls', media: 'srtp' });
  const endpoint = await centre.cli(`pjsip show endpoint ${desk.username}`);
  expect(endpoint).toMatch(/media_encryption_optimistic\s+: false/);
  const wrong = await TlsPhone.open(tls.port, { username: desk.username, password: 'wrong' });
  expect(await wrong.request('REGISTER', '')).toBe(401);
  wrong.close();
  const phone = await TlsPhone.open(tls.port, desk);
  try {
    expect(phone.protocol).toBe('TLSv1.2');
    expect(await phone.request('REGISTER', '')).toBe(200);
    const who = await hire({ desk: false });
    expect((await logIn(who, desk.id)).status).toBe(200);
    await centre.api.operatorIs(who, 'available');
    await pauseOperator(centre, 0);
    const citizen = await centre.dial();
    const invite = await phone.next('INVITE');
    expect(invite.body).toMatch(/^m=audio \d+ RTP\/SAVP /m);
    const crypto = /^a=crypto:(\d+) AES_CM_128_HMAC_SHA1_80 /m.exec(invite.body);
    expect(crypto).not.toBeNull();
    phone.reply(invite, '180 Ringing');
    const rtp = await freePort();
    const sdp = (profile: string, more: string[]): string =>
      [
        'v=0',
        'o=- 1 1 IN IP4 127.0.0.1',
        's=-',
        'c=IN IP4 127.0.0.1',
        't=0 0',
        `m=audio ${rtp} ${profile} 8`,
        ...more,
        '',
      ].join('\r\n');
    const key = `a=crypto:${crypto?.[1] ?? 1} AES_CM_128_HMAC_SHA1_80 inline:${randomBytes(30).toString('base64')}`;
    phone.reply(invite, '200 OK', sdp('RTP/SAVP', [key]));
    await phone.next('ACK');
    await centre.api.operatorIs(who, 'talking');
    await citizen.hangUp();
    phone.reply(await phone.next('BYE'), '200 OK');
    expect(await phone.request('INVITE', '101', sdp('RTP/AVP', []))).toBe(488);
    await centre.quiet();
    await logOut(who);
    await resumeOperator(centre, 0);
  } finally {
    phone.close();
  }
}, 60_000);

test('after a restart of the controller everybody is where he was, and who was paused is so', async () => {
  const desk = await makeDesk();
  const phone = await phoneAt(desk);
  const who = await hire({ desk: false });
  expect((await logIn(who, desk.id)).status).toBe(200);
  await centre.api.operatorIs(who, 'available');
  await pauseOperator(centre, 0);
  await centre.controllers[0]?.stop({ limitSeconds: 10 });
  await centre.startController({ rank: 0, name: 'controller-again' });
  await centre.follow();
  await centre.api.operatorIs(who, 'available');
  await centre.api.operatorIs(operatorId(), 'paused');
  // One that has just started and does not keep up yet leaves calls to the human path.
  const taken = async (): Promise<boolean> => {
    const probe = await centre.dial();
    const took = await centre.api.taken(probe, 2_000).then(
      () => true,
      () => false,
    );
    await centre.quiet();
    return took;
  };
  await until('the controller takes calls', taken, 30_000);
  const { citizen } = await talk(phone, who);
  await citizen.hangUp();
  await centre.quiet();
  await logOut(who);
  await resumeOperator(centre, 0);
  await centre.api.operatorIs(operatorId(), 'available');
}, 60_000);

test('an Asterisk that comes back without its accounts gets them all again', async () => {
  const desk = await makeDesk({ transport: 'tcp' });
  await centre.asterisk.stop();
  await rm(join(centre.asterisk.runDirectory, 'db'), { recursive: true });
  again = await startAsterisk({
    directory: centre.directory,
    tools: centre.tools,
    ports: centre.ports,
    node: 'e2e',
    env: { ...tls.env, ASTERISK_CARRIERS: `telkom=${carriers.telkom}` },
  });
  const known = async (username: string): Promise<boolean> =>
    (await centre.ari('GET', `asterisk/config/dynamic/res_pjsip/endpoint/${username}`)).status === 200;
  await until(
    'the accounts are there',
    async () => (await known(desk.username)) && (await known(centre.operators[0]?.username ?? '')),
    30_000,
  );
  const phone = await phoneAt(desk);
  await phone.stop();
  expect(centre.phoneOf(0).accounts).toHaveLength(1);
}, 90_000);
