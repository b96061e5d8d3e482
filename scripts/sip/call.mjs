/** One call as a phone sees it: what came and went, when, and what the phone is to do next. */
import { EventEmitter } from 'node:events';
import { afterAwake } from './awake.mjs';
import { parseAddress } from './message.mjs';

/** Thrown where a behaviour waits and the call is over: the behaviour ends there. */
export class CallEnded extends Error {}

export class Call extends EventEmitter {
  /** Milliseconds since 1970 (with fraction) of: invite, trying, ringing, answered (200), confirmed (ACK), cancel, bye, ended. */
  times = {};
  events = [];
  messages = [];
  /** Final status of the INVITE, once there is one. */
  status;
  endedBy;
  /** We have asked for its end: what a behaviour can no longer do is no error. */
  leaving = false;
  #seen = new Set();
  #turn = Promise.resolve();

  constructor(phone, invite, { incoming }) {
    super();
    this.setMaxListeners(0);
    this.phone = phone;
    this.incoming = incoming;
    this.callId = invite.callId;
    this.invite = invite;
    this.from = parseAddress(invite.header('From'));
    this.take(invite);
  }

  /** A header of the INVITE. */
  header(name) {
    return this.invite.header(name);
  }

  get ended() {
    return this.times.ended !== undefined;
  }

  /** A message from SIPp's trace becomes times and events; retransmissions are kept but mean nothing new. */
  take(message) {
    this.messages.push(message);
    const key = [message.sent, message.start, message.header('CSeq'), message.method && message.header('Via')].join(
      '|',
    );
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (message.method) this.#request(message);
    else this.#response(message);
  }

