// The media of callers, in a thread of its own: how long the test's own thread was busy is no gap in a call.
import { createSocket } from 'node:dgram';
import { parentPort } from 'node:worker_threads';
import { tone, toUlaw } from '../../scripts/sip/tones.mjs';

/** Packets of 20 ms, in G.711 µ-law. */
const samplesPerPacket = 160;
const packetEvery = 20;
const reportEvery = 50;

if (parentPort === null) throw new Error('this is a worker');
const port = parentPort;
const lines = new Map();
let heard = [];

const now = () => performance.timeOrigin + performance.now();

const orders = {
  open({ line, address }) {
    const socket = createSocket('udp4');
    lines.set(line, { socket, talking: undefined });
    socket.on('message', (data) => {
      if (data.length > 12 && data[1] % 128 === 0) heard.push({ line, at: now(), bytes: data.subarray(12) });
    });
    socket.on('error', (error) => port.postMessage({ failed: line, reason: String(error) }));
    socket.bind(0, address, () => port.postMessage({ opened: line, port: socket.address().port }));
  },

  say({ line, frequency, to }) {
    const { socket } = lines.get(line);
    const samples = tone({ frequency, seconds: 1 });
    const began = now();
    let sequence = 0;
    const send = () => {
      const packet = Buffer.alloc(12 + samplesPerPacket);
      packet[0] = 0x80;
      packet.writeUInt16BE(sequence % 65_536, 2);
      packet.writeUInt32BE((sequence * samplesPerPacket) % 2 ** 32, 4);
      packet.writeUInt32BE(112, 8);
      for (let index = 0; index < samplesPerPacket; index += 1) {
        packet[12 + index] = toUlaw(samples[(sequence * samplesPerPacket + index) % samples.length]);
      }
      sequence += 1;
      socket.send(packet, to.port, to.host);
    };
    // What a late timer left out is made up for.
    const talk = () => {
      while (began + sequence * packetEvery <= now()) send();
    };
    lines.get(line).talking = setInterval(talk, packetEvery);
  },

  quiet({ line }) {
    clearInterval(lines.get(line)?.talking);
  },

  close({ line }) {
    orders.quiet({ line });
    lines.get(line)?.socket.close();
    lines.delete(line);
  },
};

port.on('message', (order) => orders[order.do](order));
setInterval(() => {
  port.postMessage({ heard });
  heard = [];
}, reportEvery);
