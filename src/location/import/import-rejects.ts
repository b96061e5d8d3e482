import { open, stat, unlink, type FileHandle } from 'node:fs/promises';
import { codeOf } from '../../platform/errors.ts';
import type { Line } from './import-lines.ts';

/** Where the lines go that an import could not use. */
export interface Rejects {
  add(line: Line, reason: string): Promise<void> | void;
  /** How many there were, and the first of them. */
  count(): number;
  readonly first: readonly { readonly line: number; readonly reason: string }[];
  /** Writes the rest. A file without a rejected line is removed. */
  close(): Promise<void>;
}

/** How many are kept to be shown. */
const shown = 20;
const flushCharacters = 65_536;

/**
 * Opens the file of rejected lines (columns line, reason, text), readable by its owner alone: it holds what the import's
 * file holds, people's addresses among it. Undefined if that would overwrite the import's own file.
 */
export async function openRejects(path: string, source: string): Promise<Rejects | undefined> {
  if (await areSame(path, source)) return undefined;
  const handle = await open(path, 'w', 0o600);
  try {
    return await rejectsTo(handle, path);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function rejectsTo(handle: FileHandle, path: string): Promise<Rejects> {
  // /dev/null and the like are nobody's to protect or to remove.
  const isFile = (await handle.stat()).isFile();
  if (isFile) await handle.chmod(0o600);
  const first: { line: number; reason: string }[] = [];
  let count = 0;
  let pending = 'line,reason,text\n';
  const flush = async (): Promise<void> => {
    const text = pending;
    pending = '';
    await handle.writeFile(text);
  };
  return {
    add({ number, text }, reason) {
      count += 1;
      if (first.length < shown) first.push({ line: number, reason });
      pending += `${number},${csvValue(reason)},${csvValue(text ?? '')}\n`;
      return pending.length > flushCharacters ? flush() : undefined;
    },
    count: () => count,
    first,
    async close() {
      try {
        await flush();
      } finally {
        await handle.close();
      }
      if (count === 0 && isFile) await unlink(path);
    },
  };
}

function csvValue(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

async function areSame(path: string, source: string): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([stat(path), stat(source)]);
    return one.dev === other.dev && one.ino === other.ino;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
