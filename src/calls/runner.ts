import type { Clock, Cancel } from '../platform/clock.ts';
import type { Journal } from '../platform/journal.ts';
import type { Logger } from '../platform/logger.ts';
import { tellInTurn } from '../platform/mailboxes.ts';
import type { CallQueue } from '../acd/queue.ts';
import type { RingJob, RingResult } from '../dispatch/dispatch.ts';
import type { Call } from './call.ts';
import type { AriEffect, CallEffect, Fact, OperatorOutcome, ReservationTarget } from './call-effect.ts';
import type { CallInput } from './call-input.ts';
import { legsOf } from './channels.ts';
import { decide } from './decide.ts';
import { decideFault, namedBy } from './decide-fault.ts';
import { isRoutine } from './decide-silent.ts';

/** One journalled decision: what came in, what was decided, and the state after. */
export interface CallEntry {
  kind: 'call';
  application: string;
  callId: string;
  /** Orders the owners of a call; with sequence it orders its entries. */
  claimedAt: number;
  sequence: number;
  at: number;
  input: CallInput;
  effects: CallEffect[];
  facts: Fact[];
  state: Call;
}

/** Where the effects of a call go that are no ARI commands. */
export interface CallPartners {
  perform(callId: string, application: string, effect: AriEffect): void;
  enterLine(callId: string, since: number, queue: CallQueue): void;
  rankInLine(callId: string, queue: CallQueue): void;
  leaveLine(callId: string): void;
  /** An operator is on the call whom another controller's line gave it. */
  keepOperator(callId: string, kept: Extract<CallEffect, { do: 'keep-operator' }>): void;
  operatorOutcome(callId: string, operatorId: string, assignmentId: string, outcome: OperatorOutcome): void;
  /** Asks the line for an operator; it answers by an input. */
  reserveOperator(callId: string, wish: { requestId: string; target: ReservationTarget; evenPaused: boolean }): void;
  /** Finds out who was typed; answers by an input. */
  lookUpTarget(callId: string, typed: Extract<CallEffect, { do: 'look-up-target' }>): void;
  ringAgency(job: RingJob): Promise<RingResult>;
  /** Tells somebody of an agency; what came of it comes back as an input. */
  notifyAgency(dispatch: { dispatchId: string; agencyId: string; incidentId: string }): void;
  /** A decision threw: somebody has to look. */
  failed(call: Call, input: string, error: unknown): void;
  /** Hears of every entry right after it was written; must not throw and must not wait. */
  recorded(entry: CallEntry): void;
}

export interface CallRunner {
  /** Takes a call into this process. */
  open(call: Call): void;
  /** Hands a call an input; one for a call that is not here is dropped and said so. */
  tell(callId: string, input: CallInput): boolean;
  get(callId: string): Call | undefined;
  all(): Call[];
  /** The call a channel belongs to. */
  ownerOf(channelId: string): Call | undefined;
  /** Tells, and resolves true when the decision is on the disk: what REST answers wait for. */
  command(callId: string, input: CallInput): Promise<{ known: boolean; durable: boolean }>;
  /** Forgets an ended call; its records are elsewhere by now. */
  forget(callId: string): void;
  sequenceOf(callId: string): number;
  stop(): void;
}

interface Mailbox {
  call: Call;
  sequence: number;
  waiting: CallInput[];
  busy: boolean;
  timer: { dueAt: number; cancel: Cancel } | null;
  /** Every channel it has had, for the index. */
  channels: Set<string>;
}

/** An agency is not left waiting for a disk that does not answer. */
const journalLimit = 250;
const heldFor = 100;

/**
 * Runs the calls this process owns: one mailbox per call, in which decisions are made one after the other. A mailbox
 * never waits for an effect; what becomes of it comes back as an input. Not the mailboxes of the other machines: what is
 * routine here is not journalled, a call whose decision failed goes on or is given up, and it stays until its records are home.
 */
