import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { give, located, locationWorld, pidfLo, type LocationWorld } from '../../../test/support/location-server.ts';

let world: LocationWorld;
beforeAll(async () => {
  world = await locationWorld();
});
afterEach(() => world.close());

describe('a location server that does harm', () => {
  const late = 'the location server lis.example did not answer within 5 s';

  it('is left after five seconds when its name has no answer', async () => {
    const never = () => {
      setImmediate(() => world.clock.advance(5_000));
      return new Promise<never>(() => undefined);
    };
    expect(await world.refused('https://lis.example/secret', { lookup: never })).toBe(late);
  });

  it('is left after five seconds when it does not shake hands', async () => {
    let gone: Promise<unknown> | undefined;
    const server = createTcpServer((socket) => {
      gone = once(socket.resume(), 'close');
      world.clock.advance(5_000);
    });
    const { uri } = await world.listen(server);
    expect(await world.refused(uri())).toBe(late);
    expect(gone).toBeDefined();
    await gone;
  });

  it('is left after five seconds when it sends no headers', async () => {
    const server = await world.serve(() => world.clock.advance(5_000));
    expect(await world.refused(server.uri())).toBe(late);
  });

  it('is left after five seconds in all when its body drips', async () => {
    const server = await world.serve((_request, response) => {
      response.writeHead(200).write('<');
      const drip = () => {
        if (response.destroyed) return;
        response.write('p');
        world.clock.advance(500);
        setImmediate(drip);
      };
      drip();
    });
    expect(await world.refused(server.uri())).toBe(late);
  });

  it('is left after five seconds in all when every hop takes its time', async () => {
    const server = await world.serve((_request, response) => {
      world.clock.advance(2_000);
      response.writeHead(307, { location: '/b' }).end();
    });
    expect(await world.refused(server.uri())).toBe(late);
    expect(server.requests).toHaveLength(3);
  });

  it('is left after 64 KB of a body without end', async () => {
    let sent = 0;
    const server = await world.serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/pidf+xml' });
      const more = () => {
        do sent += 16_384;
        while (!response.destroyed && response.write(Buffer.alloc(16_384, ' ')));
      };
      response.on('drain', more);
      more();
    });
    expect(await world.refused(server.uri())).toBe('the location server lis.example sent more than 64 KB');
    expect(sent).toBeGreaterThan(65_536);
  });

  it('may send 64 KB and not a byte more', async () => {
    const server = await world.serve((request, response) =>
      give(response, ' '.repeat(Number(request.url?.slice(1))) + pidfLo),
    );
    expect(await world.fetcher().fetch(server.uri(`/${65_536 - pidfLo.length}`))).toEqual(located);
    expect(await world.refused(server.uri(`/${65_537 - pidfLo.length}`))).toMatch(/more than 64 KB$/);
  });

  it('is refused with a compressed body, whatever it would become', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '));
    const server = await world.serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/pidf+xml', 'content-encoding': 'gzip' }).end(bomb);
    });
    expect(await world.refused(server.uri())).toBe(
      'the location server lis.example sent a compressed body, which is refused',
    );
  });

  it('is left when its headers do not end', async () => {
    const server = await world.serve((request) => {
      request.socket.write('HTTP/1.1 200 OK\r\n');
      for (let n = 0; n < 100; n += 1) request.socket.write(`X-${n}: ${'x'.repeat(1_000)}\r\n`);
    });
    expect(await world.refused(server.uri())).toBe('the location server lis.example does not speak proper HTTP');
  });
});

describe('many at once', () => {
  /** A server that answers when it is told to. */
  async function hesitant() {
    const waiting: ServerResponse[] = [];
    const arrived: (() => void)[] = [];
    const server = await world.serve((_request, response) => {
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
    const fetcher = world.fetcher({ limits: { atOnce: 1, waiting: 1 } });
    const first = server.asked();
    const one = fetcher.fetch(server.uri('/1'));
    const two = fetcher.fetch(server.uri('/2'));
    expect((await fetcher.fetch(server.uri('/3'))).unusable).toEqual(['too many locations are being fetched already']);
    await first;
    expect(server.requests.map(({ path }) => path)).toEqual(['/1']);
    const second = server.asked();
    server.answer();
    expect(await one).toEqual(located);
    await second;
    server.answer();
    expect(await two).toEqual(located);
    const third = server.asked();
    const three = fetcher.fetch(server.uri('/3'));
    await third;
    server.answer();
    expect(await three).toEqual(located);
  });

  it('of the same URI within three seconds are one', async () => {
    const server = await hesitant();
    const fetcher = world.fetcher();
    const first = server.asked();
    const both = [fetcher.fetch(server.uri()), fetcher.fetch(server.uri())];
    await first;
    server.answer();
    expect(await Promise.all(both)).toEqual([located, located]);
    expect(await fetcher.fetch(server.uri())).toEqual(located);
    expect(server.requests).toHaveLength(1);
    world.clock.advance(3_000);
    const second = server.asked();
    const again = fetcher.fetch(server.uri());
    await second;
    server.answer();
    expect(await again).toEqual(located);
    expect(server.requests).toHaveLength(2);
  });

  it('that nobody waits for any longer end, and only those', async () => {
    const server = await hesitant();
    const fetcher = world.fetcher({ limits: { atOnce: 1 } });
    const gaveUp = { sightings: [], unusable: ['the location server was not waited for any longer'] };
    const [a, b, c] = [new AbortController(), new AbortController(), new AbortController()];
    const first = server.asked();
    const readings = [
      fetcher.fetch(server.uri(), a.signal),
      fetcher.fetch(server.uri(), b.signal),
      fetcher.fetch(server.uri('/c'), c.signal),
    ];
    await first;
    a.abort();
    c.abort();
    expect([await readings[0], await readings[2]]).toEqual([gaveUp, gaveUp]);
    server.answer();
    expect(await readings[1]).toEqual(located);
    expect(server.requests).toHaveLength(1);
    const second = server.asked();
    const left = new AbortController();
    const last = fetcher.fetch(server.uri('/d'), left.signal);
    await second;
    left.abort();
    expect(await last).toEqual(gaveUp);
    expect(await fetcher.fetch(server.uri(), left.signal)).toEqual(gaveUp);
    const third = server.asked();
    const anew = fetcher.fetch(server.uri('/d'));
    await third;
    server.answer();
    expect(await anew).toEqual(located);
  });

  it('end when the fetcher closes, with their connections', async () => {
    const server = await hesitant();
    const closing = world.fetcher({ limits: { atOnce: 1 } });
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
