import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A line between a client and a server that a test can cut or freeze. */
export interface TcpProxy {
  /** The URL given, with the proxy in the server's place. */
  url(original: string): string;
  /** Ends every connection and refuses new ones, as a dead server does. */
  cut(): void;
  /** Keeps connections open and new ones unanswered, as a stopped process does; what is sent waits. */
  freeze(): void;
  /**
   * Loses what is sent on connections that are open, for ever, and leaves new ones unanswered: a line that is cut without
   * a word. Neither side hears of it.
   */
  drop(): void;
  /** Lets everything through again. */
  restore(): void;
  close(): Promise<void>;
}

/** Opens a proxy to the server that `target` (a URL) names. */
export async function tcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  let state: 'open' | 'cut' | 'frozen' | 'dropping' = 'open';
  const lost = new WeakSet<Socket>();
  const pairs = new Set<[Socket, Socket]>();
  const hold = (pair: [Socket, Socket], held: boolean): void => {
    for (const socket of pair) {
      if (held) socket.pause();
      else socket.resume();
    }
  };
  const server = createServer((client) => {
    if (state === 'cut') {
      client.destroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on('data', (chunk: Buffer) => {
        if (!lost.has(client)) to.write(chunk);
      });
      from.on('close', end);
      from.on('error', end);
    }
    if (state === 'frozen') hold(pair, true);
    if (state === 'dropping') lost.add(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = (server.address() as AddressInfo).port;
  const endAll = (): void => {
    for (const [client] of pairs) client.destroy();
  };
  return {
    url(original) {
      const url = new URL(original);
      url.hostname = '127.0.0.1';
      url.port = String(own);
      return url.href;
    },
    cut() {
      state = 'cut';
      endAll();
    },
    freeze() {
      state = 'frozen';
      for (const pair of pairs) hold(pair, true);
    },
    drop() {
      state = 'dropping';
      for (const [client] of pairs) lost.add(client);
    },
    restore() {
      state = 'open';
      for (const pair of pairs) hold(pair, false);
    },
    close() {
      endAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
