import { createServer as createTcpServer } from 'node:net';
import { give, located, locationWorld, pidfLo, type LocationWorld } from '../../../test/support/location-server.ts';
import { locationRequest } from './held-answer.ts';
import { createLocationFetcher } from './held.ts';

const inHeld = `<locationResponse xmlns="urn:ietf:params:xml:ns:geopriv:held">${pidfLo}</locationResponse>`;

let world: LocationWorld;
beforeAll(async () => {
  world = await locationWorld();
});
afterEach(() => world.close());

describe('a location server that answers', () => {
  it('is asked by POST, at once, for a location in any form', async () => {
    const server = await world.serve((_request, response) => give(response, pidfLo));
    const handed: string[] = [];
    const readPidfLo = (xml: string) => {
      handed.push(xml);
      return located;
    };
    expect(await world.fetcher({ readPidfLo }).fetch(server.uri())).toEqual(located);
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
    const server = await world.serve((_request, response) =>
      give(response, inHeld, 'application/held+xml;charset=utf-8'),
    );
    expect(await world.fetcher().fetch(server.uri())).toEqual(located);
  });

  it.each([400, 405, 415, 501])('is asked by GET when it answers a POST with %d', async (status) => {
    const server = await world.serve((request, response) => {
      if (request.method === 'POST') response.writeHead(status).end('no POST here');
      else give(response, pidfLo);
    });
    expect(await world.fetcher().fetch(server.uri())).toEqual(located);
    expect(server.requests.map(({ method, path, body }) => [method, path, body.length > 0])).toEqual([
      ['POST', '/secret?token=secret', true],
      ['GET', '/secret?token=secret', false],
    ]);
  });

  it('is asked by GET once only', async () => {
    const server = await world.serve((_request, response) => response.writeHead(405).end());
    expect(await world.refused(server.uri())).toBe('the location server lis.example answered with HTTP 405');
    expect(server.requests).toHaveLength(2);
  });

  it('says why it has no location', async () => {
    const server = await world.serve((_request, response) =>
      give(
        response,
        '<error xmlns="urn:ietf:params:xml:ns:geopriv:held" code="locationUnknown"/>',
        'application/held+xml',
      ),
    );
    expect(await world.refused(server.uri())).toBe(
      'the location server lis.example answered with the HELD error locationUnknown',
    );
  });

  it.each([
    ['HTTP 500', 500, {}, 'answered with HTTP 500'],
    ['HTTP 204', 204, {}, 'answered with HTTP 204'],
    ['a web page', 200, { 'content-type': 'text/html' }, 'sent no XML'],
    ['a redirect to nowhere', 302, {}, 'answered with HTTP 302'],
  ])('gives no location by %s', async (_name, status, headers, reason) => {
    const server = await world.serve((_request, response) => response.writeHead(status, headers).end());
    expect(await world.refused(server.uri())).toBe(`the location server lis.example ${reason}`);
  });

  it('gives no location in text that is not UTF-8, nor in a broken answer', async () => {
    const latin = await world.serve((_request, response) => response.writeHead(200).end(Buffer.from([0x3c, 0xff])));
    expect(await world.refused(latin.uri())).toBe('the location server lis.example sent text that is not UTF-8');
    const broken = await world.serve((request) => request.socket.end('HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'));
    expect(await world.refused(broken.uri())).toBe('the location server lis.example does not speak proper HTTP');
    const cut = await world.serve((request) =>
      request.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<presence/>'),
    );
    expect(await world.refused(cut.uri())).toMatch(/^the location server lis\.example could not be asked/);
  });

  it('is worth a reason even when reading its answer fails', async () => {
    const server = await world.serve((_request, response) => give(response, pidfLo));
    const readPidfLo = () => {
      throw new Error('secret');
    };
    expect(await world.refused(server.uri(), { readPidfLo })).toBe(
      'the location could not be fetched because of a fault of ours',
    );
  });
});

