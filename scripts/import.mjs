// npm run import -- cells|subscribers FILE: imports cell towers or fixed-line subscribers from a CSV file.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { explain } from './runtime/progress.mjs';
import { ensureBuild, ensureNodeModules } from './runtime/project.mjs';
import { projectDirectory, runtimeDirectory } from './runtime/settings.mjs';

try {
  await ensureNodeModules();
  await ensureBuild();
  const command = path.join(projectDirectory, 'dist/location/import-command.js');
  const child = spawn(process.execPath, [command, ...process.argv.slice(2)], {
    stdio: 'inherit',
    // npm runs scripts in the project's folder; FILE is meant from where the command was typed.
    cwd: process.env.npm_lifecycle_event === 'import' ? process.env.INIT_CWD : undefined,
    env: { ...process.env, SIAGA_DATABASE_URL: process.env.SIAGA_DATABASE_URL || databaseOfRunningStack() },
  });
  // The import ends by itself and says how; a terminal's Ctrl-C reaches it without us.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
} catch (error) {
  process.exit(explain(error));
}

/** Somebody who tries a stack out means that stack's database. */
function databaseOfRunningStack() {
  // Its own _FILE variant of the setting goes first.
  if (process.env.SIAGA_DATABASE_URL_FILE) return '';
  try {
    return JSON.parse(readFileSync(path.join(runtimeDirectory(), 'stack.json'), 'utf8')).postgres;
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}
