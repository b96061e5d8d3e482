import { stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import { settingOf } from '../../platform/setting-of.ts';
import { districtImportCommand } from '../districts/district-map-command.ts';
import { failureOf } from './import-failure.ts';
import { cellImport, subscriberImport, type ImportKind } from './import-kind.ts';
import { showProgress } from './import-progress.ts';
import { openRejects, type Rejects } from './import-rejects.ts';
import { wholeNumber } from './import-row.ts';
import { importFile, type ImportReport, type Progress } from './import-run.ts';
import { subscriberHeader } from '../lines/subscriber-row.ts';

const usage = `Imports cell towers or the subscribers of fixed lines from a CSV file, or the map of districts.

  npm run import -- cells FILE [--mcc 510] [--dry-run] [--rejected PATH]
  npm run import -- subscribers FILE [--replace] [--dry-run] [--rejected PATH]
  npm run import -- districts FILE.geojson [--dry-run]

cells: an export of OpenCelliD, .csv or .csv.gz. --mcc takes the towers of one country only (Indonesia: 510).
subscribers: .csv or .csv.gz with the header ${subscriberHeader}.
  --replace removes the numbers that are not in the file.
--dry-run compares and changes nothing. Lines that cannot be used go to FILE.rejected.csv, or to --rejected PATH.

SIAGA_DATABASE_URL names the PostgreSQL database. Exit codes: 0 done, 1 failed (nothing changed), 2 wrong usage.
`;

interface Wanted {
  readonly kind: ImportKind;
  readonly path: string;
  readonly rejectsPath: string;
  readonly dryRun: boolean;
  readonly databaseUrl: string;
}

/** What the arguments ask for, or what is wrong with them. */
function read(args: string[], databaseUrl: string): Wanted | string {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      mcc: { type: 'string' },
      replace: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      rejected: { type: 'string' },
    },
  });
  const [name, path, ...more] = positionals;
  if ((name !== 'cells' && name !== 'subscribers') || path === undefined || more.length > 0) {
    return 'Say what to import, cells, subscribers or districts, and one file.';
  }
  const mcc = values.mcc === undefined ? undefined : wholeNumber(values.mcc, 1, 999);
  if (values.mcc !== undefined && (name !== 'cells' || mcc === undefined)) {
    return '--mcc goes with cells and takes a mobile country code from 1 to 999.';
  }
  if (values.replace && name !== 'subscribers') return '--replace goes with subscribers only.';
  if (databaseUrl === '') return 'SIAGA_DATABASE_URL is not set, and no stack is running: name the database.';
  const choice = { now: systemClock.now(), ...(mcc === undefined ? {} : { mcc }) };
  return {
    kind: name === 'cells' ? cellImport(choice) : subscriberImport({ replace: values.replace }),
    path,
    rejectsPath: values.rejected ?? `${path}.rejected.csv`,
    dryRun: values['dry-run'],
    databaseUrl,
  };
}

async function main(args: string[], signal: AbortSignal): Promise<number> {
  if (args[0] === 'districts') return importMap(args.slice(1));
  let wanted: Wanted | string;
  try {
    wanted = read(args, settingOf('SIAGA_DATABASE_URL') ?? '');
  } catch (error) {
    wanted = messageOf(error);
  }
  if (typeof wanted === 'string') {
    process.stderr.write(`${wanted}\n\n${usage}`);
    return 2;
  }
  let phase: Progress['phase'] = 'reading';
  try {
    const size = (await stat(wanted.path)).size;
    const rejects = await openRejects(wanted.rejectsPath, wanted.path);
    if (rejects === undefined) {
      process.stderr.write('--rejected names the file that is to be imported: name another.\n');
      return 2;
    }
    const screen = showProgress(process.stderr, systemClock, size);
    const onProgress = (progress: Progress): void => {
      phase = progress.phase;
      screen.note(progress);
    };
    try {
      const report = await importFile({ ...wanted, rejects, clock: systemClock, onProgress, signal });
      screen.end();
      tell(wanted, report);
    } finally {
      screen.end();
      await rejects.close();
      tellRejects(rejects, wanted.rejectsPath);
    }
    return 0;
  } catch (error) {
    const failure = failureOf(error, { path: wanted.path, phase, stopped: signal.aborted });
    process.stderr.write(
      `\nThis did not work: ${failure.tried}\nWhat happened: ${failure.happened}\nWhat to do: ${failure.next}\n`,
    );
    return 1;
  }
}

async function importMap(args: string[]): Promise<number> {
  try {
    return await districtImportCommand(args);
  } catch (error) {
    process.stderr.write(`Nothing was imported: ${messageOf(error)}\n`);
    return 1;
  }
}

function tell({ kind, path, dryRun }: Wanted, report: ImportReport): void {
  const skipped = Object.entries(report.skipped).map(([why, rows]) => `${rows} ${why}`);
  const figures = [
    `${report.read} rows read`,
    `${report.new} new`,
    `${report.changed} changed`,
    `${report.unchanged} unchanged`,
    `${report.rejected} rejected`,
    ...(skipped.length > 0 ? [`skipped: ${skipped.join(' and ')}`] : []),
  ];
  const gone = kind.name === 'cells' ? 'made-up towers' : 'numbers that are not in the file';
  if (report.removed > 0) figures.push(`${report.removed} ${gone} removed`);
  process.stdout.write(`${kind.name} of ${path}: ${figures.join(', ')}\n`);
  if (dryRun) process.stdout.write('This was a dry run: nothing was changed.\n');
}

/** Line numbers and reasons; what stands in the lines is in the file of rejected lines alone. */
function tellRejects(rejects: Rejects, path: string): void {
  if (rejects.count() === 0) return;
  const lines = rejects.first.map(({ line, reason }) => `  line ${line}: ${reason}\n`);
  const more = rejects.count() - lines.length;
  if (more > 0) lines.push(`  and ${more} more\n`);
  process.stderr.write(`Rejected (all of them are in ${path}):\n${lines.join('')}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Whoever asks twice does not want to wait for the end of a COMMIT.
      if (stop.signal.aborted) process.exit(1);
      stop.abort();
    });
  }
  process.exitCode = await main(process.argv.slice(2), stop.signal);
}
