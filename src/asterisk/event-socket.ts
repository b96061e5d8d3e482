import { WebSocket } from 'ws';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { translate, type AsteriskEvent } from './translate.ts';

interface EventSocketOptions {
  /** http://host:port of Asterisk. */
  url: string;
  user: string;
  password: string;
  application: string;
  clock: Clock;
  logger: Logger;
  /** Must only enqueue: a reader that works is a reader that is cut off. */
  onEvent: (event: AsteriskEvent) => void;
  /** Called after every connect; events that fell between are not replayed, so list and reconcile. */
  onConnected: () => void;
  onDisconnected: () => void;
  /** Another process took this application: this one must not act any more. */
  onReplaced: () => void;
  onFrame: (kind: 'event' | 'ignored' | 'malformed') => void;
  /** A ping was answered: everything told before it has been read. */
  onPong: () => void;
}

export interface EventSocket {
  connected(): boolean;
  /** Milliseconds since Asterisk last answered a ping or sent a frame. */
  silentFor(): number;
  close(): void;
}

const pingEvery = 1_000;
const silenceLimit = 3_500;
const reconnectFirst = 100;
const reconnectMost = 1_000;

/** Reads one application's events from Asterisk and keeps the connection up until closed. */
export function openEventSocket(options: EventSocketOptions): EventSocket {
  const { clock, logger } = options;
  const address = `${options.url.replace(/^http/, 'ws')}/ari/events?app=${encodeURIComponent(options.application)}`;
  const authorization = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`;
  let socket: WebSocket | null = null;
  let open = false;
  let closed = false;
  let wait = reconnectFirst;
  let heard = clock.monotonic();
  let reported = false;

  const connect = (): void => {
    if (closed) return;
    const current = new WebSocket(address, {
      headers: { authorization },
      handshakeTimeout: 2_000,
      perMessageDeflate: false,
    });
    socket = current;
    heard = clock.monotonic();
    current.on('open', () => {
      open = true;
      wait = reconnectFirst;
      reported = false;
      heard = clock.monotonic();
      logger.info({ application: options.application }, 'connected to Asterisk');
      options.onConnected();
    });
    current.on('pong', () => {
      heard = clock.monotonic();
      options.onPong();
    });
    current.on('message', (data) => {
      heard = clock.monotonic();
      const read = translate(text(data));
      options.onFrame(read.kind);
      if (read.kind === 'malformed') logger.warn({ reason: read.reason }, 'a malformed event frame was dropped');
      else if (read.kind === 'event') {
        if (read.event.type === 'replaced') options.onReplaced();
        else options.onEvent(read.event);
      }
    });
    current.on('error', (error) => {
      if (!reported) logger.warn({ err: error }, 'no connection to Asterisk; trying until there is one');
      reported = true;
    });
    current.on('close', () => {
      const wasOpen = open && socket === current;
      if (socket !== current) return;
      open = false;
      socket = null;
      if (wasOpen && !closed) {
        logger.warn({ application: options.application }, 'the connection to Asterisk is lost');
        options.onDisconnected();
      }
      if (closed) return;
      clock.after(wait, connect);
      wait = Math.min(wait * 2, reconnectMost);
    });
  };
  connect();

  let pingedAt = clock.monotonic();
  const stopPing = clock.every(pingEvery, () => {
    // This process stood still: that is no silence of Asterisk's.
    if (clock.monotonic() - pingedAt > 2 * pingEvery) heard = clock.monotonic();
    pingedAt = clock.monotonic();
    if (socket === null) return;
    if (clock.monotonic() - heard > silenceLimit) {
      logger.warn('Asterisk does not answer on the event socket; connecting anew');
      socket.terminate();
      return;
    }
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  });

  return {
    connected: () => open,
    silentFor: () => clock.monotonic() - heard,
    close() {
      closed = true;
      stopPing();
      socket?.close();
    },
  };
}

function text(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
