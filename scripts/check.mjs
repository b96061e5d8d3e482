// npm run check: types, lint, format and dependency rules. All of them run, so that one failure does not hide another.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { explain } from './runtime/progress.mjs';
import { ensureNodeModules } from './runtime/project.mjs';
import { projectDirectory } from './runtime/settings.mjs';

const checks = [
  { title: 'Types', program: 'typescript/bin/tsc', args: ['-p', 'tsconfig.check.json'] },
  { title: 'Lint', program: 'eslint/bin/eslint.js', args: ['.'] },
  { title: 'Format', program: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level', 'warn', '.'] },
  {
    title: 'Dependency rules',
    program: 'dependency-cruiser/bin/dependency-cruise.mjs',
    args: ['src', '--config', '.dependency-cruiser.cjs'],
  },
];

try {
  await ensureNodeModules();
  const failed = checks.filter(({ title, program, args }) => !passes(title, program, args));
  const names = failed.map(({ title }) => title).join(', ');
  process.stdout.write(failed.length > 0 ? `\nFailed: ${names}\n` : '\nEvery check passed.\n');
  process.exitCode = failed.length > 0 ? 1 : 0;
} catch (error) {
  process.exitCode = explain(error);
}

function passes(title, program, args) {
  process.stdout.write(`\n== ${title}\n`);
  const file = path.join(projectDirectory, 'node_modules', program);
  const { status, error } = spawnSync(process.execPath, [file, ...args], { cwd: projectDirectory, stdio: 'inherit' });
  if (error) throw error;
  return status === 0;
}
