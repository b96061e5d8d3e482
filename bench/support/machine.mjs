// On what, and with which versions and settings, something was measured.
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** The machine, how busy it was, and the versions of what runs on it. */
export function describeMachine(tools) {
  return {
    processors: cpus().length,
    model: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / 1e9),
    system: `${systemName()}, Linux ${release()}`,
    loadBefore: Number(loadavg()[0].toFixed(2)),
    versions: {
      node: process.version,
      ...Object.fromEntries(Object.entries(tools).map(([name, { version }]) => [name, version])),
    },
  };
}

function systemName() {
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
}
