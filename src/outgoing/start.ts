import type { Machine, MachineDeps } from '../asterisk/machine.ts';
import { watchLegs } from '../asterisk/watch-legs.ts';
import type { CallEntry } from '../calls/runner.ts';
import type { Circle } from '../incidents/need-to-know.ts';
import { messageOf } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Route } from '../platform/route.ts';
import type { Settings } from '../settings/setting.ts';
import { startCallbacks, type CallbackList, type DueCallback } from './calling-back.ts';
import { createHourlyCounters } from './counters.ts';
import { createOutgoingIntake } from './intake.ts';
import { mayCall, type OutgoingVerdict } from './limits.ts';
import {
  newOutgoing,
  type DialledAtDesk,
  type OutgoingCall,
  type OutgoingEffect,
  type OutgoingEntry,
  type OutgoingPerson,
  type OutgoingTiming,
} from './outgoing.ts';
import { createOutgoingPerformer } from './perform.ts';
import { recount } from './recount.ts';
import type { Reservations, Reserving } from './reservations.ts';
import { outgoingRoutes } from './routes.ts';
import { createOutgoingRunner } from './runner.ts';

/** A number that may be called as a party of a 112 call. */
export type ResolvedNumber =
  { allowed: true; number: string; uri: string; shownNumber: string } | Extract<OutgoingVerdict, { allowed: false }>;

export interface OutgoingRoom extends Machine, Reserving {
  readonly routes: Route[];
  /** The channel is this room's from now on, also where its number is refused: the operator is told by a prompt. Why, or null. */
  readonly dialled: (from: DialledAtDesk) => string | null;
  /** Whether an operator may have this number rung in a 112 call; a yes counts as one of his calls of the hour. */
  readonly resolveNumber: (operatorId: string, text: string) => ResolvedNumber;
  /**
   * Hears of every entry of a 112 call: what an operator calls next belongs to the incident that he talked about last, and
   * a call-back that still rings somebody who calls himself ends.
   */
  readonly heardOf: (entry: CallEntry) => void;
  /** The call to the outside of this id is here. */
  readonly has: (id: string) => boolean;
  readonly stop: () => void;
}

export interface OutgoingDeps extends MachineDeps {
  settings: () => Settings;
  connected: () => boolean;
  line: Reservations;
  callbacks: CallbackList;
  /** Call-Info that names a stored call and its incident; empty where there is none. */
  callInfoOf: (callId: string) => Promise<string>;
  /** This controller leads: others call nobody back. */
  leads: boolean;
  recorded: (entry: OutgoingEntry) => void;
  /** Tells screens and the record of a number refused in a 112 call. */
  refusedInCall: (operatorId: string, reason: string) => void;
  circleOf: (incidentId: string) => Promise<Circle | undefined>;
  /** Parties outside that 112 calls have now: they count as well. */
  partiesOutside: () => number;
}

/** What an operator calls within this after a call belongs to its incident. */
const belongsFor = 15 * 60_000;
const keptOperators = 2_000;
const endsOrBeginsTalk = ['operator.talking', 'operator.left', 'operator.lost', 'call.ended'];

