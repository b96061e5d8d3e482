import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { fakeClock } from '../../test/support/fake-clock.ts';
import type { Reading } from './fix.ts';
import { locationRequest } from './held-answer.ts';
import { createLocationFetcher, type LocationFetcher, type LocationFetcherDeps } from './held.ts';

const located: Reading = {
  sightings: [{ method: 'GPS', shape: null, civic: { A1: 'Jakarta' }, confidence: null, at: null }],
  unusable: [],
};
const pidfLo = '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="pres:x"/>';
const inHeld = `<locationResponse xmlns="urn:ietf:params:xml:ns:geopriv:held">${pidfLo}</locationResponse>`;

interface LocationServer {
  readonly port: number;
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[];
  /** How many came so far. */
  connections(): number;
  uri(path?: string): string;
}

let identity: { key: string; cert: string };
const servers: (Server | TcpServer)[] = [];
const fetchers: LocationFetcher[] = [];
const clock = fakeClock();

beforeAll(async () => {
  const extensions = [{ name: 'subjectAltName' as const, altNames: [{ type: 2 as const, value: 'lis.example' }] }];
  const made = await generate([{ name: 'commonName', value: 'lis.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions,
  });
  identity = { key: made.private, cert: made.cert };
});

afterEach(async () => {
  await Promise.all(fetchers.splice(0).map((fetcher) => fetcher.close()));
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function listen(
  server: Server | TcpServer,
  address = '127.0.0.1',
  port = 0,
): Promise<Omit<LocationServer, 'requests'>> {
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    socket.on('error', () => undefined);
  });
  servers.push(server);
  server.listen(port, address);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    connections: () => connections,
    uri: (path = '/secret?token=secret') => `https://lis.example:${bound}${path}`,
  };
}

