import pg from 'pg';
import type { Cancel, Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** Subscribes to a channel; see Postgres.listen. */
export type Listen = (channel: string, onNotify: (payload: string | undefined) => void) => Cancel;

const firstRetryMs = 200;
const longestRetryMs = 5_000;
const pingEveryMs = 5_000;

/** One dedicated connection for all LISTENs of a process; it opens with the first and comes back by itself. */
export function startListener(
  connection: pg.ClientConfig,
  deps: { logger: Logger; clock: Clock },
): { listen: Listen; close(): Promise<void> } {
  const { logger, clock } = deps;
  const handlers = new Map<string, Set<(payload: string | undefined) => void>>();
  let client: pg.Client | undefined;
  let connected = false;
  let retryMs = firstRetryMs;
  let cancelRetry: Cancel | undefined;
  let closed = false;

  const tell = (channel: string, payload: string | undefined): void => {
    for (const handler of handlers.get(channel) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        logger.error({ err: error, channel }, 'a NOTIFY handler threw');
      }
    }
  };

  const drop = (failed: pg.Client, error: unknown): void => {
    failed.removeAllListeners('notification');
    failed.end().catch((failure: unknown) => logger.debug({ err: failure }, 'closing a lost LISTEN connection'));
    if (client !== failed) return;
    client = undefined;
    if (connected) logger.warn({ err: error }, 'LISTEN connection lost');
    connected = false;
    if (closed) return;
    cancelRetry = clock.after(retryMs, () => void open());
    retryMs = Math.min(retryMs * 2, longestRetryMs);
  };

  const subscribe = async (on: pg.Client, channel: string): Promise<void> => {
    await on.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
    tell(channel, undefined);
  };

  async function open(): Promise<void> {
    const next = new pg.Client(connection);
    client = next;
    next.on('error', (error) => drop(next, error));
    next.on('end', () => drop(next, new Error('ended')));
    next.on('notification', (message) => tell(message.channel, message.payload));
    try {
      await next.connect();
      connected = true;
      retryMs = firstRetryMs;
      for (const channel of handlers.keys()) await subscribe(next, channel);
    } catch (error) {
      drop(next, error);
    }
  }

  // A frozen server or a cut line sends no end: only a question shows it.
  const cancelPing = clock.every(pingEveryMs, () => {
    const asked = client;
    if (asked && connected) asked.query('SELECT 1').catch((error: unknown) => drop(asked, error));
  });

  return {
    listen(channel, onNotify) {
      const existing = handlers.get(channel);
      if (existing) {
        existing.add(onNotify);
        if (connected) onNotify(undefined);
      } else {
        handlers.set(channel, new Set([onNotify]));
        if (!client && !cancelRetry) void open();
        else if (client && connected) {
          const on = client;
          subscribe(on, channel).catch((error: unknown) => drop(on, error));
        }
      }
      return () => handlers.get(channel)?.delete(onNotify);
    },
    async close() {
      closed = true;
      cancelPing();
      cancelRetry?.();
      const last = client;
      client = undefined;
      await last?.end().catch((error: unknown) => logger.debug({ err: error }, 'closing LISTEN connection'));
    },
  };
}