/** Calls to the outside, and calling back who gave up. */
export function startOutgoing(deps: OutgoingDeps): OutgoingRoom {
  const { ari, clock, logger, settings, line } = deps;
  const hourly = createHourlyCounters(clock);
  const stopRecounting = recount({ postgres: deps.postgres, counters: hourly, clock, logger });
  const lastIncident = new Map<string, { incidentId: string; at: number }>();

  const carryOut = (call: OutgoingCall, effect: OutgoingEffect): void => {
    if (effect.do === 'operator-outcome') line.outcome(effect.operatorId, effect.assignmentId, effect.outcome);
    else if (effect.do === 'reserve') reserve(call, effect);
    else void performer.perform(call, effect);
  };

  const reserve = ({ id }: OutgoingCall, effect: Extract<OutgoingEffect, { do: 'reserve' }>): void => {
    const { target, occupied } = effect;
    const request = { requestId: `outgoing:${id}`, callId: id, target, occupied, evenPaused: 'operatorId' in target };
    line.reserve(request);
  };

  const runner = createOutgoingRunner({
    clock,
    logger,
    held: deps.held,
    recorded: deps.recorded,
    carryOut,
    ended: (call) => callbacks.ended(call),
    failed: (call, input, error) =>
      deps.alarm('decision-failed', { outgoingId: call.id, input, reason: messageOf(error) }),
  });
  const performer = createOutgoingPerformer({
    ari,
    clock,
    held: deps.held,
    failed(id, command, target, reason) {
      logger.warn({ outgoingId: id, command, reason }, 'a command for a call to the outside failed');
      runner.tell(id, { type: 'command-failed', at: clock.now(), command, target });
    },
  });

  const underWay = (): OutgoingCall[] => runner.all().filter((call) => call.endedAt === null && call.uri !== null);
  const verdictOf = (number: string, operatorId: string | null): OutgoingVerdict =>
    mayCall(number, settings(), {
      atOnce: underWay().length + deps.partiesOutside(),
      // Nobody chose to make a call-back: it is none of his hour.
      lastHour: operatorId === null ? 0 : hourly.lastHour(operatorId),
    });

  const place = (wish: {
    purpose: OutgoingCall['purpose'];
    number: string;
    operatorId: string | null;
    /** Whose phone rings for what is no call of his own; null: anybody's. */
    rings?: string | null;
    channelId?: string;
    incidentId: string | null;
    callbackId?: string;
    callInfo?: string;
    by: OutgoingPerson | null;
  }): OutgoingCall => {
    const at = clock.now();
    const id = newId(at);
    const { purpose, number, operatorId, by } = wish;
    const verdict = verdictOf(number, operatorId);
    if (verdict.allowed && operatorId !== null) hourly.count(operatorId, { id, at });
    const call = newOutgoing({
      id,
      application: deps.application,
      purpose,
      at,
      by,
      number,
      shownNumber: settings().outgoingNumber,
      incidentId: wish.incidentId ?? (operatorId === null ? null : incidentOf(operatorId)),
      callbackId: wish.callbackId ?? null,
      callInfo: wish.callInfo ?? '',
      timing: timingOf(settings(), purpose),
      operatorId: wish.rings ?? operatorId,
      channelId: wish.channelId ?? null,
    });
    runner.open(call);
    runner.tell(call.id, { type: 'begin', at, verdict });
    return runner.get(call.id) ?? call;
  };

  const talkedAbout = (operatorId: string, incidentId: string): void => {
    lastIncident.delete(operatorId);
    lastIncident.set(operatorId, { incidentId, at: clock.now() });
    const oldest = lastIncident.size > keptOperators ? lastIncident.keys().next().value : undefined;
    if (oldest !== undefined) lastIncident.delete(oldest);
  };

  const callerArrived = (number: string): void => {
    for (const call of ofCallbacks()) {
      if (call.answeredAt !== null || !isSameNumber(call.number, number)) continue;
      runner.tell(call.id, { type: 'end', at: clock.now(), by: null, reason: 'the caller has called again himself' });
    }
  };

  const incidentOf = (operatorId: string): string | null => {
    const last = lastIncident.get(operatorId);
    return last !== undefined && clock.now() - last.at <= belongsFor ? last.incidentId : null;
  };

  const callBack = async (due: DueCallback & { number: string }): Promise<void> => {
    const { id: callbackId, number, incidentId, askedBy } = due;
    const callInfo = due.callId === null ? '' : await deps.callInfoOf(due.callId);
    const rings = askedBy !== null && line.isFree(askedBy) ? askedBy : null;
    place({ purpose: 'callback', number, operatorId: null, rings, incidentId, callbackId, callInfo, by: null });
  };

  const ofCallbacks = (): OutgoingCall[] =>
    runner.all().filter((call) => call.purpose === 'callback' && call.endedAt === null);
  const callbacks = startCallbacks({
    list: deps.callbacks,
    clock,
    logger,
    atOnce: () => (settings().outgoingTrunk === null ? 0 : settings().callbackOperators),
    callersWait: () => line.callersWait(),
    underWay: ofCallbacks,
    mayStart: () => deps.leads && deps.connected() && !deps.held(),
    place: callBack,
  });

  const stopWatching = watchLegs({
    ...deps,
    expected: () => runner.all().flatMap(legsOf),
    gone: (id, channelId) => void runner.tell(id, { type: 'leg-gone', at: clock.now(), channelId, cause: 0 }),
  });
  const take = createOutgoingIntake({ application: deps.application, ari, runner, clock, logger });

  return {
    take,
    owns: (channelId) => runner.ownerOf(channelId) !== undefined,
    has: (id) => runner.get(id) !== undefined,
    dialled({ channelId, operatorId, number }) {
      // Told twice, it is dialled once.
      if (runner.ownerOf(channelId) !== undefined) return null;
      const wish = { purpose: 'dial-out', number: number.slice(0, 40), operatorId, channelId } as const;
      const { outcome, reason } = place({ ...wish, incidentId: null, by: null });
      return outcome === null ? null : (reason ?? outcome);
    },
    resolveNumber(operatorId, text) {
      const verdict = verdictOf(text, operatorId);
      if (!verdict.allowed) {
        deps.refusedInCall(operatorId, verdict.reason);
        return verdict;
      }
      const at = clock.now();
      hourly.count(operatorId, { id: newId(at), at });
      return { ...verdict, shownNumber: settings().outgoingNumber };
    },
    reserved: (callId, reservation) => runner.tell(callId, { type: 'reserved', at: clock.now(), ...reservation }),
    refused: (callId, reason) => runner.tell(callId, { type: 'reservation-refused', at: clock.now(), reason }),
    heardOf({ input, facts, state }) {
      const told = facts.some(({ type }) => endsOrBeginsTalk.includes(type));
      if (told && state.talkedWith !== null) talkedAbout(state.talkedWith, state.incident.id);
      if (input.type === 'arrived' && state.identity.number !== null) callerArrived(state.identity.number);
    },
    routes: outgoingRoutes({
      postgres: deps.postgres,
      place: ({ number, incidentId, operatorId, by }) =>
        place({ purpose: 'dial-out', number, incidentId, operatorId, by }),
      end: (id, by) => void runner.tell(id, { type: 'end', at: clock.now(), by, reason: 'ended over REST' }),
      live: (id) => runner.get(id),
      knowsOperator: (operatorId) => line.knowsOperator(operatorId),
      circleOf: deps.circleOf,
      synced: deps.synced,
    }),
    stop() {
      stopRecounting();
      callbacks.stop();
      stopWatching();
      runner.stop();
    },
  };
}

/** Channels that must be there. */
function legsOf({ id, endedAt, operator, outside, ringingAt }: OutgoingCall): { id: string; channelId: string }[] {
  if (endedAt !== null) return [];
  const legs = [
    ...(operator.state === 'entered' ? [operator] : []),
    ...(outside.state === 'entered' || ringingAt !== null ? [outside] : []),
  ];
  return legs.map(({ channelId }) => ({ id, channelId }));
}

function timingOf(settings: Settings, purpose: OutgoingCall['purpose']): OutgoingTiming {
  return {
    reserve: 3_000,
    operatorRing: settings.operatorRingSeconds * 1_000,
    outsideRing: purpose === 'callback' ? 30_000 : 45_000,
    duration: settings.outgoingMinutes * 60_000,
    warning: 60_000,
    closing: 8_000,
  };
}

/** Numbers of the same country are the same whatever stands before their subscriber's part. */
function isSameNumber(one: string, other: string): boolean {
  const significant = (number: string): string => number.replace(/\D/g, '').replace(/^(0062|62|0)/, '');
  return significant(one) !== '' && significant(one) === significant(other);
}
