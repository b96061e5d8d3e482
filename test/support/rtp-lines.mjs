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

/** The line's next packet; one of a telephone event stands still in time. */
function packetOf(line, payloadType, payload, at) {
  const state = lines.get(line);
  const packet = Buffer.alloc(12 + payload.length);
  packet[0] = 0x80;
  packet[1] = payloadType;
  packet.writeUInt16BE(state.sequence % 65_536, 2);
  packet.writeUInt32BE((at ?? state.timestamp) % 2 ** 32, 4);
  packet.writeUInt32BE(112, 8);
  packet.set(payload, 12);
  state.sequence += 1;
  state.timestamp += samplesPerPacket;
  return packet;
}

const orders = {
  open({ line, address }) {
    const socket = createSocket('udp4');
    lines.set(line, { socket, talking: undefined, sequence: 0, timestamp: 0 });
    socket.on('message', (data) => {
      if (data.length > 12 && data[1] % 128 === 0) heard.push({ line, at: now(), bytes: data.subarray(12) });
    });
    socket.on('error', (error) => port.postMessage({ failed: line, reason: String(error) }));
    socket.bind(0, address, () => port.postMessage({ opened: line, port: socket.address().port }));
  },

  say({ line, frequency, to }) {
    orders.quiet({ line });
    const { socket } = lines.get(line);
    const samples = tone({ frequency, seconds: 1 });
    const began = now();
    let said = 0;
    const send = () => {
      const payload = Uint8Array.from({ length: samplesPerPacket }, (_, index) =>
        toUlaw(samples[(said * samplesPerPacket + index) % samples.length]),
      );
      said += 1;
      socket.send(packetOf(line, 0, payload), to.port, to.host);
    };
    // What a late timer left out is made up for.
    const talk = () => {
      while (began + said * packetEvery <= now()) send();
    };
    lines.get(line).talking = setInterval(talk, packetEvery);
  },

  /** A key as a telephone event of 100 ms (RFC 4733, earlier RFC 2833), its end said three times. */
  press({ line, key, to }) {
    const { socket } = lines.get(line);
    const { timestamp } = lines.get(line);
    const event = '0123456789*#ABCD'.indexOf(key);
    for (let packet = 1; packet <= 7; packet += 1) {
      const ended = packet > 4;
      const duration = Math.min(packet, 5) * samplesPerPacket;
      const payload = [event, (ended ? 0x80 : 0) | 10, duration >> 8, duration & 0xff];
      socket.send(packetOf(line, 101, Uint8Array.from(payload), timestamp), to.port, to.host);
    }
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
