import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { SipMessage } from '../../scripts/sip/phone.mjs';
import { authorization } from '../../scripts/sip/raw.mjs';
import { until } from './rest.ts';

/** A caller by hand, for INVITEs that no phone would send, and for looking at the RTP that comes back. */
export interface WireOptions {
  server: { host: string; port: number };
  /** Loopback address to call from. */
  address: string;
  /** Request URI. */
  uri?: string;
  from?: string;
  to?: string;
  callId?: string;
  contact?: string;
  /** Whole header lines; bytes go out as they are. */
  headers?: readonly (string | Buffer)[];
  contentType?: string;
  /** `{rtp}` becomes the port of the media. */
  body?: string;
  /** How the text goes out; latin1 makes a byte of each character. */
  encoding?: 'utf8' | 'latin1';
  /** Answers a challenge (401) with digest. */
  account?: { username: string; password: string };
}

interface Packet {
  payload: number;
  /** Of a telephone event (payload 101): the key. */
  key: string | null;
}

const random = (): string => randomBytes(6).toString('hex');

/** An offer of the codecs given, with telephone events. */
export function offer(
  codecs: readonly string[] = ['8 PCMA/8000'],
  more: readonly string[] = [],
  profile = 'RTP/AVP',
): string {
  const numbers = codecs.map((codec) => codec.split(' ')[0]);
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 {address}',
    't=0 0',
    `m=audio {rtp} ${profile} ${numbers.join(' ')} 101`,
    ...codecs.map((codec) => `a=rtpmap:${codec}`),
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    ...more,
    '',
  ].join('\r\n');
}

export class WireCall {
  readonly callId: string;
  readonly replies: SipMessage[] = [];
  /** Requests that Asterisk sent us: BYE, mostly. */
  readonly requests: SipMessage[] = [];
  readonly packets: Packet[] = [];
  readonly #options: Required<Omit<WireOptions, 'account'>> & Pick<WireOptions, 'account'>;
  readonly #sip: Socket;
  readonly #rtp: Socket;
  #branch = `z9hG4bK-${random()}`;
  /** Of our latest request. */
  #sequence = 1;
  #inviteSequence = 1;
  #credentials: string | undefined;
  readonly #tag = random();
  #acknowledgement: Buffer | null = null;
  #closed = false;

  private constructor(options: WireOptions, sip: Socket, rtp: Socket) {
    const uri = options.uri ?? 'sip:112@127.0.0.1';
    this.callId = options.callId ?? `wire-${random()}@127.0.0.1`;
    this.#sip = sip;
    this.#rtp = rtp;
    this.#options = {
      uri,
      callId: this.callId,
      from: '<sip:081234567890@127.0.0.1>',
      to: `<${uri}>`,
      contact: `<sip:citizen@${options.address}:${sip.address().port}>`,
      headers: [],
      contentType: 'application/sdp',
      body: offer(),
      encoding: 'utf8',
      ...options,
    };
    sip.on('message', (data) => this.#take(new SipMessage(data.toString(options.encoding ?? 'utf8'))));
    rtp.on('message', (data) => this.packets.push(readRtp(data)));
    for (const socket of [sip, rtp]) socket.on('error', () => undefined);
  }

  /** Opens the sockets; nothing is sent yet. */
  static async open(options: WireOptions): Promise<WireCall> {
    return new WireCall(options, await bind(options.address), await bind(options.address));
  }

  get status(): number | undefined {
    return this.#final()?.status;
  }

