/** SIP by hand over UDP: crafted messages that no well-behaved phone would send, and registration. */
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { SipMessage } from './message.mjs';

const hex = (bytes = 6) => randomBytes(bytes).toString('hex');

/** Opens a UDP socket on a loopback address; port 0 takes a free one. */
export function openSocket({ address = '127.0.0.1', port = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      socket.on('error', () => {}); // ICMP refusals: silence is what the caller waits for anyway
      resolve(socket);
    });
  });
}

const close = (socket) => new Promise((resolve) => socket.close(resolve));

/** A UDP port that is free on that address now. */
export async function freePort(address = '127.0.0.1') {
  const socket = await openSocket({ address });
  const { port } = socket.address();
  await close(socket);
  return port;
}

/**
 * Sends a message as it stands and collects what comes back, until a final response (or `until` says so) or until
 * `within` ms have passed: silence is a result too. `{address}`, `{port}` and `{branch}` in the message are filled in.
 * A final answer to an INVITE is acknowledged, and an accepted call hung up, unless `acknowledge` is false.
 */
export async function sendRaw({
  host = '127.0.0.1',
  port,
  message,
  address = '127.0.0.1',
  localPort = 0,
  within = 1000,
  until = (reply) => reply.status >= 200,
  acknowledge = true,
}) {
  const socket = await openSocket({ address, port: localPort });
  const fill = (text) =>
    text
      .replaceAll('{address}', address)
      .replaceAll('{port}', String(socket.address().port))
      .replaceAll('{branch}', `z9hG4bK-${hex()}`);
  const bytes = typeof message === 'string' ? Buffer.from(fill(message), 'utf8') : message;
  const sentAt = Date.now();
  const replies = [];
  try {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, within);
      socket.on('message', (data) => {
        const reply = new SipMessage(data.toString('utf8'));
        replies.push(reply);
        if (acknowledge && reply.status >= 200 && reply.about === 'INVITE') {
          for (const answer of closing(reply, address, socket.address().port)) socket.send(answer, port, host);
        }
        if (!until(reply)) return;
        clearTimeout(timer);
        resolve();
      });
      socket.send(bytes, port, host, (error) => {
        if (!error) return;
        clearTimeout(timer);
        reject(error);
      });
    });
    return { replies, final: replies.find((reply) => reply.status >= 200), sentAt };
  } finally {
    await close(socket);
  }
}

