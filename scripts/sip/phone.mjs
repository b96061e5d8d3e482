/**
 * Real SIP phones for tests and the demo: SIPp speaks SIP and RTP, this file tells it what to do and hears what it did.
 *
 * How a phone is told what to do now: requests of our own invention (XANSWER, XBYE, …) are sent over UDP to SIPp's own
 * port with the Call-ID of the call, where the scenario has an optional <recv> for them. SIPp sends everything else to
 * where the call came from, so our socket is never mistaken for the peer. (SIPp's own control port can only quit or
 * change rates, its 3PCC link serves one twin with one command at a time, and a signal ends every call of a process.)
 *
 * How we hear what it did: SIPp's message trace, with its microseconds.
 */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAwake } from './awake.mjs';
import { Call, CallEnded } from './call.mjs';
import { Trace } from './message.mjs';
import { freePort, openSocket, register, sendRaw } from './raw.mjs';
import { Sipp } from './sipp.mjs';

export { Call, CallEnded };
export { parseAddress, SipMessage } from './message.mjs';
export { freePort, inviteText, register, sendRaw } from './raw.mjs';

const random = () => randomBytes(6).toString('hex');
const PROBE = 'siaga-probe-';

/** What phones and citizens share: a process, its trace, its calls and the commands to it. */
class Party extends EventEmitter {
  calls = [];
  behaviourErrors = [];
  #waiting = new Map();
  #taken = 0;

  async open({ sipp, name, scenario, keys, args = [], incoming, law = 'ulaw', ...rest }) {
    this.setMaxListeners(0);
    this.name = name;
    this.law = law;
    this.incoming = incoming;
    this.address = rest.address ?? '127.0.0.1';
    this.port = rest.port ?? (await freePort(this.address));
    this.socket = await openSocket();
    const trace = ['-trace_msg', '-message_file', 'messages.log'];
    this.sipp = await Sipp.start({
      ...rest,
      sipp,
      scenario,
      keys,
      law,
      address: this.address,
      port: this.port,
      args: [...trace, ...args],
    });
    this.pid = this.sipp.pid;
    this.trace = new Trace(join(this.sipp.folder, 'messages.log'), {
      onMessage: (message) => this.#message(message),
      onRefused: (method, callId) => this.#refused(method, callId),
    });
    void this.sipp.exited.then(() => this.#gone());
    return this;
  }

  #gone() {
    this.trace.close();
    for (const call of this.calls) call.phoneGone();
    for (const [key, wait] of this.#waiting)
      wait.reject(new Error(`${this.name}: SIPp has ended before ${key}\n${this.complaints()}`));
    this.socket.close();
    this.emit('gone');
  }

  complaints() {
    return this.sipp?.complaints() ?? '';
  }

  #message(message) {
    const { callId = '' } = message;
    if (callId.startsWith(PROBE)) return;
    if (message.method?.startsWith('X')) {
      this.#waiting.get(`${message.method} ${callId}`)?.resolve();
      return;
    }
    const call = this.calls.find((each) => each.callId === callId);
    if (call) call.take(message);
    else if (message.method === 'INVITE') {
      const fresh = new Call(this, message, { incoming: this.incoming });
      this.calls.push(fresh);
      this.onCall(fresh);
      this.emit('call', fresh);
    } else this.emit('message', message);
  }

  onCall(call) {
    if (!this.behaviour) return;
    // A command that crosses the end of the call is no error; one that fails while the call goes on is.
    new Promise((resolve) => resolve(this.behaviour(call, this))).catch(async (error) => {
      const over = call.waitFor('ended', { within: 500 }).then(
        () => true,
        () => false,
      );
      if (error instanceof CallEnded || call.leaving || this.sipp.end || (await over)) return;
      this.behaviourErrors.push(error);
      this.emit('behaviour-error', error, call);
    });
  }