async function serve(answer: RequestListener, address?: string, port?: number): Promise<LocationServer> {
  const requests: LocationServer['requests'] = [];
  const server = createServer(identity, (request, response) => {
    let body = '';
    request.on('data', (part) => (body += String(part)));
    request.on('end', () => {
      requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
  });
  return { ...(await listen(server, address, port)), requests };
}

function give(response: ServerResponse, xml: string, type = 'application/pidf+xml'): void {
  response.writeHead(200, { 'content-type': type }).end(xml);
}

function fetcher(deps: Partial<LocationFetcherDeps> = {}): LocationFetcher {
  const made = createLocationFetcher({
    clock,
    allowed: () => ['lis.example'],
    readPidfLo: () => located,
    ca: identity.cert,
    lookup: () => Promise.resolve(['127.0.0.1']),
    ...deps,
  });
  fetchers.push(made);
  return made;
}

/** Fetches, and gives the reason why there is no location. */
async function refused(uri: string, deps: Partial<LocationFetcherDeps> = {}): Promise<string> {
  const { sightings, unusable } = await fetcher(deps).fetch(uri);
  expect(sightings).toEqual([]);
  expect(unusable).toHaveLength(1);
  expect(unusable[0]).not.toMatch(/secret|token/);
  return unusable[0] ?? '';
}

describe('a location server that answers', () => {
  it('is asked by POST, at once, for a location in any form', async () => {
    const server = await serve((_request, response) => give(response, pidfLo));
    const handed: string[] = [];
    const readPidfLo = (xml: string) => {
      handed.push(xml);
      return located;
    };
    expect(await fetcher({ readPidfLo }).fetch(server.uri())).toEqual(located);
    expect(handed).toEqual([pidfLo]);
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/secret?token=secret', body: locationRequest });
    expect(request?.headers).toMatchObject({
      host: `lis.example:${server.port}`,
      'content-type': 'application/held+xml;charset=utf-8',
      accept: 'application/held+xml, application/pidf+xml',
      'accept-encoding': 'identity',
    });
  });

  it('may answer in a HELD response', async () => {
    const server = await serve((_request, response) => give(response, inHeld, 'application/held+xml;charset=utf-8'));
    expect(await fetcher().fetch(server.uri())).toEqual(located);
  });

  it.each([400, 405, 415, 501])('is asked by GET when it answers a POST with %d', async (status) => {
    const server = await serve((request, response) => {
      if (request.method === 'POST') response.writeHead(status).end('no POST here');
      else give(response, pidfLo);
    });
    expect(await fetcher().fetch(server.uri())).toEqual(located);
    expect(server.requests.map(({ method, path, body }) => [method, path, body.length > 0])).toEqual([
      ['POST', '/secret?token=secret', true],
      ['GET', '/secret?token=secret', false],
    ]);
  });

  it('is asked by GET once only', async () => {
    const server = await serve((_request, response) => response.writeHead(405).end());
    expect(await refused(server.uri())).toBe('the location server lis.example answered with HTTP 405');
    expect(server.requests).toHaveLength(2);
  });

  it('says why it has no location', async () => {
    const server = await serve((_request, response) =>
      give(
        response,
        '<error xmlns="urn:ietf:params:xml:ns:geopriv:held" code="locationUnknown"/>',
        'application/held+xml',
      ),
    );
    expect(await refused(server.uri())).toBe(
      'the location server lis.example answered with the HELD error locationUnknown',
    );
  });

  it.each([
    ['HTTP 500', 500, {}, 'answered with HTTP 500'],
    ['HTTP 204', 204, {}, 'answered with HTTP 204'],
    ['a web page', 200, { 'content-type': 'text/html' }, 'sent no XML'],
    ['a redirect to nowhere', 302, {}, 'answered with HTTP 302'],
  ])('gives no location by %s', async (_name, status, headers, reason) => {
    const server = await serve((_request, response) => response.writeHead(status, headers).end());
    expect(await refused(server.uri())).toBe(`the location server lis.example ${reason}`);
  });

  it('gives no location in text that is not UTF-8, nor in a broken answer', async () => {
    const latin = await serve((_request, response) => response.writeHead(200).end(Buffer.from([0x3c, 0xff])));
    expect(await refused(latin.uri())).toBe('the location server lis.example sent text that is not UTF-8');
    const broken = await serve((request) => request.socket.end('HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'));
    expect(await refused(broken.uri())).toBe('the location server lis.example does not speak proper HTTP');
    const cut = await serve((request) =>
      request.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<presence/>'),
    );
    expect(await refused(cut.uri())).toMatch(/^the location server lis\.example could not be asked/);
  });

  it('is worth a reason even when reading its answer fails', async () => {
    const server = await serve((_request, response) => give(response, pidfLo));
    const readPidfLo = () => {
      throw new Error('secret');
    };
    expect(await refused(server.uri(), { readPidfLo })).toBe(
      'the location could not be fetched because of a fault of ours',
    );
  });
});

describe('a redirect', () => {
  it.each([301, 302, 307, 308])('%d is followed with the same question', async (status) => {
    const server = await serve((request, response) => {
      if (request.url === '/b') give(response, pidfLo);
      else response.writeHead(status, { location: '/b', 'set-cookie': 'a=b' }).end('x');
    });
    expect(await fetcher().fetch(server.uri())).toEqual(located);
    expect(server.requests[1]).toMatchObject({ method: 'POST', path: '/b', body: locationRequest });
    expect(server.requests[1]?.headers).not.toHaveProperty('cookie');
  });

  it('303 is followed with GET', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/b') give(response, pidfLo);
      else response.writeHead(303, { location: server.uri('/b') }).end();
    });
    expect(await fetcher().fetch(server.uri())).toEqual(located);
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'GET']);
  });

  it('is followed three times and no more', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/3') give(response, pidfLo);
      else response.writeHead(302, { location: `/${Number(request.url?.slice(1)) + 1}` }).end();
    });
    expect(await fetcher().fetch(server.uri('/0'))).toEqual(located);
    expect(server.requests).toHaveLength(4);
    const loop = await serve((request, response) => response.writeHead(307, { location: request.url }).end());
    expect(await refused(loop.uri())).toBe('the location server lis.example redirected too often');
    expect(loop.requests).toHaveLength(4);
  });

  it.each([
    ['http://lis.example/secret', 'only https locations can be fetched'],
    ['https://user:secret@lis.example/', 'the address of the location server lis.example carries a user or a password'],
    ['https://10.0.0.1/secret', 'the location server 10.0.0.1 is not on the public Internet and not an allowed one'],
    ['https://[::1]/secret', 'the location server [::1] is not on the public Internet and not an allowed one'],
  ])('to %s is refused', async (location, reason) => {
    const server = await serve((_request, response) => response.writeHead(302, { location }).end());
    expect(await refused(server.uri())).toBe(reason);
  });

  it('to another name of the same machine is refused without a connection', async () => {
    const inside = await serve((_request, response) => give(response, pidfLo));
    const location = `https://inside.example:${inside.port}/secret`;
    const server = await serve((_request, response) => response.writeHead(302, { location }).end());
    expect(await refused(server.uri())).toMatch(/^the location server inside\.example is not on the public Internet/);
    expect([server.connections(), inside.connections()]).toEqual([1, 0]);
  });
});

