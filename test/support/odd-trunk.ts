import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { SipMessage } from '../../scripts/sip/phone.mjs';
import { tone, toUlaw } from '../../scripts/sip/tones.mjs';

/** What the trunk says to an INVITE, and to the CANCEL of one (default: 487, as it should). */
export interface OddReply {
  invite: (request: SipMessage, trunk: OddTrunk) => void;
  cancelled?: (invite: SipMessage, trunk: OddTrunk) => void;
}

/** µ-law sound, its port filled in for `{rtp}`. */
export const sound = (...more: readonly string[]): string =>
  ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', ...more, ''].join('\r\n');

const samplesPerPacket = 160;

/** The other side of a trunk by hand, for replies that no phone would give. */
export class OddTrunk {
  /** Without the ACKs. */
  readonly requests: SipMessage[] = [];
  readonly #reply: OddReply;
  readonly #sip: Socket = createSocket('udp4');
  readonly #rtp: Socket = createSocket('udp4');
  #media: NodeJS.Timeout | undefined;
  #peer = { port: 0, address: '' };

  constructor(reply: OddReply) {
    this.#reply = reply;
    this.#sip.on('message', (data, from) => {
      this.#peer = from;
      this.#take(new SipMessage(data.toString()));
    });
  }

  async open(): Promise<this> {
    for (const socket of [this.#sip, this.#rtp]) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    return this;
  }

  get port(): number {
    return this.#sip.address().port;
  }

  say(
    request: SipMessage,
    status: string,
    { headers = [], body = '' }: { headers?: string[]; body?: string } = {},
  ): void {
    const copied = ['Via', 'From', 'Call-ID', 'CSeq'].flatMap((name) =>
      request.all(name).map((value) => `${name}: ${value}`),
    );
    const own = headers.some((header) => header.startsWith('Contact:'))
      ? []
      : [`Contact: <sip:odd@127.0.0.1:${this.port}>`];
    const filled = body.replace('{rtp}', String(this.#rtp.address().port));
    const type = filled === '' ? [] : ['Content-Type: application/sdp'];
    const to = `To: ${request.header('To') ?? ''};tag=odd`;
    const head = [`SIP/2.0 ${status}`, ...copied, to, ...own, ...headers, ...type, `Content-Length: ${filled.length}`];
    this.sayBytes([...head, '', filled].join('\r\n'));
  }

  sayBytes(text: string): void {
    this.#sip.send(text, this.#peer.port, this.#peer.address);
  }

  /** Sends these payloads to where the INVITE wants its sound, one every 20 ms. */
  send(invite: SipMessage, packets: readonly { type: number; payload: Buffer; timestamp: number }[]): void {
    const port = Number(/^m=audio (\d+)/m.exec(invite.body)?.[1]);
    let sequence = 0;
    this.#media = setInterval(() => {
      const packet = packets[sequence];
      if (packet === undefined) return clearInterval(this.#media);
      const head = Buffer.alloc(12);
      head[0] = 0x80;
      head[1] = packet.type;
      head.writeUInt16BE(sequence, 2);
      head.writeUInt32BE(packet.timestamp, 4);
      head.writeUInt32BE(112, 8);
      this.#rtp.send(Buffer.concat([head, packet.payload]), port, '127.0.0.1');
      sequence += 1;
    }, 20);
  }

  close(): void {
    clearInterval(this.#media);
    this.#sip.close();
    this.#rtp.close();
  }

  #take(request: SipMessage): void {
    if (request.method === undefined || request.method === 'ACK') return;
    this.requests.push(request);
    if (request.method === 'INVITE') return this.#reply.invite(request, this);
    this.say(request, '200 OK');
    if (request.method !== 'CANCEL') return;
    const invite = this.requests.find(({ method, callId }) => method === 'INVITE' && callId === request.callId);
    if (invite === undefined) return;
    if (this.#reply.cancelled === undefined) this.say(invite, '487 Request Terminated');
    else this.#reply.cancelled(invite, this);
  }
}

type Packets = Parameters<OddTrunk['send']>[1];

/** Key 1 as a telephone event of 160 ms (RFC 4733), its end said three times, after a second of silence. */
export function keyAsEvent(type: number): Packets {
  const silent = Array.from({ length: 50 }, (_none, index) => ({
    type: 0,
    payload: Buffer.alloc(samplesPerPacket, 0xff),
    timestamp: index * samplesPerPacket,
  }));
  const timestamp = 50 * samplesPerPacket;
  const event = Array.from({ length: 11 }, (_none, index) => {
    const duration = Math.min(index + 1, 8) * samplesPerPacket;
    return { type, payload: Buffer.from([1, index < 8 ? 10 : 0x8a, duration >> 8, duration & 0xff]), timestamp };
  });
  return [...silent, ...event];
}

/** Key 1 as its two tones in the sound (ITU-T Q.23: 697 and 1209 Hz) for 200 ms, after a second of silence. */
export function keyAsTones(): Packets {
  const low = tone({ frequency: 697, seconds: 0.2 });
  const high = tone({ frequency: 1209, seconds: 0.2 });
  const key = low.map((sample, index) => sample / 2 + (high[index] ?? 0) / 2);
  return Array.from({ length: 100 }, (_none, index) => {
    const from = (index - 50) * samplesPerPacket;
    const samples = Array.from({ length: samplesPerPacket }, (_sample, at) => (from < 0 ? 0 : (key[from + at] ?? 0)));
    return { type: 0, payload: Buffer.from(samples.map(toUlaw)), timestamp: index * samplesPerPacket };
  });
}
