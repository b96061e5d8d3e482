import { readFileSync } from 'node:fs';

/** A setting of a command: the environment's NAME, or what the file NAME_FILE holds; undefined when neither is set. */
export function settingOf(name: string): string | undefined {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  const file = process.env[`${name}_FILE`];
  return file === undefined ? undefined : readFileSync(file, 'utf8').trim();
}
