import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../platform/errors.ts';
import { adoptedSuffix } from '../platform/journal-file.ts';

const note = z.object({
  /** The process start that goes on with what is left. */
  by: z.string(),
  /** `claimed`: it is about to; `taken`: it has the calls; `done`: Asterisk holds nothing more of it. */
  stage: z.enum(['claimed', 'taken', 'done']),
});

/** Who has taken what a dead controller left: a small file beside its journal, so that no two take it and a third goes on. */
export type AdoptionNote = z.output<typeof note>;

/** The notes of a journal's folder, by the dead one's name. One that is torn counts as none. */
export async function readNotes(directory: string): Promise<Map<string, AdoptionNote>> {
  const notes = new Map<string, AdoptionNote>();
  for (const file of await readdir(directory)) {
    if (!file.endsWith(adoptedSuffix)) continue;
    const found = await readNote(join(directory, file));
    if (found !== null) notes.set(file.slice(0, -adoptedSuffix.length), found);
  }
  return notes;
}

async function readNote(path: string): Promise<AdoptionNote | null> {
  try {
    return note.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

/**
 * Claims what a dead controller left, or what a dead one (`instead`) had claimed of it.
 * @returns false if another process was faster.
 * @throws what the disk says, but for that there is a note.
 */
export async function claimDead(directory: string, name: string, by: string, instead: boolean): Promise<boolean> {
  try {
    await writeNote(directory, name, { by, stage: 'claimed' }, instead ? 'w' : 'wx');
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

export function writeNote(
  directory: string,
  name: string,
  content: AdoptionNote,
  flag: 'w' | 'wx' = 'w',
): Promise<void> {
  return writeFile(join(directory, name + adoptedSuffix), JSON.stringify(content), { mode: 0o600, flag });
}