export function createCallRunner(deps: {
  clock: Clock;
  journal: Journal;
  logger: Logger;
  partners: CallPartners;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
}): CallRunner {
  const { clock, journal, logger, partners } = deps;
  const mailboxes = new Map<string, Mailbox>();
  const channels = new Map<string, string>();

  const tell = (callId: string, input: CallInput): boolean => {
    const mailbox = mailboxes.get(callId);
    if (mailbox === undefined) {
      logger.debug({ callId, input: input.type }, 'input for a call that is not here');
      return false;
    }
    tellInTurn(mailbox, input, (next) => take(mailbox, next));
    return true;
  };

  const take = (mailbox: Mailbox, input: CallInput): void => {
    let decision;
    try {
      decision = decide(mailbox.call, input);
    } catch (error) {
      failed(mailbox, input, error);
      return;
    }
    const { call, effects, facts } = decision;
    // The same message again, or one too many of a flood: it changed nothing, and the whole state need not be written.
    if (input.type === 'located' && effects.length + facts.length === 0) return;
    mailbox.call = call;
    // Nor for each word that a caller says, and each look at his packets: only what follows from them is told.
    if (isRoutine(input) && facts.length === 0 && effects.every((effect) => effect.do === 'count-packets')) {
      for (const effect of effects) carryOut(call, effect);
      armTimer(mailbox);
      return;
    }
    mailbox.sequence += 1;
    indexChannels(mailbox);
    record(mailbox, { input, effects, facts, state: call });
    for (const effect of effects) carryOut(call, effect);
    armTimer(mailbox);
  };

  /** A decision threw: the call goes on without the input, or is given to the human path. The other calls go on in any case. */
  const failed = (mailbox: Mailbox, input: CallInput, error: unknown): void => {
    const { call } = mailbox;
    logger.fatal({ err: error, callId: call.id, input: input.type }, 'a decision failed');
    partners.failed(call, input.type, error);
    if (input.type === 'timer') Reflect.deleteProperty(call.timers, input.name);
    const givenUp = decideFault(call, input);
    const unheard = givenUp === null ? [input] : [input, ...mailbox.waiting];
    for (const freed of [...namedBy(unheard), ...(givenUp?.freed ?? [])]) {
      partners.operatorOutcome(call.id, freed.operatorId, freed.assignmentId, 'not-needed');
    }
    if (givenUp === null) return;
    mailbox.waiting.length = 0;
    mailbox.sequence += 1;
    const { state, effects, facts } = givenUp;
    record(mailbox, { input, effects, facts, state });
    partners.leaveLine(call.id);
    for (const effect of effects) partners.perform(call.id, call.application, effect);
    forget(call.id);
  };

  const record = (
    mailbox: Mailbox,
    made: { input: CallInput; effects: CallEffect[]; facts: Fact[]; state: Call },
  ): void => {
    const { state, input } = made;
    const entry: CallEntry = {
      kind: 'call',
      application: state.application,
      callId: state.id,
      claimedAt: state.claimedAt,
      sequence: mailbox.sequence,
      at: input.at,
      ...made,
    };
    journal.append(entry);
    try {
      partners.recorded(entry);
    } catch (error) {
      logger.fatal({ err: error, callId: state.id }, 'a journalled entry was not passed on');
    }
  };

  const carryOut = (call: Call, effect: CallEffect): void => {
    if (effect.do === 'enter-line') partners.enterLine(call.id, effect.since, effect.queue);
    else if (effect.do === 'rank-in-line') partners.rankInLine(call.id, effect.queue);
    else if (effect.do === 'leave-line') partners.leaveLine(call.id);
    else if (effect.do === 'keep-operator') partners.keepOperator(call.id, effect);
    else if (effect.do === 'operator-outcome') {
      partners.operatorOutcome(call.id, effect.operatorId, effect.assignmentId, effect.outcome);
    } else if (effect.do === 'reserve-operator') {
      const { requestId, target, evenPaused } = effect;
      partners.reserveOperator(call.id, { requestId, target, evenPaused });
    } else if (effect.do === 'look-up-target') partners.lookUpTarget(call.id, effect);
    else if (effect.do === 'notify') partners.notifyAgency(effect);
    else if (effect.do === 'ring-agency') void ringAgency(call.id, effect.job);
    else partners.perform(call.id, call.application, effect);
  };

  const ringAgency = async (callId: string, job: RingJob): Promise<void> => {
    // A phone that rings without a record would be rung again by whoever takes the call over.
    await Promise.race([journal.synced(), new Promise((resolve) => clock.after(journalLimit, () => resolve(false)))]);
    let ring: RingResult;
    try {
      ring = await partners.ringAgency(job);
    } catch (error) {
      logger.error({ err: error, callId, attemptId: job.attemptId }, 'ringing an agency failed unexpectedly');
      ring = { result: 'refused', reason: error instanceof Error ? error.message : String(error) };
    }
    tell(callId, { type: 'ring-result', at: clock.now(), attemptId: job.attemptId, ring });
  };

  const indexChannels = (mailbox: Mailbox): void => {
    const { call } = mailbox;
    for (const channelId of [call.channelId, ...legsOf(call)]) {
      channels.set(channelId, call.id);
      mailbox.channels.add(channelId);
    }
  };

  const armTimer = (mailbox: Mailbox): void => {
    const due = Object.values(mailbox.call.timers);
    const dueAt = due.length === 0 ? null : Math.min(...due);
    if (mailbox.timer?.dueAt === dueAt) return;
    mailbox.timer?.cancel();
    mailbox.timer = null;
    if (dueAt === null) return;
    const cancel = clock.after(Math.max(0, dueAt - clock.now()), () => fire(mailbox));
    mailbox.timer = { dueAt, cancel };
  };

  const fire = (mailbox: Mailbox): void => {
    mailbox.timer = null;
    if (mailboxes.get(mailbox.call.id) !== mailbox) return;
    if (deps.held()) {
      // This process stood still: what happened meanwhile is heard first.
      const again = clock.now() + heldFor;
      mailbox.timer = { dueAt: again, cancel: clock.after(heldFor, () => fire(mailbox)) };
      return;
    }
    const at = clock.now();
    for (const [name, dueAt] of Object.entries(mailbox.call.timers)) {
      if (dueAt <= at) tell(mailbox.call.id, { type: 'timer', at, name });
    }
    if (mailboxes.get(mailbox.call.id) === mailbox) armTimer(mailbox);
  };

  const forget = (callId: string): void => {
    const mailbox = mailboxes.get(callId);
    if (mailbox === undefined) return;
    mailbox.timer?.cancel();
    mailboxes.delete(callId);
    for (const channelId of mailbox.channels) channels.delete(channelId);
  };

  return {
    open(call) {
      const known = mailboxes.get(call.id);
      known?.timer?.cancel();
      const mailbox: Mailbox = {
        call,
        sequence: known?.sequence ?? 0,
        waiting: [],
        busy: false,
        timer: null,
        channels: known?.channels ?? new Set(),
      };
      mailboxes.set(call.id, mailbox);
      indexChannels(mailbox);
      armTimer(mailbox);
    },
    tell,
    get: (callId) => mailboxes.get(callId)?.call,
    all: () => [...mailboxes.values()].map((mailbox) => mailbox.call),
    ownerOf: (channelId) => mailboxes.get(channels.get(channelId) ?? '')?.call,
    async command(callId, input) {
      if (!tell(callId, input)) return { known: false, durable: false };
      return { known: true, durable: await journal.synced() };
    },
    forget,
    sequenceOf: (callId) => mailboxes.get(callId)?.sequence ?? 0,
    stop() {
      for (const mailbox of mailboxes.values()) mailbox.timer?.cancel();
    },
  };
}
