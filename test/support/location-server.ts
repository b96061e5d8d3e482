import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Server as TcpServer, Socket } from 'node:net';
import { generate } from 'selfsigned';
import type { Reading } from '../../src/location/fix.ts';
import { createLocationFetcher, type LocationFetcher, type LocationFetcherDeps } from '../../src/location/held/held.ts';
import { fakeClock, type FakeClock } from './fake-clock.ts';

/** What the reader of these tests makes of every PIDF-LO. */
export const located: Reading = {
  sightings: [{ method: 'GPS', shape: null, civic: { A1: 'Jakarta' }, confidence: null, at: null }],
  unusable: [],
};
export const pidfLo = '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="pres:x"/>';

interface Listening {
  readonly port: number;
  /** How many came so far. */
  readonly connections: () => number;
  /** An address on it, under a name that its certificate has. */
  readonly uri: (path?: string) => string;
}

interface LocationServer extends Listening {
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[];
}

/** Location servers on this machine that go by lis.example, and fetchers that may ask them. */
export interface LocationWorld {
  readonly clock: FakeClock;
  listen(server: Server | TcpServer, address?: string, port?: number): Promise<Listening>;
  serve(answer: RequestListener, address?: string, port?: number): Promise<LocationServer>;
  fetcher(deps?: Partial<LocationFetcherDeps>): LocationFetcher;
  /** Fetches, and gives the reason why there is no location. */
  refused(uri: string, deps?: Partial<LocationFetcherDeps>): Promise<string>;
  /** Ends all of them. */
  close(): Promise<void>;
}

/** Makes a world with a certificate of its own. */
export async function locationWorld(): Promise<LocationWorld> {
  const made = await generate([{ name: 'commonName', value: 'lis.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'lis.example' }] }],
  });
  const clock = fakeClock();
  const servers: (Server | TcpServer)[] = [];
  const fetchers: LocationFetcher[] = [];

  async function listen(server: Server | TcpServer, address = '127.0.0.1', port = 0): Promise<Listening> {
    let connections = 0;
    server.on('connection', (socket: Socket) => {
      connections += 1;
      socket.on('error', () => undefined);
    });
    servers.push(server);
    server.listen(port, address);
    await once(server, 'listening');
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('not listening on a port');
    return {
      port: bound.port,
      connections: () => connections,
      uri: (path = '/secret?token=secret') => `https://lis.example:${bound.port}${path}`,
    };
  }

  function fetcher(deps: Partial<LocationFetcherDeps> = {}): LocationFetcher {
    const created = createLocationFetcher({
      clock,
      allowed: () => ['lis.example'],
      readPidfLo: () => located,
      ca: made.cert,
      lookup: () => Promise.resolve(['127.0.0.1']),
      ...deps,
    });
    fetchers.push(created);
    return created;
  }

  return {
    clock,
    listen,
    fetcher,
    async serve(answer, address, port) {
      const requests: LocationServer['requests'] = [];
      const server = createServer({ key: made.private, cert: made.cert }, (request, response) => {
        let body = '';
        request.on('data', (part) => (body += String(part)));
        request.on('end', () => {
          requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
          answer(request, response);
        });
      });
      return { ...(await listen(server, address, port)), requests };
    },
    async refused(uri, deps) {
      const { sightings, unusable } = await fetcher(deps).fetch(uri);
      expect(sightings).toEqual([]);
      expect(unusable).toHaveLength(1);
      expect(unusable[0]).not.toMatch(/secret|token/);
      return unusable[0] ?? '';
    },
    async close() {
      await Promise.all(fetchers.splice(0).map((one) => one.close()));
      for (const server of servers.splice(0)) {
        if ('closeAllConnections' in server) server.closeAllConnections();
        server.close();
        if (server.listening) await once(server, 'close');
      }
    },
  };
}

/** Answers with a document. */
export function give(response: ServerResponse, xml: string, type = 'application/pidf+xml'): void {
  response.writeHead(200, { 'content-type': type }).end(xml);
}
