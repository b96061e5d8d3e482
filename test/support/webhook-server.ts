import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** One message as it came. */
export interface ReceivedPost {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly at: number;
}

export interface WebhookServer {
  readonly port: number;
  readonly received: ReceivedPost[];
  /** Does from now on what is given with each message. */
  answer(how: (response: ServerResponse, post: ReceivedPost, count: number) => void): void;
  url(path?: string): string;
  close(): Promise<void>;
}

/** A gateway on loopback that takes what is posted to it. */
export async function webhookServer(): Promise<WebhookServer> {
  const received: ReceivedPost[] = [];
  let answer: (response: ServerResponse, post: ReceivedPost, count: number) => void = (response) => {
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += String(part)));
    request.on('end', () => {
      const post = { path: request.url ?? '', headers: request.headers, body, at: performance.now() };
      received.push(post);
      answer(response, post, received.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('not listening on a port');
  return {
    port: bound.port,
    received,
    answer: (how) => void (answer = how),
    url: (path = '/') => `http://127.0.0.1:${bound.port}${path}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
