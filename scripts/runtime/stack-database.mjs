// Which database a command means: the one that is named, else that of a stack which runs here.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runtimeDirectory } from './settings.mjs';

/** An empty string when there is neither, or when SIAGA_DATABASE_URL_FILE names one. */
export function databaseOfRunningStack() {
  const { SIAGA_DATABASE_URL: named, SIAGA_DATABASE_URL_FILE: file } = process.env;
  if (named || file) return named ?? '';
  try {
    return JSON.parse(readFileSync(path.join(runtimeDirectory(), 'stack.json'), 'utf8')).postgres;
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}
