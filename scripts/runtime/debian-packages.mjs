// Programs out of Debian unstable without touching the system: a private apt downloads the packages, dpkg-deb unpacks
// them into a folder, and they run with that folder's own loader and libraries (its libc is newer than the machine's).
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mustRun, run, whatHappened } from './commands.mjs';
import { findMirrors } from './debian-mirror.mjs';
import { StepError, step } from './progress.mjs';

const suite = 'sid';
const withoutRecommends = ['-y', '-o', 'APT::Install-Recommends=false'];
const withStatus = ['-o', 'APT::Status-Fd=3'];
const useCompose = 'or run everything in containers: `docker compose up` with the compose.yaml of this project';

/** Debian's names for what Node calls process.arch, and where a package of that architecture keeps its loader. */
const architectures = {
  x64: { debian: 'amd64', triplet: 'x86_64-linux-gnu', loader: 'usr/lib64/ld-linux-x86-64.so.2' },
  arm64: { debian: 'arm64', triplet: 'aarch64-linux-gnu', loader: 'usr/lib/ld-linux-aarch64.so.1' },
};

export function architecture() {
  const known = architectures[process.arch];
  if (known) return known;
  throw new StepError({
    tried: 'find programs for this machine',
    happened: `its processor (${process.arch}) is not one that ready programs are fetched for (x64, arm64)`,
    next: `install Asterisk 22, Redis 7, PostgreSQL 15 and SIPp 3.8 (or newer) on the PATH, ${useCompose}`,
  });
}

/** How to run a program of an unpacked root: through its own loader, so that the machine's libc does not matter. */
export function programInRoot(root, program) {
  const { triplet, loader } = architecture();
  const libraries = path.join(root, 'usr/lib', triplet);
  const own = [libraries, path.join(libraries, 'asterisk'), path.join(libraries, 'pulseaudio')];
  const loaderFile = [loader, path.join('usr/lib', triplet, path.basename(loader))]
    .map((name) => path.join(root, name))
    .find((file) => existsSync(file));
  if (!loaderFile) {
    throw new StepError({
      tried: `find the program loader in ${root}`,
      happened: `neither ${loader} nor one beside libc is there: Debian has moved it`,
      next: `tell the project; meanwhile install the program on the PATH, ${useCompose}`,
    });
  }
  return {
    command: loaderFile,
    args: ['--library-path', own.filter((folder) => existsSync(folder)).join(':'), path.join(root, program)],
  };
}

/** Checks that this machine can fetch Debian packages at all, and says in plain words when it cannot. */
export async function checkDebianTools(wanted) {
  for (const command of ['apt-get', 'dpkg-deb']) {
    const { code } = await run(command, ['--version']);
    if (code === 0) continue;
    throw new StepError({
      tried: `fetch ${wanted}`,
      happened: `this machine lacks ${command}, so it is neither Debian nor a relative of it`,
      next: `install ${wanted} on the PATH, ${useCompose}`,
    });
  }
}

/** Prepares a private apt in `directory` and reads the archive's package lists. Returns what the other calls need. */
export async function openArchive(directory) {
  const keyring = await findKeyring(directory);
  const mirrors = findMirrors();
  if (mirrors.length === 0) {
    throw new StepError({
      tried: "find a mirror of Debian's archive in this machine's apt configuration",
      happened: 'none is named there (the machine is not Debian, or uses none for its main archive)',
      next: `set SIAGA_DEBIAN_MIRROR to the address of a Debian mirror (as after "deb" in a sources.list), ${useCompose}`,
    });
  }
  const failures = [];
  for (const mirror of mirrors) {
    const apt = layOut(directory, mirror, keyring);
    const result = await step(`Reading Debian's package lists`, (update) => updateLists(apt, update));
    if (result.code === 0) return apt;
    failures.push(whatHappened(`apt-get update from ${mirror}`, result));
  }
  throw new StepError({
    tried: `read the package lists of Debian ${suite}`,
    happened: failures.join('\n'),
    next: 'check the network and the proxy settings of apt; SIAGA_DEBIAN_MIRROR chooses another mirror',
  });
}

/** The version apt would install, without the packaging's own part: "1:22.10.1+dfsg-1" is 22.10.1. */
export async function candidateVersion(apt, name) {
  const { stdout } = await mustRun('apt-cache', [...apt.options, 'policy', name], {
    tried: `ask which version of ${name} Debian ${suite} has`,
    next: 'try again; if it stays so, SIAGA_DEBIAN_MIRROR chooses another mirror',
  });
  const candidate = /Candidate:\s*(\S+)/.exec(stdout)?.[1];
  return candidate && candidate !== '(none)' ? candidate.replace(/^\d+:/, '').replace(/[^0-9.].*$/, '') : null;
}

