import { fakeClock } from '../../test/support/fake-clock.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { modes, type Seen } from './mode.ts';
import { startHealth } from './start.ts';

test('a mode shows in the answer, the metric and on the feed from its beginning to its end', async () => {
  const clock = fakeClock(Date.UTC(2026, 0, 1));
  const metrics = createMetrics();
  const published: [string, Record<string, unknown>][] = [];
  let seen: Seen = { 'redis-away': false, 'postgres-away': false };
  const health = startHealth({
    condition: { ready: () => true, parts: () => ({ redis: 'up' }), seen: () => seen },
    clock,
    logger: createLogger('silent'),
    metrics,
    publish: (type, detail) => published.push([type, detail]),
  });
  const metric = async (): Promise<string[]> =>
    (await metrics.registry.getSingleMetricAsString('siaga_degraded')).split('\n').slice(2);
  health.begin();
  seen = { 'redis-away': true, 'postgres-away': false };
  clock.advance(3_000);
  const since = '2026-01-01T00:00:00.500Z';
  expect(health.health()).toMatchObject({ ready: true, modes: [{ mode: 'redis-away', since }] });
  expect(await metric()).toEqual(['siaga_degraded{mode="redis-away"} 1', 'siaga_degraded{mode="postgres-away"} 0']);
  seen = { 'redis-away': false, 'postgres-away': false };
  clock.advance(10_000);
  expect(health.health().modes).toEqual([]);
  expect(await metric()).toContain('siaga_degraded{mode="redis-away"} 0');
  expect(published).toMatchObject([
    ['mode.began', { mode: 'redis-away', since, meaning: modes['redis-away'].meaning }],
    ['mode.ended', { mode: 'redis-away', since, until: '2026-01-01T00:00:03.500Z' }],
  ]);
  health.stop();
  expect(clock.pending()).toBe(0);
});
