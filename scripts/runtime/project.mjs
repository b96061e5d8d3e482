// The project's own parts: its npm packages and its compiled code, each brought up to date only when it is not.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mustRun, run, lastLines } from './commands.mjs';
import { withLock } from './locks.mjs';
import { StepError, say, step } from './progress.mjs';
import { projectDirectory } from './settings.mjs';

const inProject = (...parts) => path.join(projectDirectory, ...parts);
const compiler = inProject('node_modules/typescript/bin/tsc');
const stampFile = inProject('dist/.built-from');

/** Runs `npm ci` unless what is installed is exactly what package-lock.json asks for. */
export async function ensureNodeModules() {
  if (installedIsWhatIsLocked()) return;
  await withLock(inProject('.runtime/npm-ci.lock'), { what: 'install npm packages' }, async () => {
    if (installedIsWhatIsLocked()) return;
    say('Installing npm packages (npm ci)');
    await step('npm ci', () =>
      mustRun('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
        tried: 'install the npm packages (npm ci)',
        next: 'check the network and the npm registry setting (`npm config get registry`), then try again',
        cwd: projectDirectory,
        limitSeconds: 900,
      }),
    );
  });
}

/** npm keeps a list of what it installed; packages for other platforms may be absent from it. */
function installedIsWhatIsLocked() {
  const hidden = inProject('node_modules/.package-lock.json');
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(inProject('package-lock.json'), 'utf8')).packages;
  return Object.entries(locked).every(
    ([name, entry]) =>
      name === '' || (installed[name]?.version ?? (entry.optional ? entry.version : null)) === entry.version,
  );
}

/** Compiles src/ to dist/ when a source has changed since the last time. */
export async function ensureBuild() {
  await withLock(inProject('.runtime/build.lock'), { what: 'compile' }, async () => {
    const stamp = stampOfSources();
    if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
    await step('Compiling', () => compile());
    writeFileSync(stampFile, stamp);
  });
}

async function compile() {
  rmSync(stampFile, { force: true });
  const options = { cwd: projectDirectory, limitSeconds: 300 };
  const result = await run(process.execPath, [compiler, '-p', 'tsconfig.json', '--listEmittedFiles'], options);
  if (result.code !== 0) {
    const errors = result.stdout.split('\n').filter((line) => !line.startsWith('TSFILE:'));
    throw new StepError({
      tried: 'compile src/ (tsc -p tsconfig.json)',
      happened: `the compiler found errors:\n${lastLines(errors.slice(0, 30).join('\n'), 30)}${result.stderr}`,
      next: 'mend them; `npm run check` shows all of them',
    });
  }
  mkdirSync(inProject('dist'), { recursive: true });
  removeOrphans(new Set([...result.stdout.matchAll(/^TSFILE: (.+)$/gm)].map(([, file]) => path.resolve(file))));
}

/** What an earlier build left of sources that are gone must not run any more. */
function removeOrphans(emitted) {
  for (const file of filesUnder(inProject('dist'))) if (!emitted.has(file)) rmSync(file);
}

function stampOfSources() {
  const files = [...filesUnder(inProject('src')), inProject('tsconfig.json'), inProject('package-lock.json')];
  const facts = files.map((file) => {
    const { size, mtimeMs } = statSync(file);
    return `${path.relative(projectDirectory, file)} ${size} ${mtimeMs}`;
  });
  return createHash('sha256').update(facts.join('\n')).digest('hex');
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
