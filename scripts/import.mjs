// npm run import -- cells|subscribers|districts FILE: imports cell towers, fixed-line subscribers or the map of districts.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { explain } from './runtime/progress.mjs';
import { ensureBuild, ensureNodeModules } from './runtime/project.mjs';
import { projectDirectory } from './runtime/settings.mjs';
import { databaseOfRunningStack } from './runtime/stack-database.mjs';

try {
  await ensureNodeModules();
  await ensureBuild();
  const command = path.join(projectDirectory, 'dist/location/import/import-command.js');
  const child = spawn(process.execPath, [command, ...process.argv.slice(2)], {
    stdio: 'inherit',
    // npm runs scripts in the project's folder; FILE is meant from where the command was typed.
    cwd: process.env.npm_lifecycle_event === 'import' ? process.env.INIT_CWD : undefined,
    env: { ...process.env, SIAGA_DATABASE_URL: databaseOfRunningStack() },
  });
  // The import ends by itself and says how; a terminal's Ctrl-C reaches it without us.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => process.exit(code ?? 1));
} catch (error) {
  process.exit(explain(error));
}