/** ACK of a final answer; after an acceptance a BYE as well. */
function closing(reply, address, port) {
  const accepted = reply.status < 300;
  const uri = /<([^>]+)>/.exec(reply.header('Contact') ?? reply.header('To') ?? '')?.[1] ?? 'sip:112@127.0.0.1';
  const via = accepted ? `SIP/2.0/UDP ${address}:${port};branch=z9hG4bK-${hex()}` : reply.all('Via')[0];
  const request = (method, cseq, top) =>
    [
      `${method} ${uri} SIP/2.0`,
      `Via: ${top}`,
      'Max-Forwards: 70',
      `From: ${reply.header('From')}`,
      `To: ${reply.header('To')}`,
      `Call-ID: ${reply.callId}`,
      `CSeq: ${cseq} ${method}`,
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n');
  const ack = request('ACK', reply.cseq, via);
  return accepted ? [ack, request('BYE', reply.cseq + 1, `${via}b`)] : [ack];
}

/** A whole INVITE with an offer, of which every part can be replaced: the start for crafted ones. */
export function inviteText({
  uri = 'sip:112@127.0.0.1',
  from = '<sip:081234567890@127.0.0.1>',
  to = `<${uri}>`,
  headers = [],
  callId = `raw-${hex()}@127.0.0.1`,
  contentType = 'application/sdp',
  body = OFFER,
} = {}) {
  return [
    `INVITE ${uri} SIP/2.0`,
    'Via: SIP/2.0/UDP {address}:{port};rport;branch={branch}',
    'Max-Forwards: 70',
    `From: ${from};tag=${hex()}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    'CSeq: 1 INVITE',
    'Contact: <sip:citizen@{address}:{port}>',
    ...headers,
    ...(body ? [`Content-Type: ${contentType}`] : []),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

export const OFFER = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 9 RTP/AVP 0 8',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  '',
].join('\r\n');

const HASHES = { MD5: 'md5', 'SHA-256': 'sha256' };

/** The Authorization header that answers a 401's challenge (RFC 7616, qop=auth or none). */
export function authorization({ challenge, method, uri, username, password }) {
  const field = (name) =>
    new RegExp(`\\b${name}=(?:"([^"]*)"|([^,\\s]*))`, 'i')
      .exec(challenge)
      ?.slice(1)
      .find((v) => v !== undefined);
  const algorithm = field('algorithm') ?? 'MD5';
  const hash = (text) =>
    createHash(HASHES[algorithm.toUpperCase()] ?? 'md5')
      .update(text)
      .digest('hex');
  const [realm, nonce, opaque] = [field('realm') ?? '', field('nonce') ?? '', field('opaque')];
  const qop = /\bauth\b/.test(field('qop') ?? '') ? 'auth' : undefined;
  const cnonce = hex(8);
  const ha1 = hash(`${username}:${realm}:${password}`);
  const ha2 = hash(`${method}:${uri}`);
  const response = hash(qop ? `${ha1}:${nonce}:00000001:${cnonce}:auth:${ha2}` : `${ha1}:${nonce}:${ha2}`);
  return [
    `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=${algorithm}`,
    ...(qop ? [`qop=auth, nc=00000001, cnonce="${cnonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ].join(', ');
}

/**
 * REGISTER with digest, sent from the port on which the phone will listen afterwards: an Asterisk endpoint with
 * rewrite_contact takes the contact from there. `expires: 0` takes the registration back. Throws unless it is accepted.
 */
export async function register({
  server,
  username,
  password,
  address = '127.0.0.1',
  port,
  expires = 3600,
  within = 5000,
}) {
  const socket = await openSocket({ address, port });
  const uri = `sip:${server.host}:${server.port}`;
  const callId = `reg-${hex()}@${address}`;
  const tag = hex();
  const deadline = Date.now() + within;
  const ask = (cseq, credentials) => {
    const text = [
      `REGISTER ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${address}:${port};rport;branch=z9hG4bK-${hex()}`,
      'Max-Forwards: 70',
      `From: <sip:${username}@${server.host}>;tag=${tag}`,
      `To: <sip:${username}@${server.host}>`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} REGISTER`,
      `Contact: <sip:${username}@${address}:${port}>`,
      ...(credentials ? [`Authorization: ${credentials}`] : []),
      `Expires: ${expires}`,
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n');
    return new Promise((resolve, reject) => {
      const send = () => socket.send(text, server.port, server.host);
      const again = setInterval(send, 500);
      const finish = (act) => {
        clearInterval(again);
        clearTimeout(limit);
        socket.off('message', take);
        act();
      };
      const limit = setTimeout(
        () =>
          finish(() =>
            reject(new Error(`REGISTER ${username} at ${server.host}:${server.port}: no answer in ${within} ms`)),
          ),
        Math.max(0, deadline - Date.now()),
      );
      const take = (data) => {
        const reply = new SipMessage(data.toString('utf8'));
        if (reply.callId === callId && reply.cseq === cseq && reply.status >= 200) finish(() => resolve(reply));
      };
      socket.on('message', take);
      send();
    });
  };
  try {
    let reply = await ask(1);
    if (reply.status === 401) {
      const challenge = reply.header('WWW-Authenticate') ?? '';
      reply = await ask(2, authorization({ challenge, method: 'REGISTER', uri, username, password }));
    }
    if (reply.status !== 200) throw new Error(`REGISTER ${username}: ${reply.status} ${reply.reason}`);
    return reply;
  } finally {
    await close(socket);
  }
}
