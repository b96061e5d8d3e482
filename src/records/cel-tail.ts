import { open, stat } from 'node:fs/promises';
import type { Clock } from '../platform/clock.ts';
import { codeOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';

const chunkBytes = 256 * 1024;

/**
 * Reads the lines that are added to a file, from the byte `from` on, once a second; starts at the beginning again when the
 * file was replaced by a shorter one.
 */
export function followFile(deps: {
  path: string;
  from: number;
  clock: Clock;
  logger: Logger;
  /** A line, and the byte at which it begins. */
  onLine: (line: string, start: number) => void;
  /** Called once a second with the number of bytes read so far, after whole lines only. */
  onPosition: (bytes: number) => void;
}): { stop: () => void } {
  const { path, clock, logger } = deps;
  let position = deps.from;
  let busy = false;
  let reported = false;

  const read = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const { size } = await stat(path);
      if (size < position) position = 0;
      if (size > position) await readNew(size);
      deps.onPosition(position);
      reported = false;
    } catch (error) {
      if (!reported && codeOf(error) !== 'ENOENT')
        logger.warn({ err: error, path }, 'the call event log cannot be read');
      reported = true;
    } finally {
      busy = false;
    }
  };

  const readNew = async (size: number): Promise<void> => {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(chunkBytes);
      while (position < size) {
        const { bytesRead } = await file.read(buffer, 0, chunkBytes, position);
        const end = buffer.lastIndexOf(0x0a, bytesRead - 1);
        if (bytesRead === 0 || end < 0) {
          // A line longer than the buffer is none of ours.
          if (bytesRead === chunkBytes) position += bytesRead;
          break;
        }
        for (let start = 0; start < end + 1;) {
          const next = buffer.indexOf(0x0a, start);
          if (next > start) deps.onLine(buffer.toString('utf8', start, next), position + start);
          start = next + 1;
        }
        position += end + 1;
      }
    } finally {
      await file.close();
    }
  };

  void read();
  const stop = clock.every(1_000, () => void read());
  return { stop };
}
