import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../platform/errors.ts';
import { adoptedSuffix, reserveFile } from '../platform/journal-file.ts';

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
 * Claims what a dead controller left, or what a dead one (`instead`) had claimed of it. On a full disk the journal's reserve is
 * given up for it, as for the journal.
 * @returns false if another process was faster.
 * @throws what the disk says, but for that there is a note.
 */
export async function claimDead(directory: string, name: string, by: string, instead: boolean): Promise<boolean> {
  const path = join(directory, name + adoptedSuffix);
  const whole = await written(directory, path, { by, stage: 'claimed' });
  try {
    if (instead) await rename(whole, path);
    else await link(whole, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(whole, { force: true });
  }
}

export async function writeNote(directory: string, name: string, content: AdoptionNote): Promise<void> {
  const path = join(directory, name + adoptedSuffix);
  await rename(await written(directory, path, content), path);
}

/** Beside its place, and whole: nobody is to read half a note. */
async function written(directory: string, path: string, content: AdoptionNote): Promise<string> {
  const temporary = `${path}.${process.pid}.tmp`;
  const write = (): Promise<void> => writeFile(temporary, JSON.stringify(content), { mode: 0o600 });
  try {
    await write();
  } catch (error) {
    if (codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EDQUOT') throw error;
    await rm(join(directory, reserveFile), { force: true });
    await write();
  }
  return temporary;
}
