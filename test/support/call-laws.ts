import type { Call } from '../../src/calls/call.ts';
import { operatorLegs, speakers } from '../../src/calls/company.ts';
import type { CallEffect, Fact } from '../../src/calls/call-effect.ts';
import { decide } from '../../src/calls/decide.ts';
import { monitorChannels } from '../../src/calls/monitor.ts';
import { checkDispatches, checkUnheard } from './dispatch-laws.ts';
import { checkMedia, newMediaSeen, type MediaSeen } from './media-laws.ts';
import { checkSilence, newSilenceSeen, type SilenceSeen } from './silence-laws.ts';
import { ensure } from './ensure.ts';
import { testCall, timing, type Told } from './calls.ts';
import { neverAlone } from './never-alone.ts';
import { checkHold, checkParties } from './talk-laws.ts';
import { unchanging } from './unchanging.ts';

export { ensure };

/** What the world has seen, kept apart from the call's own idea of it. */
export interface World {
  call: Call;
  at: number;
  told: number;
  effects: CallEffect[];
  latest: CallEffect[];
  assignments: string[];
  /** Those of the assignments that were reservations: the line gives no id twice. */
  reservations: string[];
  outcomes: Map<string, string[]>;
  rung: string[];
  /** Made and not destroyed. */
  bridges: Set<string>;
  /** Legs that were hung up after they were rung, or of which the world said that they are gone. */
  over: Set<string>;
  /** Those of them that nobody can doubt: hung up, or told to be gone as a leg. */
  gone: Set<string>;
  /** By channel, the bridges the world said it is in; late words of an older bridge are among them. */
  inside: Map<string, Set<string>>;
  returned: boolean;
  /** The last word to the waiting line: the call waits. */
  inLine: boolean;
  /** By channel, whom the dialplan takes the leg to should every controller die. */
  ties: Map<string, string | null>;
  ended: Map<string, string>;
  /** Channels that Asterisk was told to mute. */
  muted: Set<string>;
  /** Who hears nothing. */
  deaf: Set<string>;
  /** How many parties were asked for, and who was named by which assignment. */
  parties: number;
  operators: Map<string, string>;
  /** Assignments whose operator got the call on his screen. */
  popped: Set<string>;
  silence: SilenceSeen;
  media: MediaSeen;
}

export function newWorld(over: Partial<Call> = {}): World {
  const world: World = {
    // Its caller is still being looked up.
    call: { ...testCall(), looked: false, timing: { ...timing, silentQuestion: 'line', mediaStops: 5_000 }, ...over },
    at: 1_000_000,
    told: 0,
    effects: [],
    latest: [],
    assignments: [],
    reservations: [],
    outcomes: new Map(),
    rung: [],
    bridges: new Set(),
    over: new Set(),
    gone: new Set(),
    inside: new Map(),
    returned: false,
    inLine: false,
    ties: new Map(),
    ended: new Map(),
    muted: new Set(),
    deaf: new Set(),
    parties: 0,
    operators: new Map(),
    popped: new Set(),
    silence: newSilenceSeen(),
    media: newMediaSeen(),
  };
  tell(world, { type: 'arrived', up: false });
  return world;
}

export function tell(world: World, input: Told): void {
  const before = world.call;
  world.told += 1;
  const { call, effects, facts } = decide(unchanging(before), { ...input, at: world.at });
  world.call = plain(call);
  world.effects.push(...effects);
  if (effects.length > 0) world.latest = effects;
  note(world, input, effects);
  check(world, input, effects, before);
  checkScreen(world, facts, before);
  checkLocation(call, before, facts);
  checkMedia(world.media, { input, at: world.at, before, call, effects, facts });
  checkSilence(world.silence, { input, at: world.at, before, call, effects, facts });
}

/** What survives JSON as it is, frozen: a decision that changes the call it was given throws. */
function plain<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    Object.values(value).forEach(plain);
  } else {
    const json = value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
    ensure(json, `${typeof value} in the state is no plain JSON`);
  }
  return value;
}

