import { createSocket, type Socket } from 'node:dgram';
import { SAMPLE_RATE, tone, toUlaw } from '../../scripts/sip/tones.mjs';
import { WireCall } from './wire.ts';

/** Packets of 20 ms. */
const samplesPerPacket = 160;
const packetEvery = 20;

interface Heard {
  at: number;
  samples: Int16Array;
}

/**
 * A caller who says a tone and listens to what really comes over the wire: what a recording in Asterisk holds is not
 * always what was sent.
 */
export class LineCaller {
  readonly wire: WireCall;
  readonly #rtp: Socket;
  readonly #heard: Heard[] = [];
  #timer: NodeJS.Timeout | undefined;

  private constructor(wire: WireCall, rtp: Socket) {
    this.wire = wire;
    this.#rtp = rtp;
    rtp.on('message', (data) => {
      if ((data[1] ?? 0) % 128 === 0) this.#heard.push({ at: performance.now(), samples: fromUlaw(data.subarray(12)) });
    });
  }

  /** INVITE, answer, ACK; from then on the tone is said. */
  static async dial(options: {
    server: { host: string; port: number };
    address: string;
    tone: number;
  }): Promise<LineCaller> {
    const rtp = createSocket('udp4');
    rtp.unref();
    await new Promise<void>((resolve, reject) => {
      rtp.once('error', reject);
      rtp.bind(0, options.address, resolve);
    });
    const body = [
      'v=0',
      `o=- 1 1 IN IP4 ${options.address}`,
      's=-',
      `c=IN IP4 ${options.address}`,
      't=0 0',
      `m=audio ${rtp.address().port} RTP/AVP 0`,
      '',
    ].join('\r\n');
    const wire = await WireCall.open({ server: options.server, address: options.address, body });
    const caller = new LineCaller(wire, rtp);
    const answer = await wire.talk(10_000);
    caller.#say(options.tone, Number(/m=audio (\d+)/.exec(answer.body)?.[1]), options.server.host);
    return caller;
  }

  get ended(): boolean {
    return this.wire.requests.some(({ method }) => method === 'BYE');
  }

  async hangUp(): Promise<void> {
    clearInterval(this.#timer);
    await this.wire.hangUp();
  }

  /** Seconds of a tone that came since then (performance.now()). */
  secondsOf(frequency: number, since = 0): number {
    return (this.#packetsWith(frequency, since).length * packetEvery) / 1_000;
  }

  /** The longest time in milliseconds without a tone since then, up to now. */
  longestGap(frequency: number, since: number): number {
    const times = [since, ...this.#packetsWith(frequency, since).map(({ at }) => at), performance.now()];
    return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
  }

  close(): void {
    clearInterval(this.#timer);
    this.wire.close();
    this.#rtp.close();
  }

  #packetsWith(frequency: number, since: number): Heard[] {
    return this.#heard.filter(({ at, samples }) => at >= since && share(samples, frequency) > 0.2);
  }

  #say(frequency: number, port: number, host: string): void {
    const samples = tone({ frequency, seconds: 1 });
    let sequence = 0;
    this.#timer = setInterval(() => {
      const packet = Buffer.alloc(12 + samplesPerPacket);
      packet[0] = 0x80;
      packet.writeUInt16BE(sequence % 65_536, 2);
      packet.writeUInt32BE(sequence * samplesPerPacket, 4);
      packet.writeUInt32BE(112, 8);
      for (let index = 0; index < samplesPerPacket; index += 1) {
        packet[12 + index] = toUlaw(samples[(sequence * samplesPerPacket + index) % samples.length] ?? 0);
      }
      sequence += 1;
      this.#rtp.send(packet, port, host);
    }, packetEvery).unref();
  }
}

/** The part of the energy that a frequency has. */
function share(samples: Int16Array, frequency: number): number {
  let real = 0;
  let imaginary = 0;
  let energy = 0;
  samples.forEach((sample, index) => {
    const angle = (2 * Math.PI * frequency * index) / SAMPLE_RATE;
    real += sample * Math.cos(angle);
    imaginary += sample * Math.sin(angle);
    energy += sample * sample;
  });
  const silent = energy < samples.length * 10_000;
  return silent ? 0 : ((real * real + imaginary * imaginary) * 2) / samples.length / energy;
}

function fromUlaw(bytes: Uint8Array): Int16Array {
  return Int16Array.from(bytes, (byte) => {
    const inverted = ~byte & 0xff;
    const magnitude = (((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4);
    return inverted & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
  });
}
