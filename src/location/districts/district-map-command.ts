import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { recordAudit } from '../../audit/record.ts';
import { systemClock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import { createLogger } from '../../platform/logger.ts';
import { createPostgres, type Sql } from '../../platform/postgres.ts';
import { settingOf } from '../../platform/setting-of.ts';
import { parseDistrictMap } from './district-map-start.ts';
import { lockSettingsDistricts, lockStoredMap, replaceStoredMap } from './district-map-store.ts';
import type { DistrictMap } from './district-map.ts';
import { nameKey, shown, sortedByName } from './read-district-map.ts';

const usage = `Imports the borders of the city's districts and of neighbouring centres.

  npm run import -- districts FILE.geojson [--dry-run]

--dry-run tells what the import would do, and changes nothing. SIAGA_DATABASE_URL names the PostgreSQL database.
`;

/** What an import did. */
type DistrictImport =
  | { readonly result: 'refused'; readonly faults: readonly string[] }
  | {
      readonly result: 'imported' | 'unchanged' | 'checked';
      /** The version that is stored now. */
      readonly version: number;
      readonly districts: number;
      readonly neighbours: number;
      readonly warnings: readonly string[];
    };

interface DistrictImportOptions {
  /** Changes nothing. */
  readonly checkOnly?: boolean;
}

/**
 * Imports a GeoJSON file (see `readDistrictMap`) into the database at `databaseUrl`, in one transaction with its audit
 * entry. Whatever is wrong with the file is told in `faults`, and nothing changes then; throws when PostgreSQL fails.
 */
export async function importDistricts(
  databaseUrl: string,
  file: string,
  options: DistrictImportOptions = {},
): Promise<DistrictImport> {
  const read = await readText(file);
  if ('fault' in read) return { result: 'refused', faults: [read.fault] };
  const { map, faults } = parseDistrictMap(read.text);
  if (!map) return { result: 'refused', faults };
  const logger = createLogger('silent');
  const postgres = createPostgres(databaseUrl, {
    applicationName: 'siaga-import-districts',
    logger,
    clock: systemClock,
    max: 1,
  });
  try {
    return await postgres.transaction((sql) => store(sql, map, basename(file), options.checkOnly ?? false));
  } finally {
    await postgres.close();
  }
}

async function store(sql: Sql, read: DistrictMap, file: string, checkOnly: boolean): Promise<DistrictImport> {
  const { map, faults, warnings } = fitToSettings(read, await lockSettingsDistricts(sql));
  if (faults.length > 0) return { result: 'refused', faults };
  const stored = await lockStoredMap(sql, map);
  const counts = { districts: map.districts.length, neighbours: map.neighbours.length };
  const done = { version: stored?.version ?? 0, ...counts, warnings };
  if (stored?.same === true) return { result: 'unchanged', ...done };
  if (checkOnly) return { result: 'checked', ...done };
  const version = await replaceStoredMap(sql, map, 'command-line');
  await recordAudit(sql, {
    principal: { tokenId: 'command-line', role: 'admin', name: 'command line' },
    action: 'districts.import',
    subject: 'districts',
    detail: { version, file, madeUp: map.madeUp, ...counts },
  });
  return { result: 'imported', ...done, version };
}

/**
 * The map with the districts as the settings spell them, since rules name them so; case, spaces and hyphens may differ.
 * A district that the settings do not have is a fault, one that has no area a warning.
 */
export function fitToSettings(
  map: DistrictMap,
  districts: readonly string[] | undefined,
): { readonly map: DistrictMap; readonly faults: string[]; readonly warnings: string[] } {
  if (!districts) {
    const fault = 'There are no settings in this database yet: start the centre once, and import then.';
    return { map, faults: [fault], warnings: [] };
  }
  const spelling = new Map(districts.map((name) => [nameKey(name), name]));
  const faults = map.districts
    .filter(({ name }) => !spelling.has(nameKey(name)))
    .map(({ name }) => `${shown(name)} is no district of the settings: add it with PATCH /v1/settings first.`);
  const drawn = new Set(map.districts.map(({ name }) => nameKey(name)));
  const warnings = districts
    .filter((name) => !drawn.has(nameKey(name)))
    .map((name) => `${shown(name)} has no area in this file: no position will ever lie in it.`);
  if (map.madeUp) warnings.push('The file says that its borders are made up.');
  const fitted = map.districts.map((area) => ({ ...area, name: spelling.get(nameKey(area.name)) ?? area.name }));
  return { map: { ...map, districts: sortedByName(fitted) }, faults, warnings };
}

/** Far more than 200,000 corners need. */
const maxMegabytes = 64;

/** The file's text, or why there is none. */
async function readText(file: string): Promise<{ readonly text: string } | { readonly fault: string }> {
  try {
    const { size } = await stat(file);
    if (size > maxMegabytes * 1_000_000) {
      return { fault: `The file is larger than ${maxMegabytes} MB: simplify the borders first.` };
    }
    // Leaves out a byte order mark, and throws at what is not UTF-8.
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)) };
  } catch (error) {
    return { fault: `The file cannot be read: ${messageOf(error)}` };
  }
}

/** The import as a person reads it. */
export function importMessages(done: DistrictImport): string[] {
  if (done.result === 'refused') return ['Nothing was imported:', ...done.faults.map((fault) => `- ${fault}`)];
  const counts = `${done.districts} districts and ${done.neighbours} neighbouring centres`;
  const said = {
    imported: `Imported ${counts} as version ${done.version}. Running controllers use them from now on.`,
    unchanged: `Unchanged: these ${counts} are stored already, as version ${done.version}.`,
    checked: `The file is fit for the import: ${counts}. Version ${done.version} stays stored.`,
  };
  return [...done.warnings.map((warning) => `Warning: ${warning}`), said[done.result]];
}

/** The command; answers its exit code: 0 done, 1 refused or failed, 2 wrongly called. */
export async function districtImportCommand(args: string[]): Promise<number> {
  const options = { 'dry-run': { type: 'boolean', default: false } } as const;
  const url = settingOf('SIAGA_DATABASE_URL') ?? '';
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [file] = positionals;
  if (file === undefined || positionals.length !== 1 || url === '') {
    process.stderr.write(usage);
    return 2;
  }
  const done = await importDistricts(url, file, { checkOnly: values['dry-run'] });
  const text = `${importMessages(done).join('\n')}\n`;
  if (done.result === 'refused') process.stderr.write(text);
  else process.stdout.write(text);
  return done.result === 'refused' ? 1 : 0;
}