  #refused(method, callId) {
    this.calls.find((call) => call.callId === callId)?.emit('refused', method);
    this.#waiting
      .get(`${method} ${callId}`)
      ?.reject(new Error(`${this.name}: the call's state does not know ${method}`));
  }

  /** Sends SIPp one of our own requests; resolves when SIPp has received it. */
  command(call, method, headers = {}, { within = 2000 } = {}) {
    const key = `${method} ${call.callId}`;
    const text = [
      `${method} sip:phone@${this.address}:${this.port} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.sipp.end ? 0 : this.socket.address().port};branch=z9hG4bK-${random()}`,
      'From: <sip:director@127.0.0.1>;tag=director',
      'To: <sip:phone@127.0.0.1>;tag=phone',
      `Call-ID: ${call.callId}`,
      `CSeq: 1 ${method}`,
      ...Object.entries(headers).map(([header, value]) => `${header}: ${value}`),
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n');
    return new Promise((resolve, reject) => {
      if (this.sipp.end) return reject(new Error(`${this.name}: SIPp has ended\n${this.complaints()}`));
      if (call.ended) return reject(new CallEnded(`${method}: the call has ended`));
      const finish = (act) => (value) => {
        cancel();
        this.#waiting.delete(key);
        act(value);
      };
      const cancel = afterAwake(within, () =>
        this.#waiting.get(key)?.reject(new Error(`${method}: SIPp did not take it\n${call.story()}`)),
      );
      this.#waiting.set(key, { resolve: finish(resolve), reject: finish(reject) });
      this.socket.send(text, this.port, this.address);
    });
  }

  /** The next call that no earlier waitForCall has returned. */
  waitForCall({ within = 5000 } = {}) {
    const index = this.#taken;
    this.#taken += 1;
    return new Promise((resolve, reject) => {
      const finish = (act) => {
        cancel();
        this.off('call', look);
        this.off('gone', gone);
        act();
      };
      const look = () => this.calls[index] && finish(() => resolve(this.calls[index]));
      const gone = () => finish(() => reject(new Error(`${this.name} has gone\n${this.complaints()}`)));
      const cancel = afterAwake(within, () => {
        if (this.#taken === index + 1) this.#taken = index; // not given out: the next one to ask gets it
        finish(() => reject(new Error(`${this.name}: no call within ${within} ms\n${this.complaints()}`)));
      });
      this.on('call', look);
      this.once('gone', gone);
      look();
      if (this.sipp.end) gone();
    });
  }

  /** Ends the process (calls that are up are not hung up first). */
  async stop(options) {
    const end = await this.sipp.stop(options);
    this.trace.close();
    return end;
  }

  /** As if its plug were pulled. */
  async kill() {
    return this.sipp.kill();
  }
}

/** A phone that is called: an operator's softphone, or an agency's trunk. */
export class Phone extends Party {
  /**
   * Changes what the phone does with its next calls. A behaviour is a function of the call: see `answers` and the others.
   */
  behave(behaviour) {
    this.behaviour = behaviour;
    return this;
  }

  /** Takes the registrations back. Only when the process has ended: SIPp has the port before. */
  async unregister() {
    for (const account of this.accounts) {
      await register({ ...account, server: this.server, address: this.address, port: this.port, expires: 0 });
    }
  }
}

/** Waits until the phone answers OPTIONS: then it takes calls. */
async function untilListening(phone, within = 5000) {
  const deadline = Date.now() + within;
  while (!phone.sipp.end && Date.now() < deadline) {
    const message = [
      `OPTIONS sip:phone@${phone.address}:${phone.port} SIP/2.0`,
      'Via: SIP/2.0/UDP {address}:{port};branch={branch}',
      `From: <sip:probe@127.0.0.1>;tag=${random()}`,
      `To: <sip:phone@${phone.address}>`,
      `Call-ID: ${PROBE}${random()}`,
      'CSeq: 1 OPTIONS',
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n');
    const { final } = await sendRaw({ host: phone.address, port: phone.port, message, within: 50 });
    if (final) return;
  }
  throw new Error(`${phone.name}: SIPp does not listen on ${phone.address}:${phone.port}\n${phone.complaints()}`);
}

/** A phone without registration (an agency's trunk). Resolves when it takes calls. */
export async function startPhone({ behaviour = answers(), accounts = [], server, name = 'phone', ...options }) {
  const address = options.address ?? '127.0.0.1';
  const port = options.port ?? (await freePort(address));
  for (const account of accounts) await register({ ...account, server, address, port });
  const phone = new Phone();
  phone.behaviour = behaviour;
  phone.accounts = accounts;
  phone.server = server;
  await phone.open({ ...options, name, address, port, scenario: 'phone', incoming: true });
  await untilListening(phone).catch(async (error) => {
    await phone.stop();
    throw error;
  });
  return phone;
}

/** An operator's phone: registers with digest, then takes calls on the same port. */
export function registerPhone({ username, password, localPort, name = `phone ${username}`, ...options }) {
  return startPhone({ ...options, name, port: localPort ?? options.port, accounts: [{ username, password }] });
}

// Behaviours: what a phone does with a call, as a function of the call. Write your own where these do not fit.

/**
 * Rings, answers after `after` ms, plays the phone's tone until the call ends (`audio: false`: sends no RTP).
 * `digits` are pressed at their times after the answer; `hangUpAfter` ends the call.
 */
export const answers =
  ({ after = 0, ring = true, audio = true, digits = [], hangUpAfter } = {}) =>
  async (call) => {
    if (ring) await call.ring();
    if (after > 0) await call.pause(after);
    await call.answer();
    if (audio) await call.play();
    await talk(call, { digits, hangUpAfter });
  };

async function talk(call, { digits = [], hangUpAfter }) {
  const press = async ({ digit, after = 0 }) => {
    await call.pause(after);
    await call.press(digit);
  };
  const hangUp = async () => {
    await call.pause(hangUpAfter);
    await call.hangUp();
  };
  await Promise.all([...digits.map(press), ...(hangUpAfter === undefined ? [] : [hangUp()])]);
}

/** An agency: answers and presses a key (1 accepts). */
export const accepts = ({ digit = '1', pressAfter = 300, ...rest } = {}) =>
  answers({ ...rest, digits: [{ digit, after: pressAfter }] });

/** 180 and never an answer. */
export const rings = () => (call) => call.ring();

/** 100 and nothing more. */
export const trying = () => (call) => call.trying();

/** No reply at all. */
export const ignores = () => () => {};

/** 404, 480, 486, 488, 500, 503 or 603. */
export const rejects =
  (status = 486, { after = 0, ring = false } = {}) =>
  async (call) => {
    if (ring) await call.ring();
    if (after > 0) await call.pause(after);
    await call.reject(status);
  };

// Citizens

/**
 * Somebody calls. Resolves with the call when its INVITE is out. `audio: true` plays `tone` after the answer;
 * `hangUpAfter` ends the call that many ms after the answer, `cancelAfter` that many ms after the INVITE.
 */
export async function placeCall({
  sipp,
  server,
  from = '081234567890',
  displayName,
  fromUri,
  to = '112',
  target = `sip:${to}@${server.host}:${server.port}`,
  headers = [],
  assertedIdentity,
  accessNetwork,
  imei,
  callInfo,
  parts = [],
  bodyType,
  audio = true,
  hangUpAfter,
  cancelAfter,
  digits,
  behaviour,
  tone = 440,
  name = `citizen ${from}`,
  within = 5000,
  ...options
}) {
  const address = options.address ?? '127.0.0.1';
  const shown = displayName === undefined ? '' : `"${displayName.replace(/(["\\])/g, '\\$1')}" `;
  const lines = [
    ...(assertedIdentity ? [`P-Asserted-Identity: ${assertedIdentity}`] : []),
    ...(accessNetwork ? [`P-Access-Network-Info: ${accessNetwork}`] : []),
    ...(callInfo ? [`Call-Info: ${callInfo}`] : []),
    ...headers,
    'User-Agent: Siaga citizen',
  ];
  const boundary = `siaga-${random()}`;
  const open = `--${boundary}\r\nContent-Type: application/sdp\r\n\r\n`;
  const more = parts.map(
    (part) =>
      `--${boundary}\r\n${[`Content-Type: ${part.type}`, ...(part.headers ?? [])].join('\r\n')}\r\n\r\n${part.body}\r\n`,
  );
  const party = new Party();
  party.behaviour =
    behaviour ??
    (async (call) => {
      const giveUp = cancelAfter === undefined ? undefined : call.pause(cancelAfter).then(() => call.hangUp());
      giveUp?.catch(() => {});
      await call.waitFor('answered', { within: 3_600_000 });
      if (audio) await call.play();
      await talk(call, { digits, hangUpAfter });
    });
  await party.open({
    ...options,
    sipp,
    server,
    address,
    tone,
    name,
    scenario: 'citizen',
    incoming: false,
    keys: {
      nonce: random(),
      target,
      from: `${shown}<${fromUri ?? `sip:${from}@${address}`}>`,
      to: `<${target}>`,
      from_user: from || 'anonymous',
      contact_params: imei ? `;+sip.instance="<urn:gsma:imei:${imei}>"` : '',
      headers: lines.join('\r\n'),
      body_type: bodyType ?? (parts.length > 0 ? `multipart/mixed;boundary=${boundary}` : 'application/sdp'),
      body_head: parts.length > 0 ? open : '',
      body_tail: parts.length > 0 ? `${more.join('')}--${boundary}--\r\n` : '',
    },
    args: ['-m', '1', '-cid_str', `%u-%p-${random()}@%s`],
  });
  const call = await party.waitForCall({ within }).catch(async (error) => {
    await party.stop();
    throw error;
  });
  return call;
}

// Crowds: many calls from one process, without anyone steering them.

/** With `logs`, SIPp writes this file in its folder: a line `TIME invite CALLER` for each INVITE that came or went out. */
const logsOf = (logs) => (logs ? ['-trace_logs', '-log_file', 'invites.log'] : []);

/**
 * Phones that answer by themselves, for load: 180, `answerAfter` ms, 200, the tone, until BYE; they hang up themselves after
 * `talkFor` ms.
 */
export async function startAnswerer({
  accounts = [],
  server,
  answerAfter = 200,
  talkFor = 7_200_000,
  logs = false,
  name = 'answerer',
  ...options
}) {
  const address = options.address ?? '127.0.0.1';
  const port = options.port ?? (await freePort(address));
  for (const account of accounts) await register({ ...account, server, address, port });
  const phone = { name, address, port, accounts, sipp: undefined };
  phone.sipp = await Sipp.start({
    ...options,
    address,
    port,
    scenario: 'answerer',
    keys: { answer_after: answerAfter, talk_for: talkFor },
    args: logsOf(logs),
  });
  phone.folder = phone.sipp.folder;
  phone.pid = phone.sipp.pid;
  phone.complaints = () => phone.sipp.complaints();
  phone.stop = (limits) => phone.sipp.stop(limits);
  await untilListening(phone).catch(async (error) => {
    await phone.stop();
    throw error;
  });
  return phone;
}

/** `calls` calls at `rate` per second, each held `holdFor` ms. `finished` resolves with the statistics. */
export async function startCrowd({
  sipp,
  server,
  calls,
  rate = 10,
  holdFor = 1000,
  atOnce = Math.max(calls, 1),
  to = '112',
  from = '0812',
  headers = [],
  tone = 440,
  logs = false,
  ...options
}) {
  const address = options.address ?? '127.0.0.1';
  const port = options.port ?? (await freePort(address));
  const process = await Sipp.start({
    ...options,
    sipp,
    server,
    address,
    port,
    tone,
    scenario: 'crowd',
    keys: {
      nonce: random(),
      target: `sip:${to}@${server.host}:${server.port}`,
      from_user: from,
      hold: holdFor,
      headers: [...headers, 'User-Agent: Siaga crowd'].join('\r\n'),
    },
    args: [
      ...['-m', String(calls), '-r', String(rate), '-l', String(atOnce), '-cid_str', `%u-%p-${random()}@%s`],
      ...['-trace_stat', '-stf', 'stat.csv', '-fd', '1', '-trace_rtt', '-rtt_freq', '1'],
      ...logsOf(logs),
    ],
  });
  const finished = process.exited.then((end) => ({
    ...statistics(process),
    exit: end,
    complaints: process.complaints(),
  }));
  return {
    pid: process.pid,
    folder: process.folder,
    finished,
    progress: () => statistics(process),
    stop: (limits) => process.stop(limits),
  };
}

function statistics(process) {
  const read = (file) =>
    existsSync(join(process.folder, file)) ? readFileSync(join(process.folder, file), 'utf8').trim().split('\n') : [];
  const rows = read('stat.csv').map((line) => line.split(';'));
  const last = rows.length > 1 ? rows.at(-1) : [];
  const number = (column) => Number(last[rows[0]?.indexOf(column) ?? -1] ?? 0);
  const times = {};
  for (const line of read(`crowd_${process.pid}_rtt.csv`)) {
    const [, value, name] = line.split(';');
    if (Number.isFinite(Number(value))) (times[name] ??= []).push(Number(value));
  }
  const spread = (name) => {
    const sorted = (times[name] ?? []).sort((a, b) => a - b);
    const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
    return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
  };
  return {
    created: number('TotalCallCreated'),
    successful: number('SuccessfulCall(C)'),
    failed: number('FailedCall(C)'),
    current: number('CurrentCall'),
    retransmissions: number('Retransmissions(C)'),
    ringing: spread('ringing'),
    answer: spread('answer'),
    answers: times.answer ?? [],
  };
}
