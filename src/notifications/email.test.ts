import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { mailServer, type MailServer } from '../../test/support/mail-server.ts';
import { systemClock } from '../platform/clock.ts';
import { createMailer, type Mail } from './email.ts';

let server: MailServer;
beforeEach(async () => {
  server = await mailServer();
});
afterEach(() => server.close());

const mail: Mail = {
  to: 'sekda@kota.example',
  from: 'siaga@112.example',
  subject: '[112] Tawuran, Mandonga (kejadian 004711)',
  text: 'Jenis: Tawuran\nTingkat: tinggi — segera',
  deliveryId: 'n.1',
};
const send = (url = server.url(), over: Partial<Mail> = {}) =>
  createMailer(url, { clock: systemClock }).send({ ...mail, ...over });

test('the server gets it with what tells a second copy from a second message', async () => {
  expect(await send()).toEqual({ result: 'delivered' });
  const [received] = server.received;
  expect([received?.from, received?.to]).toEqual(['siaga@112.example', ['sekda@kota.example']]);
  expect(received?.raw).toMatch(/^Message-ID: <n\.1@112\.example>\r$/m);
  expect(received?.raw).toMatch(/^X-Siaga-Delivery: n\.1\r$/m);
  expect(received?.raw).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  expect(received?.raw).toMatch(/^From: Siaga 112 <siaga@112\.example>\r$/m);
  expect(received?.raw).toContain('Subject: [112] Tawuran, Mandonga (kejadian 004711)');
});

test('a subject opens no header', async () => {
  await send(undefined, { subject: 'Tawuran\r\nBcc: other@example.org' });
  expect(server.received[0]?.to).toEqual(['sekda@kota.example']);
  expect(server.received[0]?.raw).not.toMatch(/^Bcc:/m);
});

test.each([
  [550, { result: 'failed', reason: 'the mail server refused it (550)', again: false }],
  [450, { result: 'failed', reason: 'the mail server put it off (450)', again: true }],
])('the server answers %i: its words, with the address, are not repeated', async (code, expected) => {
  server.refuse({ code, text: 'sekda@kota.example is unknown here' });
  expect(await send()).toEqual(expected);
});

test('without STARTTLS it is not sent in clear, unless the address of the server says so', async () => {
  expect(await send(server.url(''))).toMatchObject({ result: 'failed' });
  expect(server.received).toEqual([]);
});

test('a certificate that nobody vouches for is not taken', async () => {
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], { keyType: 'ec', algorithm: 'sha256' });
  const tls = await mailServer({ key: made.private, cert: made.cert, disabledCommands: [] });
  expect(await send(tls.url(''))).toMatchObject({ result: 'failed', again: true });
  expect(tls.received).toEqual([]);
  await tls.close();
});

test('what a slow server has not taken when it is given up is not handed over after all', async () => {
  const clock = fakeClock();
  let asked: (done: () => void) => void = () => undefined;
  const rcptTo = new Promise<() => void>((resolve) => (asked = resolve));
  let left = (): void => undefined;
  const gone = new Promise<void>((resolve) => (left = resolve));
  const slow = await mailServer({ onRcptTo: (_address, _session, done) => asked(done), onClose: () => left() });
  const sending = createMailer(slow.url(), { clock }).send(mail);
  const answer = await rcptTo;
  clock.advance(20_000);
  expect(await sending).toEqual({ result: 'failed', reason: 'the mail server took longer than 20 s', again: true });
  answer();
  await gone;
  expect(slow.received).toEqual([]);
  await slow.close();
});

test('nobody there, and one who never says a word, may be better a little later', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const bound = silent.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const from = performance.now();
  expect(await send(`smtp://127.0.0.1:${port}?tls=off`)).toEqual({
    result: 'failed',
    reason: 'the mail server could not be used (ETIMEDOUT)',
    again: true,
  });
  expect(performance.now() - from).toBeLessThan(8_000);
  for (const socket of sockets) socket.destroy();
  silent.close();
  await once(silent, 'close');
  expect(await send(`smtp://127.0.0.1:${port}?tls=off`)).toMatchObject({ result: 'failed', again: true });
}, 15_000);