  invite(): void {
    const { uri, headers, contact, contentType, from, to } = this.#options;
    const body = this.#fill(this.#options.body);
    const lines: (string | Buffer)[] = [
      `INVITE ${uri} SIP/2.0`,
      this.#via(this.#branch),
      'Max-Forwards: 70',
      `From: ${from};tag=${this.#tag}`,
      `To: ${to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${this.#inviteSequence} INVITE`,
      ...(this.#credentials === undefined ? [] : [`Authorization: ${this.#credentials}`]),
      `Contact: ${contact}`,
      ...headers,
      ...(body === '' ? [] : [`Content-Type: ${contentType}`]),
      `Content-Length: ${Buffer.byteLength(body, this.#options.encoding)}`,
      '',
      body,
    ];
    const bytes = lines.map((line) =>
      typeof line === 'string' ? Buffer.from(this.#fill(line), this.#options.encoding) : line,
    );
    const invite = Buffer.concat(bytes.flatMap((line, index) => (index === 0 ? [line] : [Buffer.from('\r\n'), line])));
    this.#insist(invite, 'INVITE');
  }

  cancel(): void {
    const { uri, from, to } = this.#options;
    this.#send(
      this.#request(`CANCEL ${uri}`, `${this.#inviteSequence} CANCEL`, this.#branch, {
        from: `${from};tag=${this.#tag}`,
        to,
      }),
    );
  }

  ack(): void {
    this.#acknowledgement = this.#inside('ACK', this.#inviteSequence);
    this.#send(this.#acknowledgement);
  }

  bye(): void {
    this.#insist(this.#inside('BYE', (this.#sequence += 1)), 'BYE');
  }

  /** A key of the phone, as SIP INFO (application/dtmf-relay). Resolves when it is answered. */
  async press(key: string): Promise<void> {
    const before = this.#repliesTo('INFO');
    const head = this.#inside('INFO', (this.#sequence += 1)).toString();
    const body = `Signal=${key}\r\nDuration=160\r\n`;
    const length = `Content-Type: application/dtmf-relay\r\nContent-Length: ${body.length}\r\n`;
    this.#insist(Buffer.from(head.replace('Content-Length: 0\r\n', length) + body), 'INFO');
    await until('the key is taken', () => this.#repliesTo('INFO') > before, 5_000);
  }

  /** The final answer to the INVITE; one that refuses is acknowledged at once, one that accepts is not. */
  async answered(within = 5_000): Promise<SipMessage> {
    await until(`the INVITE ${this.callId} is answered`, () => this.#final() !== undefined, within);
    const final = this.#final();
    if (final === undefined) throw new Error('unreachable');
    return final;
  }

  /** INVITE, answer, ACK: the caller is on the line. */
  async talk(within = 5_000): Promise<SipMessage> {
    this.invite();
    const answer = await this.answered(within);
    if (answer.status !== 200) throw new Error(`the INVITE was refused: ${answer.start}`);
    this.ack();
    return answer;
  }

  /** Ends the call if it is up, and waits for the answer to the BYE. */
  async hangUp(): Promise<void> {
    if (this.status !== 200 || this.requests.some(({ method }) => method === 'BYE')) return;
    const before = this.#repliesTo('BYE');
    this.bye();
    await until('the BYE is answered', () => this.#repliesTo('BYE') > before, 5_000);
  }

  close(): void {
    this.#closed = true;
    for (const socket of [this.#sip, this.#rtp]) {
      try {
        socket.close();
      } catch {
        // closed before
      }
    }
  }

  /** The keys that came as telephone events, each once. */
  keys(): string[] {
    const keys = this.packets.flatMap(({ key }) => key ?? []);
    return keys.filter((key, index) => key !== keys[index - 1]);
  }

  #take(message: SipMessage): void {
    if (message.method !== undefined) {
      this.requests.push(message);
      const copied = message.headers.filter(([name]) => /^(via|from|to|call-id|cseq)$/i.test(name));
      const lines = copied.map(([name, value]) => `${name}: ${value}`);
      this.#send(Buffer.from(['SIP/2.0 200 OK', ...lines, 'Content-Length: 0', '\r\n'].join('\r\n')));
      return;
    }
    this.replies.push(message);
    if (message.about !== 'INVITE') return;
    if (message.status === 200 && this.#acknowledgement !== null) this.#send(this.#acknowledgement);
    if ((message.status ?? 0) >= 300) {
      const { uri, from } = this.#options;
      const to = message.header('To') ?? '';
      const sequence = `${message.cseq} ACK`;
      this.#send(this.#request(`ACK ${uri}`, sequence, this.#branch, { from: `${from};tag=${this.#tag}`, to }));
    }
    if (this.#isChallenge(message) && this.#credentials === undefined) this.#inviteAgain(message);
  }

  #final(): SipMessage | undefined {
    return this.replies.find(
      (reply) => reply.about === 'INVITE' && (reply.status ?? 0) >= 200 && !this.#isChallenge(reply),
    );
  }

  #isChallenge({ status, cseq }: SipMessage): boolean {
    return status === 401 && cseq === 1 && this.#options.account !== undefined;
  }

  #inviteAgain(challenged: SipMessage): void {
    const { account, uri } = this.#options;
    if (account === undefined) return;
    const challenge = challenged.header('WWW-Authenticate') ?? '';
    this.#credentials = authorization({ challenge, method: 'INVITE', uri, ...account });
    this.#branch = `z9hG4bK-${random()}`;
    this.#inviteSequence = this.#sequence += 1;
    this.invite();
  }

  #inside(method: string, sequence: number): Buffer {
    const answer = this.#final();
    const uri = /<([^>]+)>/.exec(answer?.header('Contact') ?? '')?.[1] ?? this.#options.uri;
    const to = answer?.header('To') ?? this.#options.to;
    return this.#request(`${method} ${uri}`, `${sequence} ${method}`, `z9hG4bK-${random()}`, {
      from: `${this.#options.from};tag=${this.#tag}`,
      to,
    });
  }

  #request(start: string, sequence: string, branch: string, { from, to }: { from: string; to: string }): Buffer {
    const lines = [
      `${start} SIP/2.0`,
      this.#via(branch),
      'Max-Forwards: 70',
      `From: ${from}`,
      `To: ${to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${sequence}`,
      'Content-Length: 0',
      '\r\n',
    ];
    return Buffer.from(lines.join('\r\n'), this.#options.encoding);
  }

  #via(branch: string): string {
    return `Via: SIP/2.0/UDP ${this.#options.address}:${this.#sip.address().port};rport;branch=${branch}`;
  }

  #fill(text: string): string {
    return text.replaceAll('{address}', this.#options.address).replaceAll('{rtp}', String(this.#rtp.address().port));
  }

  /** Over UDP, a request is sent again until something answers it: 0.5 s, 1 s, 2 s … (RFC 3261, 17.1.1.2). */
  #insist(bytes: Buffer, method: string, wait = 500, before = this.#repliesTo(method)): void {
    if (this.#repliesTo(method) > before || this.#closed) return;
    this.#send(bytes);
    if (wait < 32_000) setTimeout(() => this.#insist(bytes, method, wait * 2, before), wait).unref();
  }

  #repliesTo(method: string): number {
    return this.replies.filter((reply) => reply.about === method).length;
  }

  #send(bytes: Buffer): void {
    const { host, port } = this.#options.server;
    this.#sip.send(bytes, port, host);
  }
}

function bind(address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.unref();
    socket.once('error', reject);
    socket.bind(0, address, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

const keyNames = '0123456789*#ABCD';

function readRtp(data: Buffer): Packet {
  const payload = (data[1] ?? 0) & 0x7f;
  const key = payload === 101 ? (keyNames[data[12] ?? 0] ?? null) : null;
  return { payload, key };
}
