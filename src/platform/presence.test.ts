import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { systemClock } from './clock.ts';
import { createLogger } from './logger.ts';
import { announcePresence, askPresence, forgetPresence } from './presence.ts';

const name = 'siaga-n1-0-17-abc';
const logger = createLogger('silent');
let directory: string;

beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'lives-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const ask = (): Promise<string> => askPresence(directory, name, systemClock);

const askingWithoutPause = `
  const { createConnection } = require('node:net');
  const counts = { ECONNREFUSED: 0 };
  let over = false;
  const ask = () => {
    if (over) return;
    const socket = createConnection(process.argv[1]);
    socket.on('error', ({ code }) => (counts[code] = (counts[code] ?? 0) + 1)).on('close', ask).resume();
  };
  for (let n = 0; n < 64; n += 1) ask();
  process.stdin.on('end', () => { over = true; console.log(JSON.stringify(counts)); }).resume();
  console.log('asks');
`;

describe('whether a process of the node lives', () => {
  it('is unknown of one that never said so, and of one that was stopped', async () => {
    expect(await ask()).toBe('unknown');
    const { stop } = await announcePresence({ directory, name, logger });
    expect(await ask()).toBe('lives');
    await stop();
    expect(await ask()).toBe('unknown');
    expect(await readdir(directory)).toEqual([]);
  });

  it('is gone of one that was stopped and leaves something to others', async () => {
    const { stop } = await announcePresence({ directory, name, logger });
    await stop(true);
    expect(await ask()).toBe('gone');
  });

  it('is told by the kernel when it was killed; what is left of it can be taken away', async () => {
    const { stop } = await announcePresence({ directory, name, logger });
    const [socket] = await readdir(directory);
    await stop();
    const listen = `require('node:net').createServer().listen(${JSON.stringify(join(directory, socket ?? ''))}, () => console.log('up'))`;
    const process = spawn('node', ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(process.stdout, 'data');
    process.kill('SIGKILL');
    await once(process, 'exit');
    expect(await ask()).toBe('gone');
    await forgetPresence(directory, name);
    expect(await ask()).toBe('unknown');
    await forgetPresence(directory, name);
  });

  it('is never gone of one that only begins to say so', async () => {
    const { stop } = await announcePresence({ directory, name, logger });
    const [socket = ''] = await readdir(directory);
    await stop();
    // Another process asks without a pause while this one begins, and ends, again and again.
    const asker = spawn('node', ['-e', askingWithoutPause, join(directory, socket)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(asker.stdout, 'data');
    for (let time = 0; time < 700; time += 1) {
      const begun = await announcePresence({ directory, name, logger });
      await begun.stop();
    }
    asker.stdin.end();
    const [said] = z.array(z.unknown()).parse(await once(asker.stdout, 'data'));
    expect(JSON.parse(String(said))).toMatchObject({ ECONNREFUSED: 0 });
  });

  it('is silent of one that has its socket and says nothing, after a second', async () => {
    const { stop } = await announcePresence({ directory, name, logger });
    const [socket] = await readdir(directory);
    await stop();
    const mute = createServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(join(directory, socket ?? ''), resolve));
    const clock = fakeClock();
    const asked = askPresence(directory, name, clock);
    clock.advance(1_000);
    expect(await asked).toBe('silent');
    await new Promise((resolve) => mute.close(resolve));
  });

  it('is unknown of another that has taken the socket', async () => {
    const { stop } = await announcePresence({ directory, name, logger });
    const [socket] = await readdir(directory);
    await stop();
    const other = createServer((connection) => connection.end('x'.repeat(2_000)));
    await new Promise<void>((resolve) => other.listen(join(directory, socket ?? ''), resolve));
    expect(await ask()).toBe('unknown');
    await new Promise((resolve) => other.close(resolve));
  });

  it('cannot be told where the path is too long for a socket, and that is no fault', async () => {
    const far = join(directory, 'x'.repeat(100));
    const { stop } = await announcePresence({ directory: far, name, logger });
    expect(await askPresence(far, name, systemClock)).toBe('unknown');
    await stop();
  });
});
