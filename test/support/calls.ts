import { newCall, type Call } from '../../src/calls/call.ts';
import type { CallEffect, Fact } from '../../src/calls/call-effect.ts';
import type { CallInput } from '../../src/calls/call-input.ts';
import { decide } from '../../src/calls/decide.ts';
import { nowhere } from '../../src/location/location.ts';
import type { Dispatch } from '../../src/dispatch/dispatch.ts';
import { unchanging } from './unchanging.ts';

/** An input without its time, which the story knows. */
export type Told = CallInput extends infer One ? (One extends CallInput ? Omit<One, 'at'> : never) : never;

export const timing = {
  operatorRing: 20_000,
  join: 2_000,
  comfort: 15_000,
  lineCheck: 5_000,
  announcePosition: true,
  silence: 10_000,
  silentQuestion: 'operator' as const,
  hold: 120_000,
};

/** With which it is also noticed that media stop. */
export const watchingMedia = { timing: { ...timing, mediaStops: 5_000 } };

/** One of which all that can be looked up is known, which is nothing. */
export function testCall(): Call {
  const call = newCall({
    earlierOwners: false,
    id: 'call',
    incidentId: 'incident',
    node: 'node',
    channelId: 'caller',
    channelName: 'PJSIP/carrier-1',
    application: 'siaga-1',
    arrivedAt: 1_000_000,
    claimedAt: 1_000_000,
    origin: {
      sipCallId: 'sip',
      callerNumber: '0761112',
      callerName: null,
      carrier: 'carrier-1',
      dialled: '112',
      source: '127.0.0.1:5060',
      headers: {},
      location: null,
    },
    identity: {
      number: '+62761112',
      numberFrom: 'From',
      imei: null,
      callable: true,
      notCallable: null,
      trunk: 'carrier-1',
      network: null,
    },
    emergency: { callId: 'urn:emergency:uid:callid:call', incidentId: 'urn:emergency:uid:incidentid:incident' },
    location: nowhere,
    timing,
  });
  return { ...call, looked: true };
}

export function testDispatch(over: Partial<Dispatch> = {}): Dispatch {
  return {
    id: 'd1',
    agencyId: 'damkar',
    agencyName: 'Damkar',
    mode: 'bridge',
    requestedAt: 1_000_000,
    reason: { by: 'person', tokenId: 'token' },
    acceptance: 'key',
    trunks: [
      { id: 't1', uri: 'sip:113@agency-1' },
      { id: 't2', uri: 'sip:113@agency-2' },
    ],
    timing: { jobExpires: 2_000, ring: 25_000, accept: 15_000 },
    after: [],
    fallback: null,
    muted: over.mode === 'listen',
    state: 'requested',
    outcome: null,
    startedAt: null,
    acceptedAt: null,
    joinedAt: null,
    endedAt: null,
    attempts: [],
    ...over,
  };
}

/** A call that is told one thing after the other; its clock stands still unless it is moved. */
export interface Story {
  readonly call: Call;
  /** What the last telling wanted done, and what it had to say. */
  readonly effects: CallEffect[];
  readonly facts: Fact[];
  /** The names of those effects, each with what it is done to; but for those that only listen to the caller. */
  readonly done: string[];
  /** What it waits for; but for the times at which it looks whether the caller is heard. */
  readonly timers: Record<string, number>;
  readonly at: number;
  tell(...inputs: Told[]): Story;
  wait(ms: number): Story;
  /** Lets the timer come due and fires it. */
  fire(name: string): Story;
}

export function story(over: Partial<Call> = {}): Story {
  let call: Call = { ...testCall(), ...over };
  let effects: CallEffect[] = [];
  let facts: Fact[] = [];
  let at = call.arrivedAt;
  const self: Story = {
    get call() {
      return call;
    },
    get effects() {
      return effects;
    },
    get facts() {
      return facts;
    },
    get done() {
      return effects.filter((effect) => !listens(effect)).map(shortly);
    },
    get timers() {
      const ours = Object.entries(call.timers).filter(([name]) => !['silence', 'packets', 'media'].includes(name));
      return Object.fromEntries(ours);
    },
    get at() {
      return at;
    },
    tell(...inputs) {
      effects = [];
      facts = [];
      for (const input of inputs) {
        const decision = decide(unchanging(call), { ...input, at });
        call = decision.call;
        effects.push(...decision.effects);
        facts.push(...decision.facts);
      }
      return self;
    },
    wait(ms) {
      at += ms;
      return self;
    },
    fire(name) {
      const due = Object.entries(call.timers).find(([timer]) => timer === name)?.[1];
      if (due === undefined) throw new Error(`no timer ${name}`);
      at = Math.max(at, due);
      return self.tell({ type: 'timer', name });
    },
  };
  return self;
}