/** What apt would fetch for `names` and all they need: [{ file, size }]. */
export async function plannedPackages(apt, names) {
  // An empty archive folder, since apt leaves files that are already downloaded out of this list.
  const args = [...apt.options, '-y', '--print-uris', '-o', `Dir::Cache::archives=${apt.emptyArchives}`];
  const { stdout } = await mustRun('apt-get', [...args, ...withoutRecommends, 'install', ...names], {
    tried: `find out what ${names[0]} needs from Debian ${suite}`,
    next: `unstable is sometimes between two states for a day: try again later, or install ${names[0]} on the PATH`,
  });
  return [...stdout.matchAll(/^'[^']+' (\S+\.deb) (\d+)/gm)].map(([, file, size]) => ({ file, size: Number(size) }));
}

/** Downloads `names` and all they need; what an interrupted run has fetched already is not fetched again. */
export async function downloadPackages(apt, names, packages) {
  const sizes = new Map(packages.map(({ file, size }) => [file, size]));
  const missing = [...sizes].filter(([file]) => !existsSync(path.join(apt.archives, file)));
  const total = missing.reduce((sum, [, size]) => sum + size, 0);
  const megabytes = (bytes) => (bytes / 1e6).toFixed(0);
  await step('Downloading packages', async (update) => {
    const show = (percent) =>
      update(`${megabytes((total * percent) / 100)} of ${megabytes(total)} MB, ${missing.length} packages`);
    show(0);
    await mustRun(
      'apt-get',
      [...apt.options, ...withStatus, ...withoutRecommends, '--download-only', 'install', ...names],
      {
        tried: `download ${names.join(', ')} and what they need from Debian ${suite}`,
        next: 'check the network and free disk space, then run the same command again: it goes on where it stopped',
        limitSeconds: 1800,
        onStatus: (line) => onPercent(line, show),
      },
    );
  });
}

export async function unpackPackages(apt, title, packages, root) {
  mkdirSync(root, { recursive: true });
  await step(`Unpacking ${title}`, (update) => unpackAll(apt, packages, root, update));
}

export function dropDownloads(apt) {
  rmSync(apt.archives, { recursive: true, force: true });
}

async function unpackAll(apt, packages, root, update) {
  const waiting = packages.map(({ file }) => path.join(apt.archives, file));
  const total = waiting.length;
  const worker = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      update(`${total - waiting.length} of ${total} packages`);
      await mustRun('dpkg-deb', ['-x', file, root], {
        tried: `unpack ${path.basename(file)}`,
        next: 'check free disk space; if there is enough, remove the cache folder and try again',
        limitSeconds: 300,
      });
    }
  };
  await Promise.all([worker(), worker()]);
}

function updateLists(apt, update) {
  return run('apt-get', [...apt.options, ...withStatus, '--error-on=any', 'update'], {
    limitSeconds: 300,
    onStatus: (line) => onPercent(line, (percent) => update(`${Math.round(percent)} %`)),
  });
}

/** apt's status lines: "dlstatus:<item>:<percent>:<text>". */
function onPercent(line, act) {
  const percent = /^dlstatus:[^:]*:([0-9.]+):/.exec(line)?.[1];
  if (percent) act(Number(percent));
}

/**
 * The machine's own apt settings (proxies, credentials) stay in force; its sources, pins and hooks do not: a hook of
 * the machine's has no business with our folders.
 */
function layOut(directory, mirror, keyring) {
  const at = (...parts) => path.join(directory, ...parts);
  const { debian } = architecture();
  for (const folder of ['lists/partial', 'cache/archives/partial', 'empty/partial', 'etc'])
    mkdirSync(at(folder), { recursive: true });
  if (!existsSync(at('status'))) writeFileSync(at('status'), '');
  writeFileSync(at('etc/sources.list'), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  writeFileSync(
    at('etc/apt.conf'),
    [
      '#clear APT::Update;',
      '#clear DPkg::Pre-Invoke;',
      '#clear DPkg::Post-Invoke;',
      '#clear DPkg::Pre-Install-Pkgs;',
      '#clear APT::Architectures;',
      '#clear APT::Default-Release;',
      `APT::Architecture "${debian}";`,
      `APT::Architectures { "${debian}"; };`,
      'APT::Sandbox::User "root";',
      'Acquire::Languages "none";',
      'Acquire::Retries "3";',
      `Dir::State "${directory}";`,
      `Dir::State::lists "${at('lists')}";`,
      `Dir::State::status "${at('status')}";`,
      `Dir::State::extended_states "${at('extended_states')}";`,
      `Dir::Cache "${at('cache')}";`,
      `Dir::Cache::archives "${at('cache/archives')}";`,
      // Some container images switch these off to save space; without them each call reads the whole archive's list.
      'Dir::Cache::pkgcache "pkgcache.bin";',
      'Dir::Cache::srcpkgcache "srcpkgcache.bin";',
      `Dir::Etc::sourcelist "${at('etc/sources.list')}";`,
      'Dir::Etc::sourceparts "/dev/null";',
      'Dir::Etc::preferences "/dev/null";',
      'Dir::Etc::preferencesparts "/dev/null";',
      `Dir::Log "${directory}";`,
      '',
    ].join('\n'),
  );
  return { archives: at('cache/archives'), emptyArchives: at('empty'), options: ['-c', at('etc/apt.conf')] };
}

/** Debian's public keys are on every Debian; elsewhere the distribution's own signed package of them is fetched. */
async function findKeyring(directory) {
  const names = ['debian-archive-keyring.gpg', 'debian-archive-keyring.pgp'];
  const find = (root) =>
    names
      .map((name) => path.join(root, 'usr/share/keyrings', name))
      .find((file) => existsSync(file) && statSync(file).size > 0);
  const onMachine = find('/');
  if (onMachine) return onMachine;
  const unpacked = path.join(directory, 'keyring');
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  const why = {
    tried: "get Debian's archive keys, which prove that downloads are Debian's",
    next: 'install the package debian-archive-keyring (`apt-get install debian-archive-keyring`), then try again',
  };
  await mustRun('apt-get', ['download', 'debian-archive-keyring'], { ...why, cwd: unpacked, limitSeconds: 120 });
  const file = readdirSync(unpacked).find((name) => name.endsWith('.deb'));
  if (!file) throw new StepError({ ...why, happened: 'apt-get said it was downloaded, but no file came' });
  await mustRun('dpkg-deb', ['-x', path.join(unpacked, file), unpacked], why);
  const found = find(unpacked);
  if (!found) throw new StepError({ ...why, happened: `the package holds no ${names.join(' or ')}` });
  return found;
}
