import { mkdirSync } from 'node:fs';
import { rename, rm, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { derivedId } from './ids.ts';
import type { Cancel, Clock } from './clock.ts';
import { codeOf } from './errors.ts';
import type { Logger } from './logger.ts';

/**
 * How a process of this node is, by the socket in the state folder on which each of them answers with its name: `lives`; `gone`:
 * nobody has the socket open any more, and only the kernel closes it for a process that was killed; `silent`: it is there and
 * does not answer; `unknown`: there is no such socket.
 */
export type Presence = 'lives' | 'gone' | 'silent' | 'unknown';

/** A path of more than 107 bytes is none for a Unix socket (unix(7)). */
export const longestPath = 107;
const answerWithin = 1_000;
const longestAnswer = 1_000;

/** A process start by a name that is short enough for the path of a socket. */
export function shortName(name: string): string {
  return derivedId('presence', '', name, 0).slice(-12);
}

function socketOf(directory: string, name: string): string {
  return join(directory, `${shortName(name)}.sock`);
}

/**
 * Answers whoever asks whether this process lives, until stopped; a stop leaves nothing behind, unless others are to see to what it
 * leaves (`toOthers`): then it shows as gone. Where no socket can be made it is
 * said, and others must tell by its journal.
 */
export async function announcePresence(deps: {
  directory: string;
  name: string;
  logger: Logger;
}): Promise<{ stop: (toOthers?: boolean) => Promise<void> }> {
  const { directory, name, logger } = deps;
  const path = socketOf(directory, name);
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(`${name}\n`);
  });
  server.unref();
  try {
    if (Buffer.byteLength(path) > longestPath) throw new Error(`${path} is too long a path for a socket`);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Between the making of a socket and its listening whoever asks is refused, as where a process was killed.
    const half = path.replace(/\.sock$/, '.new');
    await listen(server, half);
    await rename(half, path);
  } catch (error) {
    logger.warn(
      { err: error },
      'no socket tells that this process lives; its death is noticed by its journal, seconds later',
    );
    return { stop: () => Promise.resolve() };
  }
  return {
    async stop(toOthers = false) {
      // Whoever connects to one that nobody has open any more is refused, as where a process was killed.
      if (!toOthers) await rm(path, { force: true });
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Asks whether a process of this node lives; answers within a second, and never throws. */
export function askPresence(directory: string, name: string, clock: Clock): Promise<Presence> {
  const path = socketOf(directory, name);
  if (Buffer.byteLength(path) > longestPath) return Promise.resolve('unknown');
  return new Promise((resolve) => {
    let heard = '';
    const socket = createConnection(path);
    const answer = (presence: Presence): void => {
      cancel();
      socket.destroy();
      resolve(presence);
    };
    const cancel: Cancel = clock.after(answerWithin, () => answer('silent'));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      heard += text;
      if (heard === `${name}\n`) answer('lives');
      else if (heard.length > longestAnswer) answer('unknown');
    });
    socket.on('error', (error) => {
      const code = codeOf(error);
      // Too many ask at once, or it was ended in the middle of its answer: the next time tells.
      answer(code === 'ECONNREFUSED' ? 'gone' : code === 'ENOENT' ? 'unknown' : 'silent');
    });
    socket.on('close', () => answer('silent'));
  });
}

/** A dead process's socket is in nobody's way, but stays; whoever has taken what it left takes it away as well. */
export async function forgetPresence(directory: string, name: string): Promise<void> {
  try {
    await unlink(socketOf(directory, name));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
