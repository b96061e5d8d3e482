// Reads the address of a Debian mirror from the machine's own apt configuration; none is written in this project.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const debianSuite =
  /^(?:oldoldstable|oldstable|stable|testing|unstable|sid|bullseye|bookworm|trixie|forky|duke)(?:-updates|-backports)?$/;

/** Addresses of Debian's main archive, the surest first. */
export function findMirrors({ etc = '/etc', setting = process.env.SIAGA_DEBIAN_MIRROR } = {}) {
  if (setting) return [setting];
  if (!isDebian(etc)) return [];
  const entries = aptFiles(path.join(etc, 'apt')).flatMap(({ name, text }) =>
    name.endsWith('.sources') ? deb822Entries(text) : oneLineEntries(text),
  );
  const own = entries.filter(isDebianArchive);
  own.sort((a, b) => sureness(b) - sureness(a));
  return [...new Set(own.flatMap(({ uris }) => uris))];
}

/** Derivatives name other archives in their configuration: theirs has no sid, so only Debian itself counts. */
function isDebian(etc) {
  const release = path.join(etc, 'os-release');
  return existsSync(release) && /^ID=["']?debian["']?\s*$/m.test(readFileSync(release, 'utf8'));
}

function aptFiles(apt) {
  const parts = path.join(apt, 'sources.list.d');
  const inParts = existsSync(parts) ? readdirSync(parts).sort() : [];
  const names = inParts.filter((name) => /\.(?:sources|list)$/.test(name)).map((name) => path.join(parts, name));
  return [path.join(apt, 'sources.list'), ...names]
    .filter((file) => existsSync(file))
    .map((file) => ({ name: file, text: readFileSync(file, 'utf8') }));
}

/** "Key: value" stanzas, values continued on lines that start with a blank. */
export function deb822Entries(text) {
  const withoutComments = text.replace(/^#.*\n?/gm, '');
  return withoutComments.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = {};
    for (const [, key, value] of stanza.matchAll(/^([A-Za-z-]+)[ \t]*:(.*(?:\n[ \t].*)*)/gm)) {
      fields[key.toLowerCase()] = value.trim();
    }
    if (/^(?:no|false|0|off)$/i.test(fields.enabled ?? '')) return [];
    if (!words(fields.types).includes('deb')) return [];
    return [
      {
        uris: words(fields.uris),
        suites: words(fields.suites),
        components: words(fields.components),
        signedBy: fields['signed-by'] ?? '',
      },
    ];
  });
}

/** "deb [options] address suite component…" lines. */
export function oneLineEntries(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    if (!match) return [];
    const [, options = '', uri, suite, components] = match;
    const signedBy = /signed-by=(\S+)/.exec(options)?.[1] ?? '';
    return [{ uris: [uri], suites: [suite], components: words(components), signedBy }];
  });
}

/** Other vendors use Debian's suite names too, so a signing key of theirs rules an entry out. */
function isDebianArchive({ uris, suites, components, signedBy }) {
  const signedByDebian = signedBy === '' || signedBy.includes('debian-archive') || signedBy.includes('BEGIN PGP');
  return (
    signedByDebian &&
    components.includes('main') &&
    suites.some((suite) => debianSuite.test(suite)) &&
    uris.every((uri) => !uri.startsWith('cdrom:') && !/security/.test(uri))
  );
}

function sureness({ uris, signedBy }) {
  return (signedBy.includes('debian-archive') ? 2 : 0) + (uris.every((uri) => /\/debian\/?$/.test(uri)) ? 1 : 0);
}

function words(text = '') {
  return text.split(/\s+/).filter(Boolean);
}
