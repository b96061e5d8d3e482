import { createServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { once } from 'node:events';
import { generate } from 'selfsigned';
import { webhookServer, type WebhookServer } from '../../test/support/webhook-server.ts';
import { systemClock } from '../platform/clock.ts';
import { postWebhook, type WebhookLookup } from './webhook.ts';

let server: WebhookServer;
beforeEach(async () => {
  server = await webhookServer();
});
afterEach(() => server.close());

const loopback = ['127.0.0.0/8'];
const post = (url: string, networks: readonly string[] = loopback, lookup?: WebhookLookup) =>
  postWebhook(
    { url, headers: { 'x-siaga-delivery': 'n.1' }, body: '{"text":"Tawuran"}', networks },
    { clock: systemClock, ...(lookup === undefined ? {} : { lookup }) },
  );
const failed = (reason: RegExp, again: boolean) => ({
  result: 'failed',
  reason: expect.stringMatching(reason) as string,
  again,
});

test('what is posted arrives as it was signed, on the path and query that were written down', async () => {
  expect(await post(server.url('/kirim?kota=kendari'))).toEqual({ result: 'delivered' });
  expect(server.received).toMatchObject([
    {
      path: '/kirim?kota=kendari',
      body: '{"text":"Tawuran"}',
      headers: { 'x-siaga-delivery': 'n.1', 'content-type': 'application/json; charset=utf-8' },
    },
  ]);
});

test.each([
  [200, { result: 'delivered' }],
  [202, { result: 'delivered' }],
  [301, failed(/redirects \(HTTP 301\)/, false)],
  [307, failed(/redirects/, false)],
  [400, failed(/HTTP 400/, false)],
  [401, failed(/HTTP 401/, false)],
  [410, failed(/HTTP 410/, false)],
  [408, failed(/HTTP 408/, true)],
  [429, failed(/HTTP 429/, true)],
  [500, failed(/HTTP 500/, true)],
  [503, failed(/HTTP 503/, true)],
])('an answer of %i', async (status, expected) => {
  server.answer((response) => response.writeHead(status, { location: server.url('/elsewhere') }).end());
  expect(await post(server.url())).toEqual(expected);
  // Wherever a redirect leads, nobody goes there.
  expect(server.received).toHaveLength(1);
});

test('a body without end is not waited for', async () => {
  server.answer((response) => {
    response.writeHead(200);
    const more = setInterval(() => response.write('x'.repeat(65_536)), 5);
    response.on('close', () => clearInterval(more));
  });
  const from = performance.now();
  expect(await post(server.url())).toEqual({ result: 'delivered' });
  expect(performance.now() - from).toBeLessThan(3_000);
});

test('who hangs is given up after five seconds, and so is who is slow with his name, his handshake or his headers', async () => {
  server.answer(() => undefined);
  const drip = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 200 OK\r\n');
    const more = setInterval(() => socket.write('x-slow: 1\r\n'), 200);
    socket.on('close', () => clearInterval(more));
  });
  drip.listen(0, '127.0.0.1');
  await once(drip, 'listening');
  const bound = drip.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const from = performance.now();
  const never = (): Promise<string[]> => new Promise(() => undefined);
  const results = await Promise.all([
    post(server.url()),
    post(`http://127.0.0.1:${port}/`),
    post(`https://127.0.0.1:${server.port}/`),
    post('https://slow.example/', [], never),
  ]);
  const took = performance.now() - from;
  expect(results.slice(0, 2)).toEqual([failed(/no answer within 5 s/, true), failed(/no answer within 5 s/, true)]);
  expect(results[2]).toMatchObject({ result: 'failed', again: true });
  expect(results[3]).toEqual(failed(/no answer within 5 s/, true));
  expect(took).toBeGreaterThan(4_900);
  expect(took).toBeLessThan(8_000);
  drip.close();
}, 15_000);

describe('points into our own network are refused, and nothing is asked', () => {
  it.each(
    // prettier-ignore
    ['http://127.0.0.1:PORT/', 'https://127.0.0.1:PORT/', 'http://localhost:PORT/', 'http://[::ffff:127.0.0.1]:PORT/',
      'http://[::ffff:7f00:1]:PORT/', 'http://2130706433:PORT/', 'http://0x7f.1:PORT/', 'http://127.1:PORT/',
      'http://0.0.0.0:PORT/', 'http://[::]:PORT/', 'http://127.0.0.1.:PORT/', 'https://169.254.169.254/latest/meta-data',
      'https://[fd00::1]/', 'https://10.0.0.1/', 'https://[64:ff9b::7f00:1]/'],
  )('%s', async (url) => {
    const result = await post(url.replace('PORT', String(server.port)), ['192.168.7.0/24']);
    expect(result).toEqual(failed(/not on the public Internet|no known address/, expect.any(Boolean) as boolean));
    expect(server.received).toEqual([]);
  });

  it('a name with one address of ours among public ones', async () => {
    const result = await post('https://pesan.example/', [], () => Promise.resolve(['8.8.8.8', '::ffff:127.0.0.1']));
    expect(result).toEqual(failed(/not on the public Internet/, false));
  });

  it('a name that means one of our machines when it is asked again: it is asked once', async () => {
    let asked = 0;
    const rebinding: WebhookLookup = () => Promise.resolve(asked++ === 0 ? ['127.0.0.1'] : ['127.0.0.99']);
    expect(await post(`http://pesan.example:${server.port}/`, ['127.0.0.1/32'], rebinding)).toEqual({
      result: 'delivered',
    });
    expect(asked).toBe(1);
    expect(server.received[0]?.headers.host).toBe(`pesan.example:${server.port}`);
  });
});

test('in clear it goes to networks of our own only', async () => {
  const result = await post('http://pesan.example/', [], () => Promise.resolve(['8.8.8.8']));
  expect(result).toEqual(failed(/only https/, false));
});

test('a certificate that nobody vouches for is refused; one that the name has is taken', async () => {
  const made = await generate([{ name: 'commonName', value: 'pesan.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'pesan.example' }] }],
  });
  const tls = createServer({ key: made.private, cert: made.cert }, (_request, response) => response.end());
  tls.listen(0, '127.0.0.1');
  await once(tls, 'listening');
  const bound = tls.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const ask = (host: string, ca?: string) =>
    postWebhook(
      { url: `https://${host}:${port}/`, headers: {}, body: '{}', networks: loopback },
      { clock: systemClock, lookup: () => Promise.resolve(['127.0.0.1']), ca },
    );
  expect(await ask('pesan.example')).toEqual(failed(/certificate/, true));
  expect(await ask('other.example', made.cert)).toMatchObject({ result: 'failed' });
  expect(await ask('pesan.example', made.cert)).toEqual({ result: 'delivered' });
  tls.closeAllConnections();
  tls.close();
});

test('nobody there, and no such name, may be better a little later', async () => {
  const gone = await webhookServer();
  await gone.close();
  expect(await post(gone.url())).toEqual(failed(/takes no connections/, true));
  const none = await post('https://pesan.example/', [], () => Promise.reject(new Error('ENOTFOUND')));
  expect(none).toEqual(failed(/no known address/, true));
});
