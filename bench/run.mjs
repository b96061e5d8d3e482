// npm run bench [-- PART …] [--quick] [--rounds N]: measures on this machine and writes a table and bench/results/<date>.json.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuild, ensureNodeModules, ensureTools } from '../scripts/runtime.mjs';
import { endRecorded } from '../scripts/runtime/processes.mjs';
import { explain, say } from '../scripts/runtime/progress.mjs';
import { projectDirectory } from '../scripts/runtime/settings.mjs';
import { startCentre } from './support/centre.mjs';
import { describeMachine, describeSettings } from './support/machine.mjs';
import { printTable } from './support/table.mjs';

/** In this order: those that share the centre first. What changes it for good (a death, a soak) has one of its own. */
const parts = [
  ...['arrival', 'capacity', 'dispatch', 'screen-pop', 'fan-out', 'surge'],
  ...['rules', 'introduce', 'journal', 'cells', 'reports', 'adoption', 'soak'],
];

/** Only when asked for: each round starts several stacks anew. */
const others = ['overload'];

/** With --quick only when asked for: all the others together stay under two minutes. */
const long = ['capacity', 'surge', 'adoption', 'soak'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' } },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
const wanted = [...parts, ...others].filter((name) => positionals.includes(name));
const unknown = positionals.filter((name) => !wanted.includes(name));
if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1 || rounds > 20) {
  const wrong = unknown.length > 0 ? `There is no part ${unknown.join(', ')}.` : `--rounds is from 1 to 20.`;
  process.stderr.write(
    `${wrong} There are: ${parts.join(', ')}, and ${others.join(', ')}. Also: --quick, --rounds N.\n`,
  );
  process.exit(2);
}

const folder = mkdtempSync(path.join(tmpdir(), 'siaga-bench-'));
const started = new Map();
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
// What was started does not get the terminal's Ctrl-C, and is in groups of its own.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    say(`\n${signal}: stopping`);
    endWhatIsLeft().then(
      () => process.exit(130),
      (error) => process.exit(explain(error)),
    );
  });
}
try {
  await ensureNodeModules();
  const tools = await ensureTools();
  await ensureBuild();
  const about = {
    measuredAt: new Date().toISOString(),
    quick: values.quick,
    rounds,
    machine: describeMachine(tools),
    settings: await describeSettings(),
  };
  const bench = {
    tools,
    rounds,
    quick: values.quick,
    say,
    /** A folder of its own for what a part writes. */
    folder: (name) => mkdtempSync(path.join(folder, `${name}-`)),
    /** The centre and its peers, started by whoever asks first and shared by all that follow. */
    centre: () => shared('centre', (home) => startCentre({ folder: home })),
    peer: (name) => shared(name, async (home) => (await import(`./peers/${name}.mjs`)).start({ folder: home, tools })),
  };
  const figures = [];
  const file = path.join(projectDirectory, 'bench/results', `${about.measuredAt.replaceAll(':', '')}.json`);
  mkdirSync(path.dirname(file), { recursive: true });
  const usual = values.quick ? parts.filter((name) => !long.includes(name)) : parts;
  for (const name of positionals.length === 0 ? usual : wanted) {
    const { measure } = await import(`./parts/${name}.mjs`);
    const begun = Date.now();
    say(`\n== ${name}`);
    const found = await measure(bench);
    printTable(found);
    say(`  ${name}: ${Math.round((Date.now() - begun) / 1_000)} s`);
    figures.push(...found.map((figure) => ({ part: name, ...figure })));
    // What was measured stays, also when a later part fails.
    writeFileSync(file, `${JSON.stringify({ ...about, figures }, undefined, 2)}\n`);
  }
  process.stdout.write(`\n${about.measuredAt}, ${about.machine.processors} × ${about.machine.model}\n`);
  printTable(figures);
  process.stdout.write(`Written to ${path.relative(process.cwd(), file)}\n`);
} catch (error) {
  process.exitCode = explain(error);
} finally {
  // One that will not stop does not keep the others.
  for (const one of [...started.values()].reverse()) await one.stop().catch((error) => explain(error));
  await endWhatIsLeft();
}

/** Also what a part started for itself and could not stop any more. */
async function endWhatIsLeft() {
  const records = readdirSync(folder, { recursive: true }).filter((name) => path.basename(name) === 'processes.json');
  await Promise.all(records.map((name) => endRecorded(path.dirname(path.join(folder, name)))));
}

async function shared(name, start) {
  if (!started.has(name)) started.set(name, await start(mkdtempSync(path.join(folder, `${name}-`))));
  return started.get(name);
}
