// On what, and with which versions and settings, something was measured.
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { run } from '../../scripts/runtime/commands.mjs';
import { nodeMemory } from '../../scripts/runtime/controller.mjs';
import { projectDirectory } from '../../scripts/runtime/settings.mjs';
import { answerAfter, asteriskEnv, usualOperators } from './centre.mjs';

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
      ...Object.fromEntries(
        Object.entries(tools).map(([name, { version, major }]) => [name, version ?? String(major)]),
      ),
    },
  };
}

/** Which program, and how it and what is around it were set; the rest is in docs/performance.md. */
export async function describeSettings() {
  const git = (...words) => run('git', words, { cwd: projectDirectory });
  const [commit, changed] = [
    await git('rev-parse', 'HEAD'),
    await git('status', '--porcelain', '--', ':!bench/results'),
  ];
  return {
    commit: commit.code === 0 ? commit.stdout.trim() + (changed.stdout.trim() === '' ? '' : ', changed') : null,
    operators: usualOperators,
    operatorsAnswerAfterMilliseconds: answerAfter,
    node: nodeMemory,
    asterisk: asteriskEnv,
  };
}

function systemName() {
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
}
