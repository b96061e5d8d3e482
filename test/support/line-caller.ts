import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { SAMPLE_RATE } from '../../scripts/sip/tones.mjs';
import { WireCall } from './wire.ts';

/** Prompts and music as well as tones; a voice's pauses between two words are shorter than anything asked about. */
const audible = 300;
/** Packets of 20 ms. */
export const packetEvery = 20;

/** What the thread with the sockets says; times are those of Date.now(), in milliseconds with fractions. */
const saidByMedia = z.union([
  z.object({ opened: z.number(), port: z.number() }),
  z.object({ failed: z.number(), reason: z.string() }),
  z.object({
    heard: z.array(z.object({ line: z.number(), at: z.number(), bytes: z.instanceof(Uint8Array) })),
  }),
]);

export interface Heard {
  at: number;
  samples: Int16Array;
  /** Of frequencies that were asked for: their part of the energy. */
  shares: Map<number, number>;
}

/** The thread that carries the media of callers; its owner stops it. */
export class Media {
  readonly #worker = new Worker(new URL('rtp-lines.mjs', import.meta.url));
  readonly #heard = new Map<number, Heard[]>();
  readonly #opening = new Map<number, (result: number | Error) => void>();
  #lines = 0;

  constructor() {
    this.#worker.on('message', (message) => this.#take(saidByMedia.parse(message)));
  }

  async open(address: string): Promise<{ line: number; port: number; heard: readonly Heard[] }> {
    const line = (this.#lines += 1);
    const heard: Heard[] = [];
    this.#heard.set(line, heard);
    const port = await new Promise<number>((resolve, reject) => {
      this.#opening.set(line, (result) => (typeof result === 'number' ? resolve(result) : reject(result)));
      this.tell({ do: 'open', line, address });
    });
    return { line, port, heard };
  }

  tell(order: { do: string; line: number; [detail: string]: unknown }): void {
    this.#worker.postMessage(order);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  close(line: number): void {
    this.tell({ do: 'close', line });
    this.#heard.delete(line);
  }

  #take(message: z.output<typeof saidByMedia>): void {
    if ('opened' in message) return this.#opening.get(message.opened)?.(message.port);
    if ('failed' in message) return this.#opening.get(message.failed)?.(new Error(message.reason));
    for (const { line, at, bytes } of message.heard)
      this.#heard.get(line)?.push({ at, samples: fromUlaw(bytes), shares: new Map() });
  }
}

/**
 * A caller who says a tone and listens to what really comes over the wire: what a recording in Asterisk holds is not
 * always what was sent.
 */
export class LineCaller {
  readonly wire: WireCall;
  readonly #media: Media;
  readonly #line: number;
  readonly #heard: readonly Heard[];
  readonly #host: string;
  #to: { host: string; port: number } | null = null;
  #closed = false;

  private constructor(wire: WireCall, media: Media, line: number, heard: readonly Heard[], host: string) {
    this.wire = wire;
    this.#media = media;
    this.#line = line;
    this.#heard = heard;
    this.#host = host;
  }

  /** Opens the sockets; nothing is sent yet. */
  static async open(
    media: Media,
    options: {
      server: { host: string; port: number };
      address: string;
      number?: string;
      /** What is dialled, 112 unless said otherwise. */
      dials?: string;
      /** An operator's phone. */
      account?: { username: string; password: string };
      /** Whole header lines, beside those that any INVITE has. */
      headers?: readonly string[];
    },
  ): Promise<LineCaller> {
    const { line, port, heard } = await media.open(options.address);
    const body = [
      'v=0',
      `o=- 1 1 IN IP4 ${options.address}`,
      's=-',
      `c=IN IP4 ${options.address}`,
      't=0 0',
      `m=audio ${port} RTP/AVP 0 101`,
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      '',
    ].join('\r\n');
    const { server, address, account, dials = '112', headers = [] } = options;
    const from = `<sip:${account?.username ?? options.number ?? '081234567890'}@127.0.0.1>`;
    const wire = await WireCall.open({
      server,
      address,
      from,
      body,
      headers,
      uri: `sip:${dials.replaceAll('#', '%23')}@${server.host}:${server.port}`,
      ...(account === undefined ? {} : { account }),
    });
    return new LineCaller(wire, media, line, heard, options.server.host);
  }

  /** INVITE, answer, ACK; from then on the tone is said. */
  async talk(frequency: number): Promise<void> {
    const answer = await this.wire.talk(10_000).catch((error: unknown) => {
      this.wire.cancel();
      throw error;
    });
    this.#to = { host: this.#host, port: Number(/m=audio (\d+)/.exec(answer.body)?.[1]) };
    this.say(frequency);
  }

  /** Says another tone from now on; 0 is a line on which nothing is said, but packets come. */
  say(frequency: number): void {
    this.#media.tell({ do: 'say', line: this.#line, frequency, to: this.#to });
  }

  /** Sends no packets any more, and does not hang up. */
  fallSilent(): void {
    this.#media.tell({ do: 'quiet', line: this.#line });
  }

  /** A key as a telephone event in the media (RFC 4733, earlier RFC 2833). */
  press(key: string): void {
    this.#media.tell({ do: 'press', line: this.#line, key, to: this.#to });
  }

  get ended(): boolean {
    return this.wire.requests.some(({ method }) => method === 'BYE');
  }

  async hangUp(): Promise<void> {
    this.#media.tell({ do: 'quiet', line: this.#line });
    await this.wire.hangUp();
  }

  /** Everything that came, one packet after the other. */
  samples(): Int16Array {
    return samplesOf(this.#heard);
  }

  /** Seconds of a tone that came since then (milliseconds, as of Date.now()). */
  secondsOf(frequency: number, since = 0): number {
    return (this.#packetsWith(frequency, since).length * packetEvery) / 1_000;
  }

  /** Is a tone, and nothing else, heard for so many seconds on end? A voice has any tone for a moment. */
  hearsOnly(frequency: number, seconds: number): boolean {
    const least = (seconds * 1_000) / packetEvery;
    let run = 0;
    return this.#heard.some((packet) => (run = shareOf(packet, frequency) > 0.9 ? run + 1 : 0) >= least);
  }

  /** The longest time in milliseconds without any sound since then (as of Date.now()), up to now. */
  longestSilence(since: number): number {
    const heard = this.#heard.filter(
      ({ at, samples }) => at >= since && samples.some((one) => Math.abs(one) > audible),
    );
    const times = [since, ...heard.map(({ at }) => at), Date.now()];
    return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
  }

  /**
   * Milliseconds of a tone that were never heard, from then (as of Date.now()) to the last that was. What a busy machine
   * brings late, and then at once, is not missing.
   */
  missed(frequency: number, since: number): number {
    const packets = this.#packetsWith(frequency, since);
    return (packets.at(-1)?.at ?? since) - since - packets.length * packetEvery;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#media.close(this.#line);
    this.wire.close();
  }

  #packetsWith(frequency: number, since: number): Heard[] {
    return this.#heard.filter((packet) => packet.at >= since && shareOf(packet, frequency) > 0.2);
  }
}

/** One packet after the other. */
export function samplesOf(heard: readonly Heard[]): Int16Array {
  const samples = new Int16Array(heard.reduce((sum, packet) => sum + packet.samples.length, 0));
  let at = 0;
  for (const packet of heard) {
    samples.set(packet.samples, at);
    at += packet.samples.length;
  }
  return samples;
}

/** The part of a packet's energy that a frequency has. */
export function shareOf({ samples, shares }: Heard, frequency: number): number {
  const known = shares.get(frequency) ?? share(samples, frequency);
  shares.set(frequency, known);
  return known;
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
