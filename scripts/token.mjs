// npm run token -- create --role admin --name NAME: makes an access token and shows it once.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { explain } from './runtime/progress.mjs';
import { ensureBuild, ensureNodeModules } from './runtime/project.mjs';
import { projectDirectory, runtimeDirectory } from './runtime/settings.mjs';

try {
  await ensureNodeModules();
  await ensureBuild();
  const command = path.join(projectDirectory, 'dist/access/token-command.js');
  const child = spawn(process.execPath, [command, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, SIAGA_DATABASE_URL: process.env.SIAGA_DATABASE_URL || databaseOfRunningStack() },
  });
  child.on('exit', (code) => process.exit(code ?? 1));
} catch (error) {
  process.exit(explain(error));
}

/** Somebody who tries a stack out means that stack's database. */
function databaseOfRunningStack() {
  try {
    return JSON.parse(readFileSync(path.join(runtimeDirectory(), 'stack.json'), 'utf8')).postgres;
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}
