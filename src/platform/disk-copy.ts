import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { codeOf } from './errors.ts';
import type { Logger } from './logger.ts';

/** The last known value of something, on this machine's disk, for starting while its home is away. */
export interface DiskCopy<T> {
  /** The value, or undefined if there is none or it is corrupt; that is reported, never thrown. */
  read(): Promise<T | undefined>;
  /** Replaces the value as a whole: a crash leaves the old one or the new one. Throws if the disk refuses. */
  write(value: T): Promise<void>;
}

/** A disk copy in `file`, mode 0600, checked against `schema` when read. */
export function diskCopy<S extends z.ZodType>(file: string, schema: S, logger: Logger): DiskCopy<z.output<S>> {
  let last: Promise<void> = Promise.resolve();
  const write = async (value: z.output<S>): Promise<void> => {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}.${randomUUID()}.tmp`;
    try {
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(`${JSON.stringify(value)}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(file));
  };
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(file, 'utf8');
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') logger.error({ err: error, file }, 'the disk copy cannot be read');
        return undefined;
      }
      const parsed = schema.safeParse(parseJson(text));
      if (parsed.success) return parsed.data;
      logger.error({ file, faults: parsed.error.issues.length }, 'the disk copy is corrupt and is ignored');
      return undefined;
    },
    write(value) {
      const mine = last.then(() => write(value));
      // The next write waits for this one, whether it went well or not; whoever called hears of a failure.
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // fits no schema: reported as corrupt
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
