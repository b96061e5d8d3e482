// Passwords of one installation: generated once, kept in its runtime folder, readable by its owner only.
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const fileName = 'secrets.json';

export function readSecrets(directory) {
  try {
    return JSON.parse(readFileSync(path.join(directory, fileName), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

export function keepSecrets(directory, changes) {
  const secrets = { ...readSecrets(directory), ...changes };
  writePrivate(path.join(directory, fileName), secrets);
  return secrets;
}

/** The password under `name`. Hex digits only, so that it needs no quoting in a URL or a configuration file. */
export function passwordFor(directory, name) {
  return readSecrets(directory)[name] ?? keepSecrets(directory, { [name]: randomBytes(24).toString('hex') })[name];
}

export function writePrivate(file, value) {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}
