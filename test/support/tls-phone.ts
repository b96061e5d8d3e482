import { createHash, randomBytes } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { SipMessage } from '../../scripts/sip/phone.mjs';
import { until } from './rest.ts';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const random = (): string => randomBytes(6).toString('hex');

/** A phone over TLS, by hand: SIPp's own keeps no connection between its registration and its calls. */
export class TlsPhone {
  readonly received: SipMessage[] = [];
  readonly #socket: TLSSocket;
  readonly #account: { username: string; password: string };
  readonly #server: string;
  readonly #contact: string;
  #rest = '';
  #sequence = 0;

  private constructor(socket: TLSSocket, port: number, account: { username: string; password: string }) {
    this.#socket = socket;
    this.#account = account;
    this.#server = `127.0.0.1:${port};transport=tls`;
    this.#contact = `<sip:${account.username}@127.0.0.1:${socket.localPort ?? 0};transport=tls>`;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => undefined);
  }

  static async open(port: number, account: { username: string; password: string }): Promise<TlsPhone> {
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const opened = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, minVersion: 'TLSv1.2' }, () =>
        resolve(opened),
      );
      opened.once('error', reject);
    });
    return new TlsPhone(socket, port, account);
  }

  get protocol(): string | null {
    return this.#socket.getProtocol();
  }

  /** The final status of a request, sent again with its digest when it is challenged. */
  async request(method: 'REGISTER' | 'INVITE', user: string, body = ''): Promise<number> {
    const callId = random();
    const uri = method === 'REGISTER' ? `sip:${this.#server}` : `sip:${user}@${this.#server}`;
    const first = await this.#exchange(method, uri, callId, body, '');
    if (first.status !== 401) return first.status ?? 0;
    const challenge = first.header('WWW-Authenticate') ?? '';
    const part = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
    const { username, password } = this.#account;
    const [nonce, cnonce] = [part('nonce'), random()];
    const secret = md5(`${username}:${part('realm')}:${password}`);
    const response = md5(`${secret}:${nonce}:00000001:${cnonce}:auth:${md5(`${method}:${uri}`)}`);
    const authorization =
      `Authorization: Digest username="${username}",realm="${part('realm')}",nonce="${nonce}",uri="${uri}",` +
      `response="${response}",algorithm=MD5,qop=auth,nc=00000001,cnonce="${cnonce}",opaque="${part('opaque')}"\r\n`;
    return (await this.#exchange(method, uri, callId, body, authorization)).status ?? 0;
  }

  /** The next request of Asterisk, also one that has come. */
  async next(method: string, within = 10_000): Promise<SipMessage> {
    const found = (): SipMessage | undefined => this.received.find((one) => one.method === method);
    await until(`${method} comes over TLS`, () => found() !== undefined, within);
    const message = found();
    if (message === undefined) throw new Error('unreachable');
    this.received.splice(this.received.indexOf(message), 1);
    return message;
  }

  reply(request: SipMessage, status: string, body = ''): void {
    const to = request.header('To') ?? '';
    const copied = ['Via', 'From', 'Call-ID', 'CSeq'].flatMap((name) =>
      request.all(name).map((one) => `${name}: ${one}`),
    );
    this.#send([
      `SIP/2.0 ${status}`,
      ...copied,
      `To: ${to.includes(';tag=') ? to : `${to};tag=phone`}`,
      `Contact: ${this.#contact}`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
      '',
      body,
    ]);
  }

  close(): void {
    this.#socket.destroy();
  }

  async #exchange(
    method: string,
    uri: string,
    callId: string,
    body: string,
    authorization: string,
  ): Promise<SipMessage> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const own = `sip:${this.#account.username}@127.0.0.1`;
    this.#send([
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/TLS 127.0.0.1:${this.#socket.localPort ?? 0};branch=z9hG4bK${random()};rport`,
      `From: <${own}>;tag=${callId}`,
      `To: <${method === 'REGISTER' ? own : uri}>`,
      `Call-ID: ${callId}`,
      `CSeq: ${sequence} ${method}`,
      'Max-Forwards: 70',
      `Contact: ${this.#contact}`,
      ...(method === 'REGISTER' ? ['Expires: 3600'] : []),
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `${authorization}Content-Length: ${body.length}`,
      '',
      body,
    ]);
    const answer = (): SipMessage | undefined =>
      this.received.find(
        (one) => one.status !== undefined && one.status >= 200 && one.callId === callId && one.cseq === sequence,
      );
    await until(`${method} is answered over TLS`, () => answer() !== undefined);
    const found = answer();
    if (found === undefined) throw new Error('unreachable');
    if (method === 'INVITE') this.#acknowledge(uri, callId, sequence, found);
    return found;
  }

  #acknowledge(uri: string, callId: string, sequence: number, answer: SipMessage): void {
    this.#send([
      `ACK ${uri} SIP/2.0`,
      `Via: ${answer.header('Via') ?? ''}`,
      `From: ${answer.header('From') ?? ''}`,
      `To: ${answer.header('To') ?? ''}`,
      `Call-ID: ${callId}`,
      `CSeq: ${sequence} ACK`,
      'Max-Forwards: 70',
      'Content-Length: 0',
      '',
      '',
    ]);
  }

  #send(lines: readonly string[]): void {
    this.#socket.write(lines.join('\r\n'), 'latin1');
  }

  #take(text: string): void {
    this.#rest = (this.#rest + text).replace(/^(\r\n)+/, '');
    for (;;) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/^content-length:\s*(\d+)/im.exec(this.#rest.slice(0, end))?.[1] ?? 0);
      if (this.#rest.length < end + 4 + length) return;
      this.received.push(new SipMessage(this.#rest.slice(0, end + 4 + length)));
      this.#rest = this.#rest.slice(end + 4 + length);
    }
  }
}
