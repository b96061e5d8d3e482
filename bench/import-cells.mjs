// node bench/import-cells.mjs [ROWS]: how long an import of cell towers takes, and how much memory. It makes ROWS towers up
// (5,000,000 unless told), imports them twice and looks towers up meanwhile; figures go to bench/results/import-cells.json.
// SIAGA_DATABASE_URL names a database whose towers may be overwritten; without it a throw-away server is started.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import pg from 'pg';
import { ensureBuild, ensureTools, migrateDatabase, reservePorts, startPostgres } from '../scripts/runtime.mjs';
import { projectDirectory } from '../scripts/runtime/settings.mjs';

const rows = Number(process.argv[2] ?? 5_000_000);
if (!Number.isSafeInteger(rows) || rows < 1) {
  process.stderr.write('Say how many rows: node bench/import-cells.mjs 5000000\n');
  process.exit(2);
}
const folder = mkdtempSync(path.join(tmpdir(), 'siaga-import-'));
const undo = [() => rmSync(folder, { recursive: true, force: true })];
const command = path.join(projectDirectory, 'dist/location/import/import-command.js');

try {
  await ensureBuild();
  const databaseUrl = process.env.SIAGA_DATABASE_URL || (await throwAway());
  await migrateDatabase(databaseUrl);
  const file = path.join(folder, 'towers.csv');
  await writeTowers(file);
  const first = await measure(file, databaseUrl);
  const second = await measure(file, databaseUrl);
  const result = {
    measuredAt: new Date().toISOString(),
    node: process.version,
    processors: cpus().length,
    database: process.env.SIAGA_DATABASE_URL ? 'given' : 'throw-away, on disk',
    rows,
    fileMegabytes: Math.round(statSync(file).size / 1e6),
    first,
    second,
  };
  mkdirSync(path.join(projectDirectory, 'bench/results'), { recursive: true });
  writeFileSync(
    path.join(projectDirectory, 'bench/results/import-cells.json'),
    `${JSON.stringify(result, undefined, 2)}\n`,
  );
  console.table({ first, second });
} finally {
  for (const step of undo.reverse()) await step();
}

async function throwAway() {
  const tools = await ensureTools({ only: ['postgres'] });
  const ports = await reservePorts();
  undo.push(() => ports.release());
  const postgres = await startPostgres({ directory: folder, tools, port: ports.postgres });
  undo.push(() => postgres.stop());
  return postgres.url;
}

/** Every tower has a key of its own; the order is that of no index, as in a real export. */
async function writeTowers(file) {
  const out = createWriteStream(file, { highWaterMark: 1 << 20 });
  out.write('radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n');
  const radios = ['GSM', 'UMTS', 'LTE', 'LTE', 'NR'];
  const networks = [10, 1, 11, 89, 9];
  let text = '';
  for (let at = 0; at < rows; at += 1) {
    const mixed = (at * 2_654_435_761) % 2 ** 32;
    const radio = radios[at % radios.length];
    const [area, cell] = radio === 'GSM' ? [Math.floor(at / 65_536), at % 65_536] : [(mixed >>> 3) % 65_536, at];
    const [lon, lat] = [95 + (mixed % 45_000) / 1_000, -10 + (mixed % 15_999) / 1_000];
    const updated = 1_600_000_000 + (mixed % 100_000_000);
    text += `${radio},510,${networks[(at >> 3) % networks.length]},${area},${cell},0,${lon},${lat},${mixed % 5_000},${mixed % 900},1,1500000000,${updated},0\n`;
    if (text.length > 1 << 20) {
      if (!out.write(text)) await once(out, 'drain');
      text = '';
    }
  }
  out.end(text);
  await once(out, 'finish');
}

async function measure(file, databaseUrl) {
  const from = performance.now();
  const child = spawn(process.execPath, [command, 'cells', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SIAGA_DATABASE_URL: databaseUrl },
  });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  let peakKilobytes = 0;
  const watch = setInterval(() => (peakKilobytes = peakOf(child.pid) ?? peakKilobytes), 100);
  const ended = once(child, 'close');
  const lookups = await lookUpUntil(ended, databaseUrl);
  clearInterval(watch);
  const [code] = await ended;
  process.stdout.write(said);
  if (code !== 0) throw new Error(`the import ended with exit code ${code}`);
  const seconds = (performance.now() - from) / 1_000;
  return {
    seconds: Math.round(seconds * 10) / 10,
    rowsPerSecond: Math.round(rows / seconds),
    peakMegabytes: Math.round(peakKilobytes / 1_024),
    ...lookups,
  };
}

/** What the call path feels meanwhile: one look-up of a tower every 20 ms. */
async function lookUpUntil(ended, databaseUrl) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  let running = true;
  ended.then(() => (running = false));
  const took = [];
  while (running) {
    const from = performance.now();
    await client.query(
      `SELECT latitude FROM cells WHERE radio = 'LTE' AND mcc = 510 AND mnc = 10 AND area = 1 AND cell = $1`,
      [took.length],
    );
    took.push(performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await client.end();
  took.sort((one, other) => one - other);
  const at = (share) => Math.round((took[Math.floor((took.length - 1) * share)] ?? 0) * 10) / 10;
  return { lookups: took.length, lookupMedianMs: at(0.5), lookup99Ms: at(0.99), lookupWorstMs: at(1) };
}

function peakOf(pid) {
  try {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? Number(match[1]) : undefined;
  } catch (error) {
    // It has ended just now.
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  }
}