describe('a target', () => {
  it('that is not allowed and lies in our network gets no connection', async () => {
    const server = await serve((_request, response) => give(response, pidfLo));
    const reason = 'the location server lis.example is not on the public Internet and not an allowed one';
    for (const addresses of [['127.0.0.1'], ['::ffff:127.0.0.1'], ['8.8.8.8', '127.0.0.1']]) {
      const lookup = () => Promise.resolve(addresses);
      expect(await refused(server.uri(), { allowed: () => [], lookup })).toBe(reason);
    }
    expect(await refused(`https://127.0.0.1:${server.port}/secret`)).toMatch(
      /^the location server 127\.0\.0\.1 is not/,
    );
    expect(await refused(`https://localhost:${server.port}/`, { lookup: () => Promise.resolve(['::1']) })).toMatch(
      /not on/,
    );
    expect(server.connections()).toBe(0);
  });

  it('is looked up once for each request, and the connection goes to what was found', async () => {
    const checked = await serve((_request, response) => give(response, pidfLo));
    const other = await serve((_request, response) => give(response, pidfLo), '127.0.0.2', checked.port);
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    let lookups = 0;
    const lookup = () => Promise.resolve(answers[lookups++] ?? []);
    expect(await fetcher({ lookup }).fetch(checked.uri())).toEqual(located);
    expect([lookups, checked.connections(), other.connections()]).toEqual([1, 1, 0]);
  });

  it('is tried at its next address when the first takes no connection', async () => {
    const server = await serve((_request, response) => give(response, pidfLo));
    const lookup = () => Promise.resolve(['127.0.0.3', '127.0.0.1']);
    expect(await fetcher({ lookup }).fetch(server.uri())).toEqual(located);
  });

  it('is checked anew on every hop, also against what is allowed by then', async () => {
    const server = await serve((_request, response) => response.writeHead(307, { location: '/b' }).end());
    const lists = [['lis.example'], []];
    expect(await refused(server.uri(), { allowed: () => lists.shift() ?? [] })).toMatch(/not an allowed one$/);
    expect(server.connections()).toBe(1);
  });

  it('with a certificate that is not trusted, or not its own, is told nothing', async () => {
    const server = await serve((_request, response) => give(response, pidfLo));
    const trusted = { clock, allowed: () => ['lis.example', 'other.example'], readPidfLo: () => located };
    const lookup = () => Promise.resolve(['127.0.0.1']);
    const strict = createLocationFetcher({ ...trusted, lookup });
    fetchers.push(strict);
    expect((await strict.fetch(server.uri())).unusable).toEqual([
      'the location server lis.example has a certificate that is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
    ]);
    expect(await refused(`https://other.example:${server.port}/secret`, { allowed: trusted.allowed })).toBe(
      'the location server other.example has a certificate that is not trusted (ERR_TLS_CERT_ALTNAME_INVALID)',
    );
    expect([server.connections(), server.requests.length]).toEqual([2, 0]);
  });

  it('that takes no connections, or has no address, is a reason', async () => {
    const gone = await listen(createTcpServer());
    const [server] = servers.splice(0);
    server?.close();
    expect(await refused(gone.uri())).toBe('the location server lis.example takes no connections');
    expect(await refused(gone.uri(), { lookup: () => Promise.reject(new Error('secret')) })).toBe(
      'the location server lis.example has no known address',
    );
  });
});

