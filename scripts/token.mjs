// npm run token -- create --role admin --name NAME: makes an access token and shows it once.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { explain } from './runtime/progress.mjs';
import { ensureBuild, ensureNodeModules } from './runtime/project.mjs';
import { projectDirectory } from './runtime/settings.mjs';
import { databaseOfRunningStack } from './runtime/stack-database.mjs';

try {
  await ensureNodeModules();
  await ensureBuild();
  const command = path.join(projectDirectory, 'dist/access/token-command.js');
  const child = spawn(process.execPath, [command, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, SIAGA_DATABASE_URL: databaseOfRunningStack() },
  });
  child.on('exit', (code) => process.exit(code ?? 1));
} catch (error) {
  process.exit(explain(error));
}
