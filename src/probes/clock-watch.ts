import type { Redis } from 'ioredis';
import { Gauge } from 'prom-client';
import { z } from 'zod';
import { watchClock, type Cancel, type Clock } from '../platform/clock.ts';
import { everyTurn } from '../platform/every-turn.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Postgres } from '../platform/postgres.ts';
import { closeConnection, createProducerConnection } from '../platform/redis.ts';
import { afterLook, clockOff, type Reading } from './clocks.ts';

/** Two looks in a row: what is off is told of within a minute. */
const lookEvery = 20_000;

const serverTime = z.object({ at: z.number() });
const redisTime = z.tuple([z.coerce.number(), z.coerce.number()]);

/**
 * Watches the machine's clock: whether its time was set under this process, whose own time is steady (`clock-set`), and whether it
 * differs from that of the servers this process talks to (`clock-off`). Where they run on this machine, the latter says nothing.
 */
export function startClockWatch(deps: {
  readonly application: string;
  readonly redisUrl: string;
  readonly postgres: Postgres;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly settings: () => { readonly clockOffSeconds: number };
  /** The machine's own time, in epoch milliseconds. */
  readonly wallTime?: () => number;
  readonly alarm: (code: string, detail: Record<string, string | number>) => void;
}): { readonly stop: Cancel } {
  const { clock, logger, postgres, settings, alarm, wallTime = Date.now } = deps;
  const redis = createProducerConnection(deps.redisUrl, { logger, name: `${deps.application} clock` });
  const gauge = new Gauge({
    name: 'siaga_clock_ahead_seconds',
    help: "By how much this machine's clock is ahead of another server's",
    labelNames: ['against'],
    registers: [deps.metrics.registry],
  });
  let state = { looksOff: 0, told: false };
  let againstBefore = '';

  const read = async (against: string, ask: () => Promise<number>): Promise<Reading | null> => {
    const began = clock.monotonic();
    let theirs: number;
    try {
      theirs = await ask();
    } catch (error) {
      logger.debug({ err: error, against }, 'its clock cannot be read');
      return null; // it is away, which is told elsewhere
    }
    const doubt = (clock.monotonic() - began) / 2;
    const ahead = wallTime() - doubt - theirs;
    gauge.set({ against }, ahead / 1_000);
    return { against, ahead, doubt };
  };

  const look = async (): Promise<void> => {
    const limit = settings().clockOffSeconds * 1_000;
    if (limit === 0) {
      state = { looksOff: 0, told: false };
      return;
    }
    const asked = await Promise.all([
      read('postgres', () => postgresTime(postgres)),
      read('redis', () => timeOf(redis)),
    ]);
    const readings = asked.filter((one) => one !== null);
    const off = clockOff(readings, limit);
    const { alarm: code, ...next } = afterLook(state, { asked: readings.length > 0, off: off !== null });
    state = next;
    if (off !== null) againstBefore = off.against;
    if (code === 'clock-well') alarm(code, { against: againstBefore });
    else if (code !== null && off !== null) {
      const all = readings.map(({ against, ahead }) => `${against} ${secondsOf(ahead)}`).join(', ');
      // Records carry the process's time, which may be right where the machine's is not.
      const records = secondsOf(off.ahead - (wallTime() - clock.now()));
      alarm(code, { against: off.against, seconds: secondsOf(off.ahead), recordsSeconds: records, readings: all });
    }
  };

  const stopLooking = everyTurn(clock, lookEvery, look, (error) =>
    logger.error({ err: error }, 'clocks cannot be compared'),
  );
  const stopWatching = watchClock(clock, wallTime, (milliseconds) => alarm('clock-set', { milliseconds }));
  return {
    stop() {
      stopLooking();
      stopWatching();
      closeConnection(redis);
    },
  };
}

async function postgresTime(postgres: Postgres): Promise<number> {
  const found = await postgres.first(serverTime, 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as at');
  if (found === undefined) throw new Error('PostgreSQL told no time');
  return found.at;
}

async function timeOf(redis: Redis): Promise<number> {
  const [seconds, microseconds] = redisTime.parse(await redis.time());
  return seconds * 1_000 + microseconds / 1_000;
}

/** To a tenth. */
function secondsOf(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}
