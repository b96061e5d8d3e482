// How long an import of cell towers takes, how much memory, and what look-ups feel meanwhile; beside COPY into a table of the
// same columns and indexes in the same server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { projectDirectory } from '../../scripts/runtime/settings.mjs';
import { startDatabase } from '../support/database.mjs';
import { figure } from '../support/figure.mjs';

const command = path.join(projectDirectory, 'dist/location/import/import-command.js');
/** An import of a million takes half a minute; one that takes so long hangs. In milliseconds. */
const importLimit = 600_000;

export async function measure({ tools, rounds, quick, folder, say }) {
  const home = folder('cells');
  const rows = quick ? 50_000 : 1_000_000;
  const files = { towers: path.join(home, 'towers.csv'), table: path.join(home, 'table.csv') };
  await writeTowers(files, rows);
  const runs = [];
  // Each round has a server of its own: the second import of a file is another thing, and measured as that.
  for (let round = 0; round < rounds; round += 1) {
    const database = await startDatabase({ folder: folder('cells-round'), tools });
    try {
      const copied = await copyStraight(files.table, database.url);
      const first = await importTowers(files.towers, database.url);
      const second = await importTowers(files.towers, database.url);
      say(`round ${round + 1}: ${rows} towers in ${first.seconds.toFixed(1)} s, COPY ${copied.toFixed(1)} s`);
      runs.push({ copied, first, second });
    } finally {
      await database.stop();
    }
  }
  const rate = (seconds) => rows / seconds;
  return [
    figure({
      name: 'import of towers, first',
      unit: 'rows/s',
      ours: runs.map(({ first }) => rate(first.seconds)),
      peer: { name: 'COPY into the table', runs: runs.map(({ copied }) => rate(copied)) },
      // Of fifty thousand rows most of the time is the start of the process.
      aim: quick ? undefined : { text: '30,000 or more', isMet: ({ p50 }) => p50 >= 30_000 },
      about: { rows },
    }),
    figure({
      name: 'import of towers, the same file again',
      unit: 'rows/s',
      ours: runs.map(({ second }) => rate(second.seconds)),
      about: { rows },
    }),
    figure({
      name: 'memory of the import',
      unit: 'MB',
      ours: runs.map(({ first, second }) => Math.max(first.peakMegabytes, second.peakMegabytes)),
      aim: { text: 'under 250', isMet: ({ max }) => max < 250 },
    }),
    figure({
      name: 'look-up of a tower meanwhile',
      unit: 'ms',
      ours: runs.map(({ first, second }) => [...first.lookUps, ...second.lookUps]),
      aim: { text: 'p99 under 50 ms', isMet: ({ p99 }) => p99 < 50 },
    }),
  ];
}

/** Every tower has a key of its own; the order is that of no index, as in a real export. `table` has what the table takes. */
async function writeTowers({ towers, table }, rows) {
  const [out, straight] = [towers, table].map((file) => createWriteStream(file, { highWaterMark: 1 << 20 }));
  out.write('radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n');
  const radios = ['GSM', 'UMTS', 'LTE', 'LTE', 'NR'];
  const networks = [10, 1, 11, 89, 9];
  let [text, plain] = ['', ''];
  for (let at = 0; at < rows; at += 1) {
    const mixed = (at * 2_654_435_761) % 2 ** 32;
    const radio = radios[at % radios.length];
    const net = networks[(at >> 3) % networks.length];
    const [area, cell] = radio === 'GSM' ? [Math.floor(at / 65_536), at % 65_536] : [(mixed >>> 3) % 65_536, at];
    const [lon, lat] = [95 + (mixed % 45_000) / 1_000, -10 + (mixed % 15_999) / 1_000];
    const [range, samples, updated] = [mixed % 5_000, mixed % 900, 1_600_000_000 + (mixed % 100_000_000)];
    text += `${radio},510,${net},${area},${cell},0,${lon},${lat},${range},${samples},1,1500000000,${updated},0\n`;
    plain += `${cell},${new Date(updated * 1_000).toISOString()},${lat},${lon},${area},${range || 1},${samples},510,${net},${radio}\n`;
    if (text.length < 1 << 20) continue;
    for (const [stream, chunk] of [
      [out, text],
      [straight, plain],
    ]) {
      if (!stream.write(chunk)) await once(stream, 'drain');
    }
    [text, plain] = ['', ''];
  }
  out.end(text);
  straight.end(plain);
  await Promise.all([once(out, 'finish'), once(straight, 'finish')]);
}

/** Seconds that COPY takes for the same towers, in one transaction. */
async function copyStraight(file, url) {
  const client = await connected(url);
  try {
    await client.query('create table straight (like cells including all)');
    const began = performance.now();
    const columns = 'cell, updated_at, latitude, longitude, area, range, samples, mcc, mnc, radio';
    await pipeline(
      createReadStream(file),
      client.query(copyFrom(`copy straight (${columns}) from stdin (format csv)`)),
    );
    const seconds = (performance.now() - began) / 1_000;
    await client.query('drop table straight');
    return seconds;
  } finally {
    await client.end();
  }
}

async function importTowers(file, url) {
  const began = performance.now();
  const child = spawn(process.execPath, [command, 'cells', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SIAGA_DATABASE_URL: url },
    timeout: importLimit,
  });
  let peakMegabytes = 0;
  const watch = setInterval(() => (peakMegabytes = peakOf(child.pid) ?? peakMegabytes), 100);
  const ended = once(child, 'close');
  try {
    const lookUps = await lookUpUntil(ended, url);
    const [code] = await ended;
    if (code !== 0) throw new Error(`the import ended with exit code ${code}`);
    return { seconds: (performance.now() - began) / 1_000, peakMegabytes, lookUps };
  } finally {
    clearInterval(watch);
    if (child.exitCode === null) child.kill();
  }
}

/** What the call path feels meanwhile: one look-up of a tower every 20 ms. In milliseconds. */
async function lookUpUntil(ended, url) {
  const client = await connected(url);
  let running = true;
  const over = () => (running = false);
  ended.then(over, over);
  const took = [];
  try {
    while (running) {
      const began = performance.now();
      await client.query(
        `SELECT latitude FROM cells WHERE radio = 'LTE' AND mcc = 510 AND mnc = 10 AND area = 1 AND cell = $1`,
        [took.length],
      );
      took.push(performance.now() - began);
      await sleep(20);
    }
  } finally {
    await client.end();
  }
  return took;
}

async function connected(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  return client;
}

function peakOf(pid) {
  try {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? (Number(match[1]) * 1_024) / 1e6 : undefined;
  } catch (error) {
    // It has ended just now.
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  }
}