describe('a redirect', () => {
  it.each([301, 302, 307, 308])('%d is followed with the same question', async (status) => {
    const server = await world.serve((request, response) => {
      if (request.url === '/b') give(response, pidfLo);
      else response.writeHead(status, { location: '/b', 'set-cookie': 'a=b' }).end('x');
    });
    expect(await world.fetcher().fetch(server.uri())).toEqual(located);
    expect(server.requests[1]).toMatchObject({ method: 'POST', path: '/b', body: locationRequest });
    expect(server.requests[1]?.headers).not.toHaveProperty('cookie');
  });

  it('303 is followed with GET', async () => {
    const server = await world.serve((request, response) => {
      if (request.url === '/b') give(response, pidfLo);
      else response.writeHead(303, { location: server.uri('/b') }).end();
    });
    expect(await world.fetcher().fetch(server.uri())).toEqual(located);
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'GET']);
  });

  it('is followed three times and no more', async () => {
    const server = await world.serve((request, response) => {
      if (request.url === '/3') give(response, pidfLo);
      else response.writeHead(302, { location: `/${Number(request.url?.slice(1)) + 1}` }).end();
    });
    expect(await world.fetcher().fetch(server.uri('/0'))).toEqual(located);
    expect(server.requests).toHaveLength(4);
    const loop = await world.serve((request, response) => response.writeHead(307, { location: request.url }).end());
    expect(await world.refused(loop.uri())).toBe('the location server lis.example redirected too often');
    expect(loop.requests).toHaveLength(4);
  });

  it.each([
    ['http://lis.example/secret', 'only https locations can be fetched'],
    ['https://user:secret@lis.example/', 'the address of the location server lis.example carries a user or a password'],
    ['https://10.0.0.1/secret', 'the location server 10.0.0.1 is not on the public Internet and not an allowed one'],
    ['https://[::1]/secret', 'the location server [::1] is not on the public Internet and not an allowed one'],
  ])('to %s is refused', async (location, reason) => {
    const server = await world.serve((_request, response) => response.writeHead(302, { location }).end());
    expect(await world.refused(server.uri())).toBe(reason);
  });

  it('to another name of the same machine is refused without a connection', async () => {
    const inside = await world.serve((_request, response) => give(response, pidfLo));
    const location = `https://inside.example:${inside.port}/secret`;
    const server = await world.serve((_request, response) => response.writeHead(302, { location }).end());
    expect(await world.refused(server.uri())).toMatch(
      /^the location server inside\.example is not on the public Internet/,
    );
    expect([server.connections(), inside.connections()]).toEqual([1, 0]);
  });
});

describe('a target', () => {
  it('that is not allowed and lies in our network gets no connection', async () => {
    const server = await world.serve((_request, response) => give(response, pidfLo));
    const reason = 'the location server lis.example is not on the public Internet and not an allowed one';
    for (const addresses of [['127.0.0.1'], ['::ffff:127.0.0.1'], ['8.8.8.8', '127.0.0.1']]) {
      const lookup = () => Promise.resolve(addresses);
      expect(await world.refused(server.uri(), { allowed: () => [], lookup })).toBe(reason);
    }
    expect(await world.refused(`https://127.0.0.1:${server.port}/secret`)).toMatch(
      /^the location server 127\.0\.0\.1 is not/,
    );
    expect(
      await world.refused(`https://localhost:${server.port}/`, { lookup: () => Promise.resolve(['::1']) }),
    ).toMatch(/not on/);
    expect(server.connections()).toBe(0);
  });

  it('is looked up once for each request, and the connection goes to what was found', async () => {
    const checked = await world.serve((_request, response) => give(response, pidfLo));
    const other = await world.serve((_request, response) => give(response, pidfLo), '127.0.0.2', checked.port);
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    let lookups = 0;
    const lookup = () => Promise.resolve(answers[lookups++] ?? []);
    expect(await world.fetcher({ lookup }).fetch(checked.uri())).toEqual(located);
    expect([lookups, checked.connections(), other.connections()]).toEqual([1, 1, 0]);
  });

  it('is tried at its next address when the first takes no connection', async () => {
    const server = await world.serve((_request, response) => give(response, pidfLo));
    const lookup = () => Promise.resolve(['127.0.0.3', '127.0.0.1']);
    expect(await world.fetcher({ lookup }).fetch(server.uri())).toEqual(located);
  });

  it('is checked anew on every hop, also against what is allowed by then', async () => {
    const server = await world.serve((_request, response) => response.writeHead(307, { location: '/b' }).end());
    const lists = [['lis.example'], []];
    expect(await world.refused(server.uri(), { allowed: () => lists.shift() ?? [] })).toMatch(/not an allowed one$/);
    expect(server.connections()).toBe(1);
  });

  it('with a certificate that is not trusted, or not its own, is told nothing', async () => {
    const server = await world.serve((_request, response) => give(response, pidfLo));
    const trusted = { clock: world.clock, allowed: () => ['lis.example', 'other.example'], readPidfLo: () => located };
    const lookup = () => Promise.resolve(['127.0.0.1']);
    const strict = createLocationFetcher({ ...trusted, lookup });
    expect((await strict.fetch(server.uri())).unusable).toEqual([
      'the location server lis.example has a certificate that is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
    ]);
    await strict.close();
    expect(await world.refused(`https://other.example:${server.port}/secret`, { allowed: trusted.allowed })).toBe(
      'the location server other.example has a certificate that is not trusted (ERR_TLS_CERT_ALTNAME_INVALID)',
    );
    expect([server.connections(), server.requests.length]).toEqual([2, 0]);
  });

  it('that takes no connections, or has no address, is a reason', async () => {
    const gone = await world.listen(createTcpServer());
    await world.close();
    expect(await world.refused(gone.uri())).toBe('the location server lis.example takes no connections');
    expect(await world.refused(gone.uri(), { lookup: () => Promise.reject(new Error('secret')) })).toBe(
      'the location server lis.example has no known address',
    );
  });
});