describe('a location server that does harm', () => {
  const late = 'the location server lis.example did not answer within 5 s';

  it('is left after five seconds when its name has no answer', async () => {
    const never = () => {
      setImmediate(() => clock.advance(5_000));
      return new Promise<never>(() => undefined);
    };
    expect(await refused('https://lis.example/secret', { lookup: never })).toBe(late);
  });

  it('is left after five seconds when it does not shake hands', async () => {
    let gone: Promise<unknown> | undefined;
    const server = createTcpServer((socket) => {
      gone = once(socket.resume(), 'close');
      clock.advance(5_000);
    });
    const { uri } = await listen(server);
    expect(await refused(uri())).toBe(late);
    expect(gone).toBeDefined();
    await gone;
  });

  it('is left after five seconds when it sends no headers', async () => {
    const server = await serve(() => clock.advance(5_000));
    expect(await refused(server.uri())).toBe(late);
  });

  it('is left after five seconds in all when its body drips', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200).write('<');
      const drip = () => {
        if (response.destroyed) return;
        response.write('p');
        clock.advance(500);
        setImmediate(drip);
      };
      drip();
    });
    expect(await refused(server.uri())).toBe(late);
  });

  it('is left after five seconds in all when every hop takes its time', async () => {
    const server = await serve((_request, response) => {
      clock.advance(2_000);
      response.writeHead(307, { location: '/b' }).end();
    });
    expect(await refused(server.uri())).toBe(late);
    expect(server.requests).toHaveLength(3);
  });

  it('is left after 64 KB of a body without end', async () => {
    let sent = 0;
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/pidf+xml' });
      const more = () => {
        do sent += 16_384;
        while (!response.destroyed && response.write(Buffer.alloc(16_384, ' ')));
      };
      response.on('drain', more);
      more();
    });
    expect(await refused(server.uri())).toBe('the location server lis.example sent more than 64 KB');
    expect(sent).toBeGreaterThan(65_536);
  });

  it('may send 64 KB and not a byte more', async () => {
    const server = await serve((request, response) =>
      give(response, ' '.repeat(Number(request.url?.slice(1))) + pidfLo),
    );
    expect(await fetcher().fetch(server.uri(`/${65_536 - pidfLo.length}`))).toEqual(located);
    expect(await refused(server.uri(`/${65_537 - pidfLo.length}`))).toMatch(/more than 64 KB$/);
  });

  it('is refused with a compressed body, whatever it would become', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '));
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/pidf+xml', 'content-encoding': 'gzip' }).end(bomb);
    });
    expect(await refused(server.uri())).toBe(
      'the location server lis.example sent a compressed body, which is refused',
    );
  });

  it('is left when its headers do not end', async () => {
    const server = await serve((request) => {
      request.socket.write('HTTP/1.1 200 OK\r\n');
      for (let n = 0; n < 100; n += 1) request.socket.write(`X-${n}: ${'x'.repeat(1_000)}\r\n`);
    });
    expect(await refused(server.uri())).toBe('the location server lis.example does not speak proper HTTP');
  });
});

