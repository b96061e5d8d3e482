import { decideOutgoing } from './decide.ts';
import {
  newOutgoing,
  type OutgoingCall,
  type OutgoingEffect,
  type OutgoingInput,
  type OutgoingSeed,
} from './outgoing.ts';

type Told = OutgoingInput extends infer One ? (One extends OutgoingInput ? Omit<One, 'at'> : never) : never;

const seed: OutgoingSeed = {
  id: 'x',
  application: 'siaga-1',
  purpose: 'dial-out',
  at: 0,
  by: null,
  number: '0812 345',
  shownNumber: '112',
  incidentId: null,
  callbackId: null,
  callInfo: '',
  timing: {
    reserve: 3_000,
    operatorRing: 15_000,
    outsideRing: 45_000,
    duration: 600_000,
    warning: 60_000,
    closing: 8_000,
  },
  operatorId: 'ani',
  channelId: null,
};

/** A call and what it is told, one after the other. */
class Path {
  call: OutgoingCall;
  at = 0;
  effects: OutgoingEffect[] = [];
  facts: string[] = [];
  constructor(over: Partial<OutgoingSeed> = {}) {
    this.call = newOutgoing({ ...seed, ...over });
  }
  tell(...inputs: Told[]): this {
    this.effects = [];
    this.facts = [];
    for (const input of inputs) {
      const { call, effects, facts } = decideOutgoing(this.call, { ...input, at: this.at });
      this.call = call;
      this.effects.push(...effects);
      this.facts.push(...facts.map(({ type }) => type));
    }
    return this;
  }
  /** The effects in short. */
  get done(): string[] {
    return this.effects.map((effect) => {
      if (effect.do === 'operator-outcome') return `line ${effect.outcome}`;
      if (effect.do === 'play') return `play ${effect.prompt}`;
      return 'channelId' in effect ? `${effect.do} ${effect.channelId}` : effect.do;
    });
  }
}

const begin: Told = { type: 'begin', verdict: { allowed: true, number: '0812345', uri: 'sip:0812345@trunk:5060' } };
const reserved: Told = { type: 'reserved', operatorId: 'ani', assignmentId: 'a1', account: 'op-a' };
const entered = (channelId: string): Told => ({ type: 'leg-entered', channelId });
const gone = (channelId: string, cause = 16): Told => ({ type: 'leg-gone', channelId, cause });
const timer = (name: Extract<Told, { type: 'timer' }>['name']): Told => ({ type: 'timer', name });
const ringing = (over: Partial<OutgoingSeed> = {}) => new Path(over).tell(begin, reserved, entered('x.o1'));
const talking = (over: Partial<OutgoingSeed> = {}) => ringing(over).tell(entered('x.x1'));

