import { chmod, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './errors.ts';
import { shortName } from './presence.ts';
import type { OtherController } from './whose.ts';

/** The socket in the state folder on which a controller answers the others of its node. */
export function restSocketOf(directory: string, name: string, rank: number): string {
  return join(directory, `${rank}-${shortName(name)}.rest`);
}

/**
 * Listens on this socket, for this user alone. The listener is bound to another name, so that its end does not take the socket
 * away: it stays as that of one who was killed, until somebody forgets it. Rejects where there can be none.
 */
export async function listenAsOne(path: string, listen: (path: string) => Promise<unknown>): Promise<void> {
  const half = path.replace(/\.rest$/, '.half');
  await listen(half);
  await chmod(half, 0o600);
  await rename(half, path);
}

/** The other controllers that answer, or that died and whose calls nobody has taken yet. */
export async function otherRestSockets(directory: string, own: string): Promise<OtherController[]> {
  const found: OtherController[] = [];
  for (const file of await filesOf(directory)) {
    const rank = /^(\d+)-[0-9a-f]+\.rest$/.exec(file)?.[1];
    const socket = join(directory, file);
    if (rank !== undefined && socket !== own) found.push({ rank: Number(rank), socket });
  }
  return found;
}

/** A controller that stops and leaves calls to others: until they are taken, whoever asks for one is told to ask again. */
export async function leaveRestSocket(directory: string, name: string, rank: number): Promise<void> {
  const path = restSocketOf(directory, name, rank);
  // Its own socket may stand there still, and cannot be written over.
  const half = path.replace(/\.rest$/, '.half');
  await writeFile(half, '', { mode: 0o600 });
  await rename(half, path);
}

/** Whoever has taken a dead controller's calls takes its socket away: from then on nobody asks it for them. */
export async function forgetRestSocket(directory: string, name: string): Promise<void> {
  for (const file of await filesOf(directory)) {
    if (file.endsWith(`-${shortName(name)}.rest`)) await rm(join(directory, file), { force: true });
  }
}

async function filesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
