// Where the project, its runtime state and its per-user cache live. Every script asks here, so a setting is read once.
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectDirectory = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

export const loopback = '127.0.0.1';

export function isRoot() {
  return process.getuid?.() === 0;
}

/** State of a running stack: logs, data, pids. Two stacks run side by side when each has its own. */
export function runtimeDirectory() {
  return path.resolve(projectDirectory, process.env.SIAGA_RUNTIME_DIR || '.runtime');
}

/** Downloads, kept per user so that a fresh clone on the same machine fetches nothing again. */
export function cacheDirectory() {
  if (process.env.SIAGA_CACHE_DIR) return path.resolve(process.env.SIAGA_CACHE_DIR);
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'siaga-112');
}

/** What is on the PATH is ignored, so that a machine that has everything can prove the download as well. */
export function downloadIsForced() {
  return process.env.SIAGA_FORCE_DOWNLOAD === '1';
}
