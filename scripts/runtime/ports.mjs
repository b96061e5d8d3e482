// Ports for a stack, in blocks: every part of one stack sits at a fixed place in its block, so a log line's port tells
// which stack it was. The block's first port stays bound while its owner lives, so two runs never take the same block.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { StepError } from './progress.mjs';
import { loopback } from './settings.mjs';

const blockSize = 600;
const firstBlock = 12_000;
// Above this the kernel hands ports to outgoing connections, which would come and go under our feet.
const ceiling = 32_000;

/** Finds and holds a block of free ports; with SIAGA_PORT_BASE the search starts there, and `exact` allows no other. */
export async function reservePorts({ exact = false } = {}) {
  const asked = portBase();
  const start = asked ?? firstBlock;
  if (exact && asked !== undefined) {
    const block = await tryBlock(asked);
    if (block) return block;
    throw new StepError({
      tried: `use the ports from ${asked} (SIAGA_PORT_BASE)`,
      happened: `some of ${asked} to ${asked + 20} are in use`,
      next: 'stop what uses them, or choose another SIAGA_PORT_BASE, at least 600 away from that of any other stack',
    });
  }
  for (let base = start; base + blockSize <= ceiling; base += blockSize) {
    const block = await tryBlock(base);
    if (block) return block;
  }
  throw new StepError({
    tried: `find ${blockSize} free ports on ${loopback}`,
    happened: `every block from ${start} to ${ceiling} is in use`,
    next: 'stop stacks that are no longer needed, or set SIAGA_PORT_BASE',
  });
}

function portBase() {
  if (!process.env.SIAGA_PORT_BASE) return undefined;
  const base = Number(process.env.SIAGA_PORT_BASE);
  if (Number.isInteger(base) && base >= 1024 && base + blockSize <= 65_536) return base;
  throw new StepError({
    tried: 'read SIAGA_PORT_BASE',
    happened: `"${process.env.SIAGA_PORT_BASE}" is not a whole number between 1024 and ${65_536 - blockSize}`,
    next: 'set it to the first of 600 free ports, or leave it out',
  });
}

async function tryBlock(base) {
  const guard = await listen(base);
  if (!guard) return null;
  const block = layOut(base);
  const { postgres, redis, ari, ami, sip, hep, http } = block;
  const free = await Promise.all([
    ...[postgres, redis, ari, ami, sip, ...http].map(tcpIsFree),
    ...[sip, hep].map(udpIsFree),
  ]);
  if (free.every(Boolean)) return { ...block, release: () => guard.close() };
  guard.close();
  return null;
}

function layOut(base) {
  return {
    base,
    postgres: base + 1,
    redis: base + 2,
    sip: base + 3,
    ari: base + 4,
    ami: base + 5,
    hep: base + 6,
    http: [10, 11, 12, 13].map((offset) => base + offset),
    /** For whoever holds the block: phones, carriers and agencies of a test or the demo. */
    spare: { first: base + 20, last: base + 99 },
    rtp: { first: base + 100, last: base + blockSize - 1 },
  };
}

function listen(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.unref();
    server.once('error', () => resolve(null));
    server.listen({ host: loopback, port, exclusive: true }, () => resolve(server));
  });
}

async function tcpIsFree(port) {
  const server = await listen(port);
  if (!server) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

function udpIsFree(port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ address: loopback, port, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
