// Those who are rung: operators at one port, told apart by their accounts, and agencies at a port each.
import { parseAddress } from '../../../scripts/sip/message.mjs';
import { SipEnd } from './sip-end.mjs';

const operatorTone = 1_111;
const agencyTone = 1_477;
/** An account is good for five minutes. */
const registerEvery = 120_000;
/** How many register at once. */
const together = 8;

export { operatorTone };

export class Phones {
  #ends = [];
  #calls = new Map();
  #rtp;
  #speakers;
  #timer;
  #lines = 0;

  constructor({ rtp, speakers }) {
    this.#rtp = rtp;
    this.#speakers = speakers;
  }

  /** Operators' phones: they ring for `answerAfter` milliseconds, and never hang up. */
  async operators({ server, accounts, answerAfter }) {
    const end = await this.#open({ server, address: '127.0.0.1', port: 0, answerAfter, frequency: operatorTone });
    const registerAll = async () => {
      const failed = [];
      for (let first = 0; first < accounts.length; first += together) {
        const some = accounts.slice(first, first + together);
        const statuses = await Promise.all(some.map((account) => end.register(account)));
        failed.push(...some.filter((_, index) => statuses[index] !== 200).map(({ username }) => username));
      }
      return failed;
    };
    const failed = await registerAll();
    if (failed.length > 0) throw new Error(`could not be registered: ${failed.join(', ')}`);
    // A fault may be in the way of one; the next is in time.
    this.#timer = setInterval(() => void registerAll(), registerEvery);
  }

  /** An agency's exchange; without `answerAfter` it rings for ever. */
  async trunk({ server, port, answerAfter }) {
    await this.#open({ server, address: '127.0.0.1', port, answerAfter, frequency: agencyTone });
  }

  /** Agencies hear nothing and answer nothing, as a line that is cut. */
  deafTrunks(deaf) {
    for (const end of this.#ends.slice(1)) end.deaf = deaf;
  }

  /** Whoever talks in the calls of these numbers hangs up. */
  hangUp(numbers) {
    for (const call of [...this.#calls.values()]) {
      if (call.silence === undefined || !numbers.includes(call.number)) continue;
      call.end.ask(call.sounds.dialog, 'BYE');
      this.#over(call);
    }
  }

  /** Every call is gone, and nobody said so. */
  dropAll() {
    for (const call of this.#calls.values()) this.#over(call);
  }

  stop() {
    clearInterval(this.#timer);
    this.dropAll();
    for (const end of this.#ends) end.close();
  }

  async #open({ server, address, port, answerAfter, frequency }) {
    const take = (request, end) => this.#take(request, end, { answerAfter, frequency });
    const end = await SipEnd.open({ address, port, server, take });
    this.#ends.push(end);
    return end;
  }

  #take(request, end, manner) {
    const call = this.#calls.get(request.callId);
    switch (request.method) {
      case 'INVITE':
        if (call === undefined) return this.#ring(request, end, manner);
        return request.cseq === call.cseq ? call.say() : end.reply(request, '200 OK', call.sounds);
      case 'ACK':
        return clearTimeout(call?.again);
      case 'CANCEL':
        end.reply(request, '200 OK');
        if (call?.silence === undefined) call?.refuse();
        return call === undefined ? undefined : this.#over(call);
      case 'BYE':
        end.reply(request, '200 OK');
        return call === undefined ? undefined : this.#over(call);
      default:
        return end.reply(request, '200 OK');
    }
  }

  #ring(invite, end, { answerAfter, frequency }) {
    const dialog = end.dialogOf(invite);
    const sounds = { dialog, rtpPort: this.#rtp.address().port };
    const { user: number } = parseAddress(invite.header('From'));
    const call = {
      id: invite.callId,
      number,
      end,
      cseq: invite.cseq,
      sounds,
      silence: undefined,
      again: undefined,
      timer: undefined,
    };
    const ringing = () => end.reply(invite, '180 Ringing', { dialog });
    call.say = ringing;
    call.refuse = () => end.reply(invite, '487 Request Terminated', { dialog });
    ringing();
    this.#calls.set(call.id, call);
    if (answerAfter === null) return;
    call.timer = setTimeout(() => {
      const answer = () => end.reply(invite, '200 OK', sounds);
      call.say = answer;
      const insist = (wait) => {
        answer();
        if (wait < 16_000) call.again = setTimeout(insist, wait, wait * 2);
      };
      insist(500);
      const port = Number(/m=audio (\d+)/.exec(invite.body)?.[1]);
      const to = { host: '127.0.0.1', port };
      call.silence = this.#speakers.say({ socket: this.#rtp, to, frequency, ssrc: (this.#lines += 1) });
    }, answerAfter);
  }

  #over(call) {
    clearTimeout(call.timer);
    clearTimeout(call.again);
    call.silence?.();
    this.#calls.delete(call.id);
  }
}
