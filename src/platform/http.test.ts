import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { systemClock } from './clock.ts';
import { createHttpServer } from './http.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { definePage } from './route.ts';

const page = { path: '/r/:token', summary: 'a page', input: { params: z.object({ token: z.string() }) } };
const handler = (): Promise<{ status: number; html: string; headers: Record<string, string> }> =>
  Promise.resolve({ status: 200, html: '<p>112</p>', headers: {} });

const lines: string[] = [];
const server = createHttpServer({
  routes: [
    definePage({ ...page, method: 'GET', handler }),
    definePage({ ...page, method: 'POST', audited: { instead: 'a test looks at it' }, handler }),
  ],
  authenticate: () => undefined,
  logger: createLogger('debug', { write: (line) => void lines.push(line) }),
  metrics: createMetrics(),
  clock: systemClock,
  health: () => ({ ready: true, parts: {}, modes: [] }),
  version: 'test',
  rateLimits: { perAddress: 10 },
});
let port = 0;
beforeAll(async () => {
  port = await server.listen('127.0.0.1', 0);
});
afterAll(() => server.close());

/** As it is, where fetch would write it in another way. */
async function get(path: string): Promise<number | undefined> {
  const sent = request({ host: '127.0.0.1', port, path, agent: false }).end();
  const answered = once(sent, 'response').then(([response]: IncomingMessage[]) => response);
  const response = await answered;
  response?.resume();
  return response?.statusCode;
}

test('a page that is shown and pressed counts each request once, and its key is in no log however it is written', async () => {
  for (const path of ['/r/geheim', '/R/geheim', `http://127.0.0.1:${port}/r/geheim`]) expect(await get(path)).toBe(200);
  for (let times = 3; times < 10; times += 1) expect(await get('/r/another')).toBe(200);
  expect(await get('/r/another')).toBe(429);
  expect(lines.filter((line) => line.includes('/r/…')).length).toBeGreaterThanOrEqual(3);
  expect(lines.join('')).not.toContain('geheim');
});
