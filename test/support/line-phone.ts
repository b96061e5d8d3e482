import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { SipMessage, type Account, type Server } from '../../scripts/sip/phone.mjs';
import { register } from '../../scripts/sip/raw.mjs';
import { packetEvery, samplesOf, shareOf, type Heard, type Media } from './line-caller.ts';

/**
 * A phone (an operator's, or an agency's at its trunk) that answers one call, says a tone and listens to what really
 * comes over the wire: what is whispered to an operator is in no recording, and the recording of who was muted both
 * ways may stay empty although he hears again.
 */
export class LinePhone {
  readonly requests: SipMessage[] = [];
  readonly #tag = randomBytes(6).toString('hex');
  readonly #address: string;
  readonly #server: Server;
  readonly #sip: Socket;
  readonly #media: Media;
  readonly #line: { line: number; port: number; heard: readonly Heard[] };
  readonly #tone: number;
  #to: Server | null = null;

  private constructor(parts: {
    address: string;
    server: Server;
    sip: Socket;
    media: Media;
    line: { line: number; port: number; heard: readonly Heard[] };
    tone: number;
  }) {
    this.#address = parts.address;
    this.#server = parts.server;
    this.#sip = parts.sip;
    this.#media = parts.media;
    this.#line = parts.line;
    this.#tone = parts.tone;
    this.#sip.on('message', (data) => this.#take(new SipMessage(data.toString('utf8'))));
  }

  /** Registers where it has an account, and answers from then on. */
  static async start(
    media: Media,
    {
      address = '127.0.0.1',
      port,
      server,
      account,
      tone,
    }: {
      address?: string;
      port: number;
      server: Server;
      account?: Account;
      tone: number;
    },
  ): Promise<LinePhone> {
    if (account !== undefined) await register({ ...account, server, address, port });
    const sip = createSocket('udp4').unref();
    await new Promise<void>((resolve, reject) => {
      sip.once('error', reject);
      sip.bind(port, address, resolve);
    });
    return new LinePhone({ address, server, sip, media, line: await media.open(address), tone });
  }

  get ended(): boolean {
    return this.requests.some(({ method }) => method === 'BYE' || method === 'CANCEL');
  }

  /** Seconds of a tone that came since then (milliseconds, as of Date.now()). */
  secondsOf(frequency: number, since = 0): number {
    const packets = this.#line.heard.filter((packet) => packet.at >= since && shareOf(packet, frequency) > 0.2);
    return (packets.length * packetEvery) / 1_000;
  }

  /** Everything that came since then (milliseconds, as of Date.now()). */
  samples(since: number): Int16Array {
    return samplesOf(this.#line.heard.filter(({ at }) => at >= since));
  }

  /** Milliseconds on end of what came since then that were without a tone; a word over it leaves some of it in each packet. */
  longestWithout(frequency: number, since: number): number {
    let run = 0;
    const runs = this.#line.heard
      .filter(({ at }) => at >= since)
      .map((packet) => (run = shareOf(packet, frequency) > 0.05 ? 0 : run + 1));
    return Math.max(0, ...runs) * packetEvery;
  }

  /** A key as a telephone event in the media (RFC 4733, earlier RFC 2833). */
  press(key: string): void {
    this.#media.tell({ do: 'press', line: this.#line.line, key, to: this.#to });
  }

  /** Sends nothing any more: its network is gone, and it does not know. */
  fallSilent(): void {
    this.#media.tell({ do: 'quiet', line: this.#line.line });
  }

  speak(): void {
    this.#media.tell({ do: 'say', line: this.#line.line, frequency: this.#tone, to: this.#to });
  }

  close(): void {
    this.#media.close(this.#line.line);
    this.#sip.close();
  }

  #take(message: SipMessage): void {
    if (message.method === undefined) return;
    this.requests.push(message);
    if (message.method === 'ACK') return;
    if (message.method !== 'INVITE') return this.#answer(message, '');
    const port = Number(/m=audio (\d+)/.exec(message.body)?.[1]);
    this.#media.tell({ do: 'quiet', line: this.#line.line });
    this.#to = { host: this.#server.host, port };
    this.#media.tell({ do: 'say', line: this.#line.line, frequency: this.#tone, to: this.#to });
    const own = this.#address;
    this.#answer(
      message,
      [
        'v=0',
        `o=- 1 1 IN IP4 ${own}`,
        's=-',
        `c=IN IP4 ${own}`,
        't=0 0',
        `m=audio ${this.#line.port} RTP/AVP 0 101`,
        'a=rtpmap:101 telephone-event/8000',
        'a=fmtp:101 0-15',
        '',
      ].join('\r\n'),
    );
  }

  #answer(request: SipMessage, body: string): void {
    const copied = request.headers.filter(([name]) => /^(via|from|call-id|cseq|record-route)$/i.test(name));
    const to = request.header('To') ?? '';
    const lines = [
      'SIP/2.0 200 OK',
      ...copied.map(([name, value]) => `${name}: ${value}`),
      `To: ${to.includes('tag=') ? to : `${to};tag=${this.#tag}`}`,
      `Contact: <sip:phone@${this.#address}:${this.#sip.address().port}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
      '',
      body,
    ];
    this.#sip.send(lines.join('\r\n'), this.#server.port, this.#server.host);
  }
}