describe('many at once', () => {
  /** A server that answers when it is told to. */
  async function hesitant() {
    const waiting: ServerResponse[] = [];
    const arrived: (() => void)[] = [];
    const server = await serve((_request, response) => {
      waiting.push(response);
      arrived.shift()?.();
    });
    return {
      ...server,
      asked: () => new Promise<void>((resolve) => arrived.push(resolve)),
      /** Of the request that waits longest. */
      socket: () => waiting[0]?.socket ?? new EventEmitter(),
      answer: () => waiting.splice(0).forEach((response) => give(response, pidfLo)),
    };
  }

  it('wait for their turn, and too many are turned away', async () => {
    const server = await hesitant();
    const { fetch } = fetcher({ limits: { atOnce: 1, waiting: 1 } });
    const first = server.asked();
    const one = fetch(server.uri('/1'));
    const two = fetch(server.uri('/2'));
    expect((await fetch(server.uri('/3'))).unusable).toEqual(['too many locations are being fetched already']);
    await first;
    expect(server.requests.map(({ path }) => path)).toEqual(['/1']);
    const second = server.asked();
    server.answer();
    expect(await one).toEqual(located);
    await second;
    server.answer();
    expect(await two).toEqual(located);
    const third = server.asked();
    const three = fetch(server.uri('/3'));
    await third;
    server.answer();
    expect(await three).toEqual(located);
  });

  it('of the same URI within three seconds are one', async () => {
    const server = await hesitant();
    const { fetch } = fetcher();
    const first = server.asked();
    const both = [fetch(server.uri()), fetch(server.uri())];
    await first;
    server.answer();
    expect(await Promise.all(both)).toEqual([located, located]);
    expect(await fetch(server.uri())).toEqual(located);
    expect(server.requests).toHaveLength(1);
    clock.advance(3_000);
    const second = server.asked();
    const again = fetch(server.uri());
    await second;
    server.answer();
    expect(await again).toEqual(located);
    expect(server.requests).toHaveLength(2);
  });

  it('that nobody waits for any longer end, and only those', async () => {
    const server = await hesitant();
    const { fetch } = fetcher({ limits: { atOnce: 1 } });
    const gaveUp = { sightings: [], unusable: ['the location server was not waited for any longer'] };
    const [a, b, c] = [new AbortController(), new AbortController(), new AbortController()];
    const first = server.asked();
    const readings = [fetch(server.uri(), a.signal), fetch(server.uri(), b.signal), fetch(server.uri('/c'), c.signal)];
    await first;
    a.abort();
    c.abort();
    expect([await readings[0], await readings[2]]).toEqual([gaveUp, gaveUp]);
    server.answer();
    expect(await readings[1]).toEqual(located);
    expect(server.requests).toHaveLength(1);
    const second = server.asked();
    const left = new AbortController();
    const last = fetch(server.uri('/d'), left.signal);
    await second;
    left.abort();
    expect(await last).toEqual(gaveUp);
    expect(await fetch(server.uri(), left.signal)).toEqual(gaveUp);
    const third = server.asked();
    const anew = fetch(server.uri('/d'));
    await third;
    server.answer();
    expect(await anew).toEqual(located);
  });

  it('end when the fetcher closes, with their connections', async () => {
    const server = await hesitant();
    const closing = fetcher({ limits: { atOnce: 1 } });
    const first = server.asked();
    const readings = [closing.fetch(server.uri('/1')), closing.fetch(server.uri('/2'))];
    await first;
    const gone = once(server.socket(), 'close');
    await closing.close();
    await gone;
    expect((await Promise.all(readings)).flatMap(({ unusable }) => unusable)).toEqual([
      "the location server lis.example was not waited for, because the centre's system is stopping",
      "the location server was not waited for, because the centre's system is stopping",
    ]);
    expect((await closing.fetch(server.uri('/3'))).unusable).toEqual([
      "no location is fetched while the centre's system is stopping",
    ]);
    expect(server.requests).toHaveLength(1);
  });
});