describe('an outgoing call', () => {
  it("reserves the operator, rings his phone, then the outside, and joins them with the operator's keys", () => {
    const path = new Path().tell(begin);
    expect(path.effects).toEqual([{ do: 'reserve', target: { operatorId: 'ani' }, occupied: false }]);
    expect(path.tell(reserved).done).toEqual(['ring-operator x.o1']);
    expect(path.facts).toEqual(['outgoing.ringing-operator']);
    expect(path.tell(entered('x.o1')).done).toEqual(['line talking', 'ring-tone x.o1', 'ring-outside x.x1']);
    expect(path.tell({ type: 'leg-ringing', channelId: 'x.x1' }).facts).toEqual(['outgoing.ringing']);
    path.tell(entered('x.x1'));
    expect(path.done).toEqual(['stop-ring-tone x.o1', 'make-bridge', 'join x.o1', 'join x.x1']);
    expect(path.facts).toEqual(['outgoing.answered']);
    expect(path.call.stage).toBe('talking');
  });

  it('that an operator has dialled takes his channel as it is', () => {
    const path = new Path({ channelId: 'desk' }).tell(begin);
    expect(path.done).toEqual(['mark desk', 'answer desk', 'reserve']);
    expect(path.tell(reserved).done).toEqual(['line talking', 'ring-tone desk', 'ring-outside x.x1']);
    expect(path.facts).toEqual([]);
  });

  it.each([
    [gone('x.o1'), 'the operator hung up', 'line finished', 'hang-up x.x1'],
    [gone('x.o1', 0), "the operator's phone was lost", 'line lost', 'hang-up x.x1'],
    [gone('x.x1'), 'the other side hung up', 'line finished', 'hang-up x.o1'],
    [{ type: 'end', by: null, reason: 'over' } satisfies Told, 'over', 'line finished', 'hang-up x.x1'],
    [timer('duration'), 'the longest time a call may take was over', 'line finished', 'hang-up x.o1'],
  ])('ends with %j', (input, reason, line, hungUp) => {
    const path = talking().tell(input);
    expect(path.call).toMatchObject({ stage: 'ended', outcome: 'answered', reason, timers: {} });
    expect(path.done).toEqual(expect.arrayContaining([line, hungUp, 'destroy-bridge']));
    expect(path.facts).toEqual(['outgoing.ended']);
  });

  it.each([
    [17, 'busy'],
    [19, 'no-answer'],
    [21, 'declined'],
    [34, 'unreachable'],
  ])('with nobody outside (cause %d) tells the operator, then hangs up', (cause, outcome) => {
    const path = ringing().tell(gone('x.x1', cause));
    expect(path.done).toEqual(['stop-ring-tone x.o1', 'play code-refused']);
    expect(path.facts).toEqual([]);
    path.tell({ type: 'sound-ended', soundId: 'x.s1' });
    expect(path.done).toEqual(['line finished', 'hang-up x.o1']);
    expect(path.call).toMatchObject({ outcome, stage: 'ended' });
    expect(path.call.reason).toMatch(new RegExp(`^[a-z ]+ \\(cause ${cause}\\)$`));
  });

  it('does not wait for ever: for the line, a phone, the outside, a prompt', () => {
    expect(new Path().tell(begin, timer('reserve')).call).toMatchObject({ stage: 'ended', outcome: 'no-operator' });
    const unanswered = new Path().tell(begin, reserved, timer('operator'));
    expect(unanswered.call).toMatchObject({ stage: 'ended', outcome: 'no-operator' });
    expect(unanswered.done).toEqual(expect.arrayContaining(['line no-answer', 'hang-up x.o1']));
    const nobody = ringing().tell(timer('outside'));
    expect(nobody.done).toEqual(expect.arrayContaining(['hang-up x.x1', 'play code-refused']));
    expect(nobody.tell(timer('closing')).call).toMatchObject({ stage: 'ended', outcome: 'no-answer' });
  });

  it('has a timer at every stage until it ends', () => {
    const stages = [new Path().tell(begin), new Path().tell(begin, reserved), ringing(), talking()];
    for (const { call } of [...stages, ringing().tell(gone('x.x1', 17))]) {
      expect([call.stage, Object.keys(call.timers).length > 0]).toEqual([call.stage, true]);
    }
  });

  it('warns the operator a minute before the end', () => {
    expect(talking().call.timers).toEqual({ duration: 600_000, warning: 540_000 });
    expect(talking().tell(timer('warning')).done).toEqual(['play done']);
  });

  it('that is refused rings nobody; an operator on the line is told why', () => {
    const refused: Told = { type: 'begin', verdict: { allowed: false, reason: 'refused' } };
    const rest = new Path().tell(refused);
    expect([rest.done, rest.facts]).toEqual([[], ['outgoing.refused']]);
    const phone = new Path({ channelId: 'desk' }).tell(refused);
    expect(phone.done).toEqual(['mark desk', 'answer desk', 'play number-refused']);
    expect(phone.tell(gone('desk')).facts).toEqual(['outgoing.refused']);
    expect(phone.call).toMatchObject({ outcome: 'refused', reason: 'refused' });
  });

  it('frees an operator who is reserved too late, and hangs up who enters too late', () => {
    const path = new Path().tell(begin, timer('reserve'), reserved, entered('x.o1'));
    expect(path.done).toEqual(expect.arrayContaining(['line not-needed', 'hang-up x.o1']));
  });

  it('is the same told twice', () => {
    const path = talking();
    expect(path.tell(entered('x.x1'), entered('x.o1'), reserved, begin).effects).toEqual([]);
    path.tell(gone('x.x1'));
    expect(path.tell(gone('x.x1'), gone('x.o1'), timer('duration')).effects).toEqual([]);
  });

  it('ends when Asterisk does not do what it is told', () => {
    const failed = (command: OutgoingEffect['do'], target: string): Told => ({
      type: 'command-failed',
      command,
      target,
    });
    const phone = new Path().tell(begin, reserved, failed('ring-operator', 'x.o1'));
    expect([phone.call.stage, phone.done.includes('line failed')]).toEqual(['ended', true]);
    expect(ringing().tell(failed('ring-outside', 'x.x1')).done).toEqual(
      expect.arrayContaining(['hang-up x.x1', 'play code-refused']),
    );
    expect(talking().tell(failed('join', 'x.x1')).done).toEqual(
      expect.arrayContaining(['line finished', 'hang-up x.x1', 'hang-up x.o1', 'destroy-bridge']),
    );
  });

  it('calls back: any free operator, who is told so, and an INVITE that says so', () => {
    const path = new Path({ purpose: 'callback', operatorId: null, callbackId: 'c1', callInfo: '<urn:x>' }).tell(begin);
    expect(path.effects).toEqual([{ do: 'reserve', target: { any: true }, occupied: false }]);
    path.tell(reserved).tell(entered('x.o1'));
    expect(path.done).toEqual(['line talking', 'play callback-announcement', 'ring-outside x.x1']);
    expect(path.effects.at(-1)).toMatchObject({ callback: true, callInfo: '<urn:x>', shownNumber: '112' });
    expect(path.tell(entered('x.x1')).done[0]).toBe('stop-sound x.o1');
  });
});