function note(world: World, input: Told, effects: CallEffect[]): void {
  const { call, over, gone, inside } = world;
  const named = input.type === 'operator-assigned' || input.type === 'operator-reserved' ? input : undefined;
  if (named !== undefined && !world.assignments.includes(named.assignmentId)) {
    world.assignments.push(named.assignmentId);
    world.operators.set(named.assignmentId, named.operatorId);
  }
  if (input.type === 'operator-reserved') world.reservations.push(input.assignmentId);
  if (input.type === 'leg-gone') {
    over.add(input.channelId);
    gone.add(input.channelId);
  }
  if (input.type === 'command-failed' && input.failure === 'gone') over.add(input.target);
  if (input.type === 'command-failed' && input.command === 'unmute') world.muted.add(input.target);
  if (input.type === 'ring-result' && input.ring.result === 'gone') over.add(input.attemptId);
  if (input.type === 'leg-joined') {
    inside.set(input.channelId, (inside.get(input.channelId) ?? new Set()).add(input.bridgeId));
  }
  if (input.type === 'caller-gone' || input.type === 'cut-off') inside.delete('caller');
  if (input.type === 'leg-gone') inside.delete(input.channelId);
  if (input.type === 'arrived') world.returned = false;
  if (input.type === 'caller-left') world.returned = true;
  for (const effect of effects) {
    if (effect.do === 'make-bridge') world.bridges.add(effect.bridgeId);
    if (effect.do === 'destroy-bridge') world.bridges.delete(effect.bridgeId);
    if (effect.do === 'ring-supervisor' || effect.do === 'snoop') world.rung.push(effect.channelId);
    if (effect.do === 'ring-operator' || effect.do === 'ring-outside') world.rung.push(effect.channelId);
    if (effect.do === 'ring-agency') world.rung.push(effect.job.channelId);
    if (effect.do === 'leave-bridge') inside.delete(effect.channelId);
    if (effect.do === 'hang-up') {
      over.add(effect.channelId);
      gone.add(effect.channelId);
      inside.delete(effect.channelId);
    }
    noteTie(world, effect);
    if (effect.do === 'mute' || (effect.do === 'join' && effect.muted === true)) world.muted.add(effect.channelId);
    if (effect.do === 'unmute') world.muted.delete(effect.channelId);
    if (effect.do === 'deafen' || (effect.do === 'join' && effect.deaf === true)) world.deaf.add(effect.channelId);
    if (effect.do === 'let-hear') world.deaf.delete(effect.channelId);
    if (effect.do === 'enter-line' || effect.do === 'leave-line') world.inLine = effect.do === 'enter-line';
    if (effect.do === 'return-to-dialplan') world.returned = true;
    if (effect.do === 'operator-outcome') {
      const told = world.outcomes.get(effect.assignmentId) ?? [];
      world.outcomes.set(effect.assignmentId, [...told, effect.outcome]);
    }
  }
  if (call.endedAt === null && !call.caller.left) world.returned = false;
}

function noteTie({ ties }: World, effect: CallEffect): void {
  if (effect.do === 'ring-supervisor') ties.set(effect.channelId, null);
  else if (effect.do === 'ring-agency') ties.set(effect.job.channelId, effect.job.callerChannelId);
  else if ('callerChannelId' in effect) ties.set(effect.channelId, effect.callerChannelId);
}

function check(world: World, input: Told, effects: CallEffect[], before: Call): void {
  const { call } = world;
  neverAlone(world, { input, before, effects });
  checkEnded(world, effects);
  checkAssignments(world);
  checkDispatches(world);
  checkUnheard(world, effects);
  checkMonitors(world);
  const rings = effects.filter((effect) => effect.do === 'ring-operator').length;
  ensure(rings <= 1, 'two operators rung at once');
  const together =
    input.type === 'operator-assigned' && input.together === true && before.operator?.state === 'ringing';
  const brought = input.type === 'operator-reserved';
  ensure(rings === 0 || before.operator === null || together || brought, 'an operator rung beside another');
  ensure(
    call.others.every(({ state }) => state === 'ringing'),
    'two operators took one call',
  );
  ensure(call.others.length === 0 || call.operator?.state === 'ringing', 'phones ring for a call that was answered');
  checkHold(call);
  checkParties(call);
  for (const [name, due] of Object.entries(call.timers)) {
    ensure(
      due > world.at || Object.entries(before.timers).some(([known, at]) => known === name && at === due),
      `timer ${name} set for a time that is over`,
    );
  }
  if (world.told % 16 === 0) sameAgain(world, input, before, effects);
}

/** The same input decides the same on an equal state. */
function sameAgain({ call, at }: World, input: Told, before: Call, effects: CallEffect[]): void {
  const again = decide(structuredClone(before), { ...input, at });
  ensure(JSON.stringify(again.call) === JSON.stringify(call), 'decided differently a second time');
  ensure(JSON.stringify(again.effects) === JSON.stringify(effects), 'other effects a second time');
}

function checkEnded({ call, rung, over }: World, effects: CallEffect[]): void {
  ensure(call.joining.length > 0 === (call.timers.join !== undefined), 'joins and their timer disagree');
  if (call.endedAt === null) {
    ensure(call.caller.live || speakers(call).length >= 2, 'nobody is left and the call goes on');
    return;
  }
  const messages = call.dispatches.filter(({ mode, endedAt }) => mode === 'notify' && endedAt === null);
  const limits = messages.map(({ id }) => `dispatch:${id}`);
  ensure(Object.keys(call.timers).sort().join() === limits.sort().join(), 'an ended call waits for no messages alone');
  ensure(
    operatorLegs(call).length === 0 && call.line === null && call.bridge === null,
    'an ended call holds on to something',
  );
  ensure(call.outcome !== null && call.reason !== null, 'an ended call has no outcome');
  for (const channelId of rung) ensure(over.has(channelId), `${channelId} rings on after the call`);
  if (call.outcome === 'returned') return;
  const made = effects.filter((effect) => ['answer', 'play', 'music', 'join', 'make-bridge'].includes(effect.do));
  const rings = effects.filter((effect) => effect.do.startsWith('ring-') || effect.do === 'enter-line');
  ensure(rings.length === 0, 'an ended call rings somebody');
  ensure(made.length === 0 || effects.some((effect) => effect.do === 'destroy-bridge'), 'an ended call acts');
}

