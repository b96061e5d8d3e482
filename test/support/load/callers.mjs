// Citizens: each dials once, says a tone, listens, and hangs up only after a person has talked with him, or when told to.
import { Meter, awake, now, openMedia } from './media.mjs';
import { operatorTone } from './phones.mjs';
import { SipEnd } from './sip-end.mjs';

const callerTone = 440;

export class Callers {
  #end;
  #address;
  #speakers;
  #starvation;
  #calls = new Map();
  #done = [];
  #flow;
  #count = 0;

  constructor({ address, speakers, starvation }) {
    this.#starvation = starvation;
    this.#address = address;
    this.#speakers = speakers;
  }

  async open({ server, address }) {
    this.#end = await SipEnd.open({ address, server, take: (request) => this.#take(request) });
  }

  /** Dials; `talk` milliseconds after a person is heard the caller hangs up, and never by himself when it is null. */
  async dial({ number, dials = '112', talk = null }) {
    const meter = new Meter(operatorTone, this.#starvation);
    const socket = await openMedia(this.#address, (data) => this.#hear(call, data));
    const dialog = this.#end.dialog({ number, dials });
    const call = { number, talk, meter, socket, dialog, silence: undefined, status: null, hangingUp: false };
    Object.assign(call, { invitedAt: now(), began: awake(), answeredAfter: null, answeredAt: null });
    Object.assign(call, { endedAt: null, endedBy: null });
    this.#calls.set(dialog.callId, call);
    this.#end.invite(dialog, socket.address().port, (answer) => this.#answered(call, answer));
    return dialog.callId;
  }

  /** So many new calls a second, evenly, from numbers that begin with `prefix`. */
  flow({ perSecond, talk, prefix }) {
    const began = now();
    let dialled = 0;
    this.#flow = setInterval(() => {
      while (began + (dialled * 1_000) / perSecond <= now()) {
        dialled += 1;
        this.#count += 1;
        void this.dial({ number: `${prefix}${String(this.#count).padStart(6, '0')}`, talk });
      }
    }, 20);
  }

  stopFlow() {
    clearInterval(this.#flow);
  }

  /** From now on every packet counts that these callers do not get. */
  watch(callIds) {
    for (const callId of callIds) this.#calls.get(callId)?.meter.watch();
  }

  /** Answers who has hung up. */
  hangUp(callIds) {
    const calls = callIds.flatMap((callId) => this.#calls.get(callId) ?? []);
    for (const call of calls) this.#hangUp(call);
    return calls.map(({ number }) => number);
  }

  /** Every call that was answered is gone, and nobody said so. */
  dropAll() {
    for (const call of [...this.#calls.values()]) if (call.status === 200) this.#over(call, 'fault');
  }

  /** Every call there was, as it stands. */
  report() {
    for (const { meter, status } of this.#calls.values()) if (status === 200) meter.settle();
    return [...this.#done, ...[...this.#calls.values()].map(storyOf)];
  }

  /** What became of calls that ended before then is known, and not told again. */
  forget(before) {
    this.#done = this.#done.filter(({ endedAt }) => endedAt >= before);
  }

  stop() {
    this.stopFlow();
    for (const { socket, silence } of this.#calls.values()) {
      silence?.();
      socket.close();
    }
    this.#end?.close();
  }

  #hear(call, data) {
    if (call.status !== 200) return;
    const alone = call.meter.personAt === null;
    call.meter.heard(data);
    if (!alone || call.meter.personAt === null || call.talk === null) return;
    call.meter.watch();
    setTimeout(() => this.#hangUp(call), call.talk);
  }

  #answered(call, answer) {
    if (answer.status < 200) return;
    this.#end.acknowledge(call.dialog, answer);
    if (call.status !== null) return;
    call.status = answer.status;
    call.answeredAfter = Math.round(awake() - call.began);
    if (answer.status >= 300) return this.#over(call, 'centre');
    call.answeredAt = now();
    // The silence before the answer is what `answeredAfter` tells.
    call.meter = new Meter(operatorTone, this.#starvation);
    const to = { host: '127.0.0.1', port: Number(/m=audio (\d+)/.exec(answer.body)?.[1]) };
    call.silence = this.#speakers.say({ socket: call.socket, to, frequency: callerTone, ssrc: 112 });
  }

  #hangUp(call) {
    if (call.endedBy !== null || call.hangingUp) return;
    call.hangingUp = true;
    if (call.status === 200) this.#end.ask(call.dialog, 'BYE');
    this.#over(call, 'caller');
  }

  #take(request) {
    const call = this.#calls.get(request.callId);
    this.#end.reply(
      request,
      '200 OK',
      request.method === 'INVITE' && call ? { rtpPort: call.socket.address().port } : {},
    );
    if (request.method === 'BYE' && call !== undefined) this.#over(call, 'centre');
  }

  #over(call, by) {
    call.meter.settle();
    call.endedAt = now();
    call.endedBy = by;
    call.silence?.();
    call.socket.close();
    this.#calls.delete(call.dialog.callId);
    this.#done.push(storyOf(call));
  }
}

function storyOf(call) {
  const { number, status, invitedAt, answeredAfter, answeredAt, endedAt, endedBy, talk, meter, dialog } = call;
  const waited = status === null ? Math.round(awake() - call.began) : answeredAfter;
  return {
    callId: dialog.callId,
    number,
    status,
    invitedAt,
    waited,
    answeredAt,
    personAt: meter.personAt,
    endedAt,
    endedBy,
    flowing: talk !== null,
    silences: meter.silences,
    gaps: meter.gaps,
  };
}
