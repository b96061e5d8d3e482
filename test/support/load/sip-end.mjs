// One UDP port that speaks as much SIP as a load needs: many calls each way, nothing of a phone's comfort.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { SipMessage } from '../../../scripts/sip/message.mjs';
import { authorization } from '../../../scripts/sip/raw.mjs';

const hex = () => randomBytes(6).toString('hex');
/** RFC 3261, 17.1.1.2: 0.5 s, 1 s, 2 s … */
const firstWait = 500;
const longestWait = 16_000;
/** What was asked last of all is not asked for ever. */
const mostTries = 7;
/** An answer may come again for so long (64 times the first wait, and some). */
const rememberedFor = 40_000;

const sdp = (address, port) =>
  [
    'v=0',
    `o=- 1 1 IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0 101`,
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    '',
  ].join('\r\n');

export class SipEnd {
  #socket;
  #server;
  #asking = new Map();

  /** Opens a port; `take` gets every request of Asterisk's but OPTIONS, which is answered here unless the end is deaf. */
  static async open({ address, port = 0, server, take }) {
    const end = new SipEnd();
    end.address = address;
    end.#server = server;
    end.take = take;
    end.deaf = false;
    end.#socket = createSocket('udp4');
    await new Promise((resolve, reject) => {
      end.#socket.once('error', reject);
      end.#socket.bind(port, address, resolve);
    });
    end.#socket.on('error', () => {}); // a port that is gone for a moment: silence is what is counted anyway
    end.#socket.on('message', (data) => end.#take(data));
    end.port = end.#socket.address().port;
    return end;
  }

  /** What a call of ours begins with. */
  dialog({ number, dials }) {
    const uri = `sip:${dials}@${this.#server.host}:${this.#server.port}`;
    return {
      callId: `load-${hex()}@${this.address}`,
      uri,
      local: `<sip:${number}@${this.address}>;tag=${hex()}`,
      remote: `<${uri}>`,
      cseq: 0,
      user: number,
    };
  }

  /** The dialog of a call that came to us, once it is answered. */
  dialogOf(invite) {
    return {
      callId: invite.callId,
      uri: /<([^>]+)>/.exec(invite.header('Contact') ?? '')?.[1] ?? '',
      local: `${invite.header('To')};tag=${hex()}`,
      remote: invite.header('From') ?? '',
      cseq: 0,
      user: 'phone',
    };
  }

  /** Asks inside a dialog, and again until something is answered. `answered` gets every response. */
  ask(dialog, method, { body = '', type = 'application/sdp', more = [], answered = () => {} } = {}) {
    dialog.cseq += 1;
    const branch = `z9hG4bK-${hex()}`;
    const text = this.#text(dialog, method, { cseq: dialog.cseq, branch, body, type, more });
    const key = `${dialog.callId} ${dialog.cseq} ${method}`;
    const asked = { branch, answered, timer: undefined };
    this.#asking.set(key, asked);
    setTimeout(() => this.#asking.delete(key), rememberedFor).unref();
    const send = (wait, tries) => {
      this.#send(text);
      if (tries < mostTries) asked.timer = setTimeout(send, wait, Math.min(wait * 2, longestWait), tries + 1);
    };
    send(firstWait, 1);
  }

  invite(dialog, rtpPort, answered) {
    this.ask(dialog, 'INVITE', { body: sdp(this.address, rtpPort), answered });
  }

  /** A final answer to an INVITE is acknowledged: one that accepts within the dialog, one that refuses by its branch. */
  acknowledge(dialog, answer) {
    const branch = /branch=([^;]+)/.exec(answer.header('Via') ?? '')?.[1];
    if (answer.status < 300) {
      dialog.uri = /<([^>]+)>/.exec(answer.header('Contact') ?? '')?.[1] ?? dialog.uri;
      dialog.remote = answer.header('To') ?? dialog.remote;
    }
    const about = answer.status < 300 ? dialog : { ...dialog, remote: answer.header('To') ?? dialog.remote };
    this.#send(
      this.#text(about, 'ACK', { cseq: answer.cseq, branch: answer.status < 300 ? `z9hG4bK-${hex()}` : branch }),
    );
  }

  reply(request, status, { dialog, rtpPort } = {}) {
    const copied = request.headers.filter(([name]) => /^(via|from|call-id|cseq|record-route)$/i.test(name));
    const body = rtpPort === undefined ? '' : sdp(this.address, rtpPort);
    const lines = [
      `SIP/2.0 ${status}`,
      ...copied.map(([name, value]) => `${name}: ${value}`),
      `To: ${dialog?.local ?? request.header('To')}`,
      `Contact: <sip:phone@${this.address}:${this.port}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
      '',
      body,
    ];
    this.#send(lines.join('\r\n'));
  }

  /** Registers an account at this port; resolves with the final status, 0 when nothing was answered. */
  register({ username, password }) {
    const uri = `sip:${this.#server.host}:${this.#server.port}`;
    const own = `<sip:${username}@${this.#server.host}>`;
    const dialog = { callId: `reg-${hex()}`, uri, local: `${own};tag=${hex()}`, remote: own, cseq: 0, user: username };
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, 10_000, 0);
      const ask = (more) =>
        this.ask(dialog, 'REGISTER', {
          more: [...more, 'Expires: 300'],
          answered: (answer) => {
            if (answer.status === 401 && dialog.cseq === 1) {
              const challenge = answer.header('WWW-Authenticate') ?? '';
              const proof = authorization({ challenge, method: 'REGISTER', uri, username, password });
              return ask([`Authorization: ${proof}`]);
            }
            if (answer.status < 200) return;
            clearTimeout(limit);
            resolve(answer.status);
          },
        });
      ask([]);
    });
  }

  close() {
    for (const { timer } of this.#asking.values()) clearTimeout(timer);
    this.#socket.close();
  }

  #take(data) {
    if (this.deaf) return;
    const message = new SipMessage(data.toString('latin1'));
    if (message.method === 'OPTIONS') return this.reply(message, '200 OK');
    if (message.method !== undefined) return this.take(message, this);
    const asked = this.#asking.get(`${message.callId} ${message.cseq} ${message.about}`);
    if (asked === undefined) return;
    clearTimeout(asked.timer);
    asked.answered(message);
  }

  #text({ callId, uri, local, remote, user }, method, { cseq, branch, body = '', type = '', more = [] }) {
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.address}:${this.port};rport;branch=${branch}`,
      'Max-Forwards: 70',
      `From: ${local}`,
      `To: ${remote}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:${user}@${this.address}:${this.port}>`,
      ...more,
      ...(body === '' ? [] : [`Content-Type: ${type}`]),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  }

  #send(text) {
    this.#socket.send(text, this.#server.port, this.#server.host);
  }
}
