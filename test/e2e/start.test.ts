import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directoryOfRun } from '../support/run.ts';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Starts the controller with nothing in its environment but what is given. */
function start(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main], { env: { PATH: process.env['PATH'], ...env }, timeout: 15_000 });
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, said }));
  });
}

/** EX_CONFIG of sysexits.h. */
const misconfigured = 78;

test('with several wrong settings the start stops and names every one of them', async () => {
  const { code, said } = await start({
    SIAGA_DATABASE_URL: 'mysql://siaga@db/siaga',
    SIAGA_REDIS_URL: 'no address',
    SIAGA_ARI_URL: 'http://127.0.0.1:8088',
    SIAGA_ARI_USER: 'siaga',
    SIAGA_ARI_PASSWORD: 'short',
    SIAGA_AMI_PORT: '70000',
    SIAGA_AMI_USER: 'siaga',
    SIAGA_AMI_PASSWORD_FILE: '/does/not/exist',
    SIAGA_RANK: 'first',
    SIAGA_NODE: 'Node One',
    SIAGA_HTTP_PROT: '8112',
  });
  expect(code).toBe(misconfigured);
  for (const name of [
    'SIAGA_DATABASE_URL',
    'SIAGA_REDIS_URL',
    'SIAGA_ARI_PASSWORD',
    'SIAGA_AMI_PORT',
    'SIAGA_AMI_PASSWORD_FILE',
    'SIAGA_RANK',
    'SIAGA_NODE',
    'SIAGA_STATE_DIR',
    'SIAGA_HTTP_PROT',
  ]) {
    expect(said).toMatch(new RegExp(`^\\s+- ${name}: `, 'm'));
  }
  expect(said).not.toContain('short');
});

test('with no settings at all it says which ones are needed', async () => {
  const { code, said } = await start({});
  expect(code).toBe(misconfigured);
  for (const name of ['SIAGA_DATABASE_URL', 'SIAGA_REDIS_URL', 'SIAGA_ARI_URL', 'SIAGA_STATE_DIR']) {
    expect(said).toMatch(new RegExp(`${name}: is not set`));
  }
});

test('a secret may come from a file', async () => {
  const file = join(mkdtempSync(join(directoryOfRun(), 'secret-')), 'ari');
  writeFileSync(file, 'long enough\n');
  const { said } = await start({ SIAGA_ARI_PASSWORD_FILE: file });
  expect(said).not.toContain('SIAGA_ARI_PASSWORD');
  expect(said).toContain('SIAGA_AMI_PASSWORD: is not set');
});