  #request(message) {
    const { method, sent, at } = message;
    if (method === 'INVITE') {
      if (this.times.invite === undefined) this.#happened('invited', message, 'invite');
      else this.#happened('reinvited', message);
    } else if (method === 'ACK') {
      if (this.status >= 300) this.#over(message);
      else if (this.times.confirmed === undefined) {
        this.times.confirmed = at;
        this.#happened('answered', message);
      }
    } else if (method === 'CANCEL') this.#happened('cancelled', message, 'cancel');
    else if (method === 'BYE') {
      this.endedBy ??= sent ? 'us' : 'them';
      this.#happened(sent ? 'bye-sent' : 'bye-received', message, 'bye');
    } else if (method === 'INFO') this.#happened(sent ? 'info-sent' : 'info', message);
    else this.#happened(method.toLowerCase(), message);
  }

  #response(message) {
    const { status, about } = message;
    if (about === 'INVITE' && this.times.confirmed === undefined) {
      if (status === 100) this.#happened('trying', message, 'trying');
      else if (status === 180) this.#happened('ringing', message, 'ringing');
      else if (status < 200) this.#happened('progress', message, 'progress');
      else {
        this.status ??= status;
        if (status < 300) this.#happened('accepted', message, 'answered');
        else this.#happened('failed', message, 'failed');
      }
    } else if (about === 'BYE' && status >= 200 && this.status !== undefined) this.#over(message);
    else if (status >= 200 && message.sent === false) this.#happened('request-answered', message);
  }

  #happened(name, message, time) {
    if (time !== undefined) this.times[time] ??= message.at;
    this.events.push({ name, at: message.at, message });
    this.emit('event', name, message);
    this.emit(name, message);
  }

  #over(message) {
    if (this.ended) return;
    this.times.ended = message.at;
    this.#happened('ended', message);
  }

  /** The phone's process has gone, with the call still up. */
  phoneGone() {
    if (!this.ended) this.#over({ at: Date.now() });
  }

  /** Milliseconds from one of the times to another. */
  span(from, to) {
    const [start, end] = [this.times[from], this.times[to]];
    return start === undefined || end === undefined ? undefined : end - start;
  }

  /** Resolves with the `count`th event of that name (also one that has passed). Fails at its limit, or at the call's end. */
  waitFor(name, { within = 5000, count = 1 } = {}) {
    const past = () => this.events.filter((event) => event.name === name)[count - 1];
    return new Promise((resolve, reject) => {
      const finish = (act) => {
        cancel();
        this.off('event', look);
        act();
      };
      const look = () => {
        const event = past();
        if (event) finish(() => resolve(event));
        else if (this.ended) finish(() => reject(new CallEnded(`The call ended before "${name}".\n${this.story()}`)));
      };
      const cancel = afterAwake(within, () =>
        finish(() => reject(new Error(`No "${name}" within ${within} ms.\n${this.story()}`))),
      );
      this.on('event', look);
      look();
    });
  }

  /** For behaviours: some time later, or CallEnded. */
  pause(ms) {
    return new Promise((resolve, reject) => {
      const finish = (act) => {
        clearTimeout(timer);
        this.off('ended', gone);
        act();
      };
      const gone = () => finish(() => reject(new CallEnded('The call ended')));
      const timer = setTimeout(() => finish(resolve), ms);
      this.once('ended', gone);
      if (this.ended) gone();
    });
  }

  // What the phone can be told. Each resolves when SIPp has done it.

  trying() {
    return this.#tell('XTRYING', 'trying');
  }

  ring() {
    return this.#tell('XRING', 'ringing');
  }

  /** 183 with SDP. */
  progress() {
    return this.#tell('XPROGRESS', 'progress');
  }

  /** 200; resolves at the ACK. */
  answer() {
    return this.#tell('XANSWER', 'answered');
  }

  /** 404, 480, 486, 488, 500, 503 or 603. */
  reject(status = 486) {
    return this.#tell(`X${status}`, 'failed');
  }

  /** Plays the phone's tone, over and over, from now on. */
  play() {
    return this.#tell(this.phone.law === 'alaw' ? 'XPLAYALAW' : 'XPLAY');
  }

  /** Sends no RTP at all until resumeAudio. */
  pauseAudio() {
    return this.#tell('XPAUSE');
  }

  resumeAudio() {
    return this.#tell('XRESUME');
  }

  /** A key, as SIP INFO (application/dtmf-relay). Resolves when it is answered. */
  press(digit) {
    return this.#ask('XDIGIT', { 'X-Digit': digit });
  }

  hold() {
    return this.#ask('XHOLD', { 'X-Direction': 'sendonly' });
  }

  unhold() {
    return this.#ask('XHOLD', { 'X-Direction': 'sendrecv' });
  }

  /** The softphone's transfer button: a blind REFER to `<sip:…>`. */
  refer(target) {
    return this.#ask('XREFER', { 'X-Target': target });
  }

  /** Sends a command and waits for what it must lead to, or for SIPp's remark that it does not fit. */
  async #tell(command, event, { headers, count, within } = {}) {
    if (/^X(BYE|CANCEL|\d+)$/.test(command)) this.leaving = true;
    let look;
    const refused = new Promise((_, reject) => {
      look = (method) => {
        if (method === command) reject(new Error(`${command} does not fit the call.\n${this.story()}`));
      };
      this.on('refused', look);
    });
    const done = this.phone.command(this, command, headers).then(() => event && this.waitFor(event, { count, within }));
    try {
      return await Promise.race([done, refused]);
    } finally {
      done.catch(() => {});
      this.off('refused', look);
    }
  }

  /** A request of ours inside the call: one at a time, each until its final answer. */
  #ask(command, headers) {
    const ask = () => {
      const count = this.events.filter((event) => event.name === 'request-answered').length + 1;
      return this.#tell(command, 'request-answered', { headers, count });
    };
    const turn = this.#turn.then(ask, ask);
    this.#turn = turn;
    turn.catch(() => {});
    return turn;
  }

  /** Ends the call whatever its state: BYE, CANCEL, or a refusal. Resolves when it has ended. */
  async hangUp({ within = 5000 } = {}) {
    if (!this.ended && this.times.bye === undefined) {
      const up = this.times.confirmed !== undefined;
      const command = up ? 'XBYE' : this.incoming ? 'X480' : 'XCANCEL';
      // The other side may be quicker: then the command does not fit any more, and the call ends all the same.
      await this.#tell(command, 'ended', { within }).catch((error) => {
        if (this.ended || this.times.bye !== undefined) return undefined;
        if (!up && this.times.confirmed !== undefined) return this.#tell('XBYE', 'ended', { within });
        throw error;
      });
    }
    return this.waitFor('ended', { within });
  }

  /** CANCEL, as a caller that gives up. */
  cancel() {
    return this.#tell('XCANCEL', 'cancelled');
  }

  /** BYE in the early dialog, before any answer. */
  byeEarly() {
    return this.#tell('XBYE', 'bye-sent');
  }

  /** The call's messages, one a line, for the message of a failed test. */
  story() {
    const lines = this.messages.map(
      (m) =>
        `  ${new Date(m.at).toISOString().slice(11, 23)} ${m.sent ? '→' : '←'} ${m.start}${m.status ? ` (${m.about})` : ''}`,
    );
    return [`${this.phone.name}, Call-ID ${this.callId}:`, ...lines, this.phone.complaints()]
      .filter(Boolean)
      .join('\n');
  }
}
