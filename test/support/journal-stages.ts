import { newOutgoing } from '../../src/outgoing/outgoing.ts';
import { ask, engage, entered, hold, partyJoins, reserved, supervise, supervisor } from './call-inputs.ts';
import {
  agencyAccepts,
  answered,
  joined,
  ringing,
  story,
  talking,
  waiting,
  withAgency,
  type Story,
  type Told,
} from './calls.ts';
import { NotificationStory } from './notifications.ts';
import { alarmEntry, at, idOf, loggedCall, operatorEntry } from './records.ts';
import { begin, dispatchOf, Story as WithoutCallStory } from './without-call-story.ts';

/** The controller that wrote the journals in test/fixtures. */
export const fixtureOwner = 'siaga-n1-0-17-abc';

const beside: Told = {
  type: 'operator-assigned',
  assignmentId: 'a2',
  operatorId: 'op2',
  account: 'op-op2',
  together: true,
};
const listening = (): Story =>
  talking()
    .tell(supervise('listen'), supervisor(), entered('call.m2'))
    .tell(entered('call.n3'), joined('call.n3', 'call.b2'), joined('call.m2', 'call.b2'));

/** A call in each stage that its controller may leave it in, by name. */
export const stages: Readonly<Record<string, () => Story>> = {
  arriving: () => story().tell({ type: 'arrived', up: false }),
  waiting,
  'asked whether he speaks': () => talking().tell({ type: 'silent-asked', by: 'token' }),
  ringing,
  'ringing together': () => ringing().tell(beside),
  answered,
  talking,
  muted: () => talking().tell({ type: 'mute', muted: true, by: 'op1' }),
  'on hold': () => talking().tell(hold),
  'held by the phone': () => talking().tell({ type: 'held-by-phone', channelId: 'call.o1', held: true }),
  consulting: () => talking().tell(ask('consult'), reserved(), ...partyJoins),
  'in conference': () => talking().tell(ask('conference'), reserved(), ...partyJoins),
  supervised: listening,
  'an agency is rung': () => talking().tell(engage()),
  'an agency accepts': agencyAccepts,
  'an agency is joined': () => withAgency(),
  'an agency listens': () => withAgency({ mode: 'listen' }),
  'an agency is told': () => talking().tell(engage({ mode: 'notify', trunks: [] })),
  'left to the agency': () => withAgency().tell({ type: 'leave', by: 'op1' }),
  'kind known': () => talking().tell({ type: 'incident-changed', change: { kind: 'fire' }, by: 'op1', dispatches: [] }),
  'over, a message is not': () =>
    talking().tell(engage({ mode: 'notify', trunks: [] }), { type: 'caller-gone', cause: 16 }),
  over: () => talking().tell({ type: 'caller-gone', cause: 16 }),
};

const names = Object.keys(stages);
const numberOf = (stage: string): number => 100 + names.indexOf(stage);
export const callIdOf = (stage: string): string => idOf('call', numberOf(stage));

/** The entry that leaves a call in this stage, with ids as a centre has them in place of the short ones of the stories. */
export function entryOfStage(stage: string): unknown {
  const found = stages[stage]?.();
  if (found === undefined) throw new Error(`no stage ${stage}`);
  const { call, effects, facts, at: now } = found;
  const n = numberOf(stage);
  const ids: Readonly<Record<string, string>> = {
    call: callIdOf(stage),
    caller: `node-1700000000.${n}`,
    incident: idOf('incident', n),
    d1: idOf('dispatch', n),
    ...Object.fromEntries(['op1', 'op2', 'boss', 'token'].map((one, index) => [one, idOf(one, index)])),
  };
  const input = { type: 'timer', name: 'comfort', at: now };
  const { application, id: callId, claimedAt } = call;
  const entry = {
    kind: 'call',
    application,
    callId,
    claimedAt,
    sequence: 9,
    at: now,
    input,
    effects,
    facts,
    state: call,
  };
  return renamed(JSON.parse(JSON.stringify(entry)), ids);
}

function renamed(value: unknown, ids: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return value.replace(/^(dispatch:|party:|monitor:)?(\w+)(?=\.[a-z]|$)/, toId);
  if (Array.isArray(value)) return value.map((one) => renamed(one, ids));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [nameOf(key), key === 'kind' ? one : renamed(one, ids)]),
  );

  function toId(all: string, kind: string | undefined, name: string): string {
    const id = Object.hasOwn(ids, name) ? ids[name] : undefined;
    return id === undefined ? all : (kind ?? '') + id;
  }
  // Of names only those that carry an id.
  function nameOf(key: string): string {
    return key.includes(':')
      ? key.replace(/^(\w+:)(\w+)$/, (all, kind: string, name: string) => toId(all, kind, name))
      : key;
  }
}

/** One entry of each other kind that a journal holds. */
export function otherEntries(): object[] {
  const logged = loggedCall(99, { outcome: 'abandoned' });
  const outgoing = newOutgoing({
    id: idOf('outgoing', 1),
    application: fixtureOwner,
    purpose: 'dial-out',
    at,
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
    operatorId: idOf('op1', 0),
    channelId: null,
  });
  const incidentId = idOf('incident', 99);
  const told = new NotificationStory({ id: idOf('notification', 1), incidentId, recipientId: idOf('recipient', 1) });
  told.tell({ type: 'begin' });
  const dispatches = [{ ...dispatchOf('d1'), id: idOf('dispatch', 99) }];
  const alone = new WithoutCallStory({ id: idOf('without-call', 1), incidentId, dispatches });
  alone.tell(begin);
  return [
    alarmEntry(1),
    operatorEntry(1),
    {
      kind: 'operator-session',
      id: idOf('session', 1),
      operatorId: idOf('op1', 0),
      deskId: idOf('desk', 1),
      beganAt: at,
      ended: null,
    },
    logged,
    { kind: 'outgoing', sequence: 1, at, input: { type: 'timer', at }, effects: [], facts: [], state: outgoing },
    {
      kind: 'notification',
      owner: fixtureOwner,
      sequence: 1,
      at,
      input: { type: 'begin', at },
      facts: told.facts,
      state: told.notification,
    },
    { kind: 'without-call', sequence: 1, at, input: { type: 'begin', at }, effects: [], facts: [], state: alone.state },
  ];
}