/**
 * A supervisor leaves nothing behind, hears by something that is there, and is waited for with a limit; whoever is in the
 * call's bridge was to be there, and one whom the caller has for company is his operator.
 */
function checkMonitors({ call, bridges, rung, over }: World): void {
  ensure(call.endedAt === null || call.monitors.length === 0, 'a monitor of a call that is over');
  const own = call.monitors.flatMap(({ bridgeId }) => bridgeId ?? []);
  const wanted = new Set([...own, ...(call.bridge === null ? [] : [call.bridge.id, ...(call.bridge.replaces ?? [])])]);
  ensure(
    [...bridges].every((id) => wanted.has(id)) && own.every((id) => bridges.has(id)),
    'a bridge of nobody, or none',
  );
  const legs = [...operatorLegs(call), ...call.parties].map(({ channelId }) => channelId);
  const there = [...monitorChannels(call.monitors), ...legs];
  for (const channelId of rung.filter((id) => /[.][mnop][0-9]+$/.test(id))) {
    ensure(over.has(channelId) || there.includes(channelId), `${channelId} was left behind`);
  }
  for (const { id, channelId, state, mode, snoopId, snooped, bridgeId } of call.monitors) {
    const limited = call.timers[`monitor:${id}`] !== undefined;
    ensure(limited === (state !== 'joined'), `monitor ${id} is ${state}, ${limited ? 'with' : 'without'} a limit`);
    const hears = snoopId !== null && bridgeId !== null;
    ensure(hears === (state !== 'reserving' && state !== 'ringing' && mode !== 'barge'), 'hears by nothing, or twice');
    const held = call.hold !== null ? call.operator?.channelId : undefined;
    ensure(mode !== 'listen' || snooped === null || snooped === (held ?? call.channelId), 'listens to somebody else');
    ensure(mode !== 'whisper' || snooped === null || snooped === call.operator?.channelId, 'whispers to nobody');
    ensure(mode === 'barge' || !call.joining.includes(channelId), 'a listener is joined to the call');
  }
  const alone = call.operator === null && call.caller.joined && call.joining.length === 0;
  const barging = call.monitors.some(({ mode, state }) => mode === 'barge' && state === 'joined');
  ensure(!alone || !barging, 'a caller with a supervisor and without an operator');
}

function checkAssignments({ call, assignments, outcomes }: World): void {
  for (const id of assignments) {
    const told = outcomes.get(id) ?? [];
    const final = told.findIndex((outcome) => outcome !== 'talking');
    const engaged = [...operatorLegs(call), ...call.parties, ...call.monitors].some((one) => one.assignmentId === id);
    ensure((final === -1) === engaged, `assignment ${id} was told ${told.join(',')}`);
    const first = final === -1 ? told : told.slice(0, final);
    ensure(first.length <= 1, `assignment ${id} talked twice`);
    // A double that comes after the end is answered, and never by anything else.
    const after = final === -1 ? [] : told.slice(final + 1);
    ensure(
      after.every((outcome) => outcome === 'not-needed'),
      `assignment ${id} was told ${told.join(',')}`,
    );
  }
}

/** An operator gets a call on his screen once, within 200 ms where he is still rung, and nobody else gets it. */
function checkScreen({ call, popped, at }: World, facts: Fact[], before: Call): void {
  for (const { detail } of facts.filter(({ type }) => type === 'screen.pop')) {
    const legs = [...call.parties, ...call.monitors, ...operatorLegs(call), ...operatorLegs(before)];
    const his = legs.filter(({ operatorId }) => operatorId === detail['operatorId']);
    const assignmentId = his.map((one) => one.assignmentId).find((id) => id !== null && !popped.has(id));
    ensure(typeof assignmentId === 'string', 'a screen pop for somebody else, or a second one');
    popped.add(assignmentId);
  }
  const { timers } = call;
  for (const leg of operatorLegs(call)) {
    if (popped.has(leg.assignmentId)) continue;
    ensure(timers.pop !== undefined && timers.pop <= leg.assignedAt + 200, 'an operator without a screen');
    ensure(!call.looked, `a screen that waits for nothing at ${at}`);
  }
}

/** No fix ever changes or goes, the best is one of them, and each new one is told. */
function checkLocation({ location }: Call, before: Call, facts: Fact[]): void {
  const { fixes, best } = location;
  const old = before.location.fixes;
  ensure(
    old.every((fix, index) => JSON.stringify(fix) === JSON.stringify(fixes[index])),
    'a fix was changed',
  );
  const told = facts.filter(({ type }) => type === 'location.received').map(({ detail }) => detail['fixId']);
  ensure(
    told.join() ===
      fixes
        .slice(old.length)
        .map(({ id }) => id)
        .join(),
    'a new fix was not told, or an old one',
  );
  ensure(new Set(fixes.map(({ id }) => id)).size === fixes.length, 'a fix came twice');
  ensure((best === null) === (fixes.length === 0), 'no best fix');
  ensure(best === null || fixes.some(({ id }) => id === best.fixId), 'the best fix is none of them');
}