/** It is done to learn whether the caller is heard, and changes nothing for anybody. */
function listens({ do: what }: CallEffect): boolean {
  return what === 'detect-talk' || what === 'count-packets';
}

/** `join caller call.b1`, `operator-outcome a1 talking`: an effect in the words of a table. */
export function shortly(effect: CallEffect): string {
  switch (effect.do) {
    case 'play':
    case 'whisper':
      return `${effect.do} ${effect.channelId} ${effect.prompt}`;
    case 'join':
      return `join ${effect.channelId} ${effect.bridgeId}`;
    case 'hang-up':
      return effect.cause === 'normal' ? `hang-up ${effect.channelId}` : `hang-up ${effect.channelId} ${effect.cause}`;
    case 'make-bridge':
    case 'destroy-bridge':
      return `${effect.do} ${effect.bridgeId}`;
    case 'notify':
      return `notify ${effect.agencyId} ${effect.dispatchId}`;
    case 'ring-agency':
      return `ring-agency ${effect.job.channelId}`;
    case 'keep-operator':
      return `keep-operator ${effect.assignmentId} ${effect.state}`;
    case 'operator-outcome':
      return `operator-outcome ${effect.assignmentId} ${effect.outcome}`;
    case 'reserve-operator':
      return `reserve-operator ${effect.requestId}`;
    case 'snoop':
      return `${effect.whisper ? 'whisper' : 'snoop'} ${effect.snooped} ${effect.channelId}`;
    case 'tie-to-caller':
      return `tie ${effect.channelId} ${effect.callerChannelId ?? 'nobody'}`;
    case 'enter-line':
    case 'rank-in-line':
    case 'leave-line':
      return effect.do;
    case 'leave-bridge':
      return `leave-bridge ${effect.channelId} ${effect.bridgeId}`;
    case 'look-up-target':
      return `look-up-target ${effect.text} ${effect.purpose}`;
    case 'announce':
    case 'answer':
    case 'mute':
    case 'unmute':
    case 'deafen':
    case 'let-hear':
    case 'ring-outside':
    case 'stop-sound':
    case 'music':
    case 'detect-talk':
    case 'count-packets':
    case 'return-to-dialplan':
    case 'ring-operator':
    case 'ring-supervisor':
      return `${effect.do} ${effect.channelId}`;
  }
}

/** How often-used states are reached. */
export const waiting = (): Story => story().tell({ type: 'arrived', up: false }, { type: 'caller-up' });

export const assign = (id = 'a1', operatorId = 'op1'): Told => ({
  type: 'operator-assigned',
  assignmentId: id,
  operatorId,
  account: `op-${operatorId}`,
});

export const ringing = (): Story => waiting().tell(assign());

/** The operator has answered, and both are on their way into the bridge. */
export const answered = (): Story => ringing().tell({ type: 'leg-entered', channelId: 'call.o1' });

export const joined = (channelId: string, bridgeId = 'call.b1'): Told => ({ type: 'leg-joined', channelId, bridgeId });

export const talking = (): Story =>
  ringing().tell({ type: 'leg-entered', channelId: 'call.o1' }, joined('caller'), joined('call.o1'));

/** An agency's person has pressed 1 on the first trunk, and is in the bridge. */
export const agencyJoins = (id = 'd1', bridgeId = 'call.b1'): Told[] => [
  { type: 'leg-entered', channelId: `${id}.a1` },
  { type: 'key-pressed', channelId: `${id}.a1`, key: '1' },
  joined(`${id}.a1`, bridgeId),
];

/** An agency's person has pressed 1, and is on his way into the bridge. */
export const agencyAccepts = (): Story =>
  talking().tell({ type: 'dispatch-requested', dispatch: testDispatch() }, ...agencyJoins().slice(0, 2));

export const withAgency = (over: Partial<Dispatch> = {}): Story => {
  const dispatch = testDispatch(over);
  return talking().tell({ type: 'dispatch-requested', dispatch }, ...agencyJoins(dispatch.id));
};
