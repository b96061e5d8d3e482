// The sound of a load: every end says a tone, and what comes to callers is measured as it comes. No packet is kept.
import { createSocket } from 'node:dgram';
import { tone, toUlaw } from '../../../scripts/sip/tones.mjs';

const samplesPerPacket = 160;
const packetEvery = 20;
/** After a stand-still longer than this a line goes on from now, and does not make up for it. */
const mostAtOnce = 25;
/** A machine that stood still longer than this between two looks could let nothing happen. */
const longestLook = 150;
/** What is lost for good shows within this; what only came late has caught up by then. */
const bucket = 1_000;
/** Milliseconds of sound that somebody who talks notices the want of. */
const shortestGap = 200;
/** And so long nobody may be left without person, prompt or music. */
const longestSilence = 5_000;

export const now = () => performance.timeOrigin + performance.now();

let spent = 0;
let looked = performance.now();
/** Milliseconds that this thread has been able to run. */
export function awake() {
  const at = performance.now();
  spent += Math.min(at - looked, longestLook);
  looked = at;
  return spent;
}

const tones = new Map();
function packetsOf(frequency) {
  const known = tones.get(frequency);
  if (known !== undefined) return known;
  const samples = tone({ frequency, seconds: 1 });
  const made = Array.from({ length: 50 }, (_, packet) =>
    Buffer.from(Array.from({ length: samplesPerPacket }, (__, n) => toUlaw(samples[packet * samplesPerPacket + n]))),
  );
  tones.set(frequency, made);
  return made;
}

/** Says a tone on every line that is open, from one timer. */
export class Speakers {
  #lines = new Set();
  #timer = setInterval(() => this.#speak(), packetEvery);

  say({ socket, to, frequency, ssrc }) {
    const line = { socket, to, packets: packetsOf(frequency), ssrc, began: now(), said: 0 };
    this.#lines.add(line);
    return () => this.#lines.delete(line);
  }

  stop() {
    clearInterval(this.#timer);
  }

  #speak() {
    awake();
    const at = now();
    for (const line of this.#lines) {
      const due = Math.floor((at - line.began) / packetEvery) + 1;
      if (due - line.said > mostAtOnce) line.said = due - 1;
      for (; line.said < due; line.said += 1) this.#send(line);
    }
  }

  #send({ socket, to, packets, ssrc, said }) {
    const packet = Buffer.allocUnsafe(12 + samplesPerPacket);
    packet[0] = 0x80;
    packet[1] = 0;
    packet.writeUInt16BE(said % 65_536, 2);
    packet.writeUInt32BE((said * samplesPerPacket) % 2 ** 32, 4);
    packet.writeUInt32BE(ssrc, 8);
    packets[said % packets.length].copy(packet, 12);
    socket.send(packet, to.port, to.host);
  }
}

export function openMedia(address, take) {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    if (take !== undefined) socket.on('message', take);
    socket.bind(0, address, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** What one caller hears: whether anything, whether a person, and what of a conversation never came. */
export class Meter {
  /** Times without any sound that were too long: milliseconds awake, and when they began. */
  silences = [];
  gaps = [];
  personAt = null;
  #frequency;
  #starvation;
  #sound = { awake: awake(), at: now() };
  #packets = 0;
  #hits = 0;
  #watched = null;

  /** `frequency`: the tone by which a person is known. */
  constructor(frequency, starvation) {
    this.#frequency = frequency;
    this.#starvation = starvation;
  }

  /** From now on every packet of 20 ms is expected. */
  watch() {
    const time = awake();
    this.#watched = { began: time, last: time, count: 0, bucket: 0, least: Infinity, before: Infinity, pauses: [0, 0] };
  }

  unwatch() {
    this.#watched = null;
  }

  heard(data) {
    if (data.length < 172 || (data[1] & 0x7f) !== 0) return;
    const time = awake();
    this.#packets += 1;
    if (isSound(data)) {
      this.#noteSilence(time);
      this.#sound = { awake: time, at: now() };
    }
    if (this.personAt === null && this.#packets % 3 === 0) this.#lookForPerson(data);
    if (this.#watched !== null) this.#count(this.#watched, time);
  }

  /** Takes account of what did not come until now. */
  settle() {
    const time = awake();
    this.#noteSilence(time);
    const watched = this.#watched;
    if (watched === null || time - watched.last < 2 * bucket) return;
    this.#noteGap(time - watched.last, time - watched.last);
    this.watch();
  }

  #noteGap(lost, ago) {
    this.gaps.push({ at: now() - ago, ms: Math.round(lost), starved: this.#starvation.inLast(ago + bucket) });
  }

  #noteSilence(time) {
    const ms = Math.round(time - this.#sound.awake);
    if (ms <= longestSilence) return;
    // One that goes on is one.
    this.silences = [...this.silences.filter(({ at }) => at !== this.#sound.at), { ms, at: this.#sound.at }];
  }

  #lookForPerson(data) {
    this.#hits = share(data, this.#frequency) > 0.5 ? this.#hits + 1 : 0;
    if (this.#hits >= 2) this.personAt = now();
  }

  /**
   * How far the sound lies behind where it would be had nothing been lost: the least of each second. Where that grows from
   * one second to the next, and there was a pause as long, so much is lost; what came late, and then at once, is not.
   */
  #count(watched, time) {
    watched.pauses[1] = Math.max(watched.pauses[1], time - watched.last);
    watched.last = time;
    const index = Math.floor((time - watched.began) / bucket);
    if (index !== watched.bucket) {
      const lost = watched.least - watched.before;
      if (lost > shortestGap && Math.max(...watched.pauses) > shortestGap) {
        this.#noteGap(lost, (index - watched.bucket) * bucket);
      }
      Object.assign(watched, { before: watched.least, least: Infinity, pauses: [watched.pauses[1], 0], bucket: index });
    }
    watched.count += 1;
    watched.least = Math.min(watched.least, time - watched.began - watched.count * packetEvery);
  }
}

/** Is there anything louder than a line's noise in the packet? */
function isSound(data) {
  for (let n = 12; n < 172; n += 8) if ((~data[n] & 0x70) >= 0x20) return true;
  return false;
}

/** The part of the energy that a frequency has. */
function share(data, frequency) {
  let real = 0;
  let imaginary = 0;
  let energy = 0;
  for (let n = 0; n < samplesPerPacket; n += 1) {
    const sample = linear[data[12 + n]];
    const angle = (2 * Math.PI * frequency * n) / 8_000;
    real += sample * Math.cos(angle);
    imaginary += sample * Math.sin(angle);
    energy += sample * sample;
  }
  if (energy < samplesPerPacket * 10_000) return 0;
  return ((real * real + imaginary * imaginary) * 2) / samplesPerPacket / energy;
}

const linear = Int16Array.from({ length: 256 }, (_, byte) => {
  const inverted = ~byte & 0xff;
  const magnitude = (((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4);
  return inverted & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
});
