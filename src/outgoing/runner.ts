import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { decideOutgoing } from './decide.ts';
import type { OutgoingCall, OutgoingEffect, OutgoingEntry, OutgoingInput, OutgoingTimer } from './outgoing.ts';

export interface OutgoingRunner {
  /** Takes a call into this process. */
  open(call: OutgoingCall): void;
  /** Hands a call an input; one for a call that is not here is dropped. */
  tell(id: string, input: OutgoingInput): boolean;
  get(id: string): OutgoingCall | undefined;
  all(): OutgoingCall[];
  /** The call a channel belongs to. */
  ownerOf(channelId: string): OutgoingCall | undefined;
  stop(): void;
}

interface Mailbox {
  call: OutgoingCall;
  sequence: number;
  waiting: OutgoingInput[];
  busy: boolean;
  timer: { dueAt: number; cancel: Cancel } | null;
}

/** An ended call stays so long in memory: what comes late is answered, and REST finds it. */
const lingers = 10_000;
const heldFor = 100;

/** One mailbox for each call to the outside; it never waits for an effect. */
export function createOutgoingRunner(deps: {
  clock: Clock;
  logger: Logger;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
  /** Journals and tells; must not throw and must not wait. */
  recorded: (entry: OutgoingEntry) => void;
  carryOut: (call: OutgoingCall, effect: OutgoingEffect) => void;
  ended: (call: OutgoingCall) => void;
  /** A decision threw: somebody has to look. */
  failed: (call: OutgoingCall, input: string, error: unknown) => void;
}): OutgoingRunner {
  const { clock, logger } = deps;
  const mailboxes = new Map<string, Mailbox>();
  const channels = new Map<string, string>();

  const tell = (id: string, input: OutgoingInput): boolean => {
    const mailbox = mailboxes.get(id);
    if (mailbox === undefined) return false;
    mailbox.waiting.push(input);
    if (mailbox.busy) return true;
    mailbox.busy = true;
    try {
      for (let next = mailbox.waiting.shift(); next !== undefined; next = mailbox.waiting.shift()) take(mailbox, next);
    } finally {
      mailbox.busy = false;
    }
    return true;
  };

  const take = (mailbox: Mailbox, input: OutgoingInput): void => {
    let decision;
    try {
      decision = decideOutgoing(mailbox.call, input);
    } catch (error) {
      logger.fatal({ err: error, outgoingId: mailbox.call.id, input: input.type }, 'a decision failed');
      deps.failed(mailbox.call, input.type, error);
      if (input.type === 'timer') Reflect.deleteProperty(mailbox.call.timers, input.name);
      return;
    }
    const { call, effects, facts } = decision;
    // What comes after the end and changes nothing is none of the record's.
    if (mailbox.call.endedAt !== null && effects.length === 0) return;
    const ended = mailbox.call.endedAt === null && call.endedAt !== null;
    mailbox.call = call;
    mailbox.sequence += 1;
    deps.recorded({ kind: 'outgoing', sequence: mailbox.sequence, at: input.at, input, effects, facts, state: call });
    for (const effect of effects) deps.carryOut(call, effect);
    armTimer(mailbox);
    if (!ended) return;
    clock.after(lingers, () => forget(call.id));
    deps.ended(call);
  };

  const armTimer = (mailbox: Mailbox): void => {
    const due = Object.values(mailbox.call.timers);
    const dueAt = due.length === 0 ? null : Math.min(...due);
    if (mailbox.timer?.dueAt === dueAt) return;
    mailbox.timer?.cancel();
    mailbox.timer = dueAt === null ? null : at(mailbox, dueAt);
  };

  const at = (mailbox: Mailbox, dueAt: number) => ({
    dueAt,
    cancel: clock.after(Math.max(0, dueAt - clock.now()), () => fire(mailbox)),
  });

  const fire = (mailbox: Mailbox): void => {
    if (mailboxes.get(mailbox.call.id) !== mailbox) return;
    // This process stood still: what happened meanwhile is heard first.
    if (deps.held()) return void (mailbox.timer = at(mailbox, clock.now() + heldFor));
    mailbox.timer = null;
    const now = clock.now();
    for (const [name, dueAt] of timersOf(mailbox.call)) {
      if (dueAt <= now) tell(mailbox.call.id, { type: 'timer', at: now, name });
    }
    armTimer(mailbox);
  };

  const forget = (id: string): void => {
    const mailbox = mailboxes.get(id);
    if (mailbox === undefined) return;
    mailbox.timer?.cancel();
    mailboxes.delete(id);
    for (const { channelId } of [mailbox.call.operator, mailbox.call.outside]) channels.delete(channelId);
  };

  return {
    open(call) {
      mailboxes.set(call.id, { call, sequence: 0, waiting: [], busy: false, timer: null });
      for (const { channelId } of [call.operator, call.outside]) channels.set(channelId, call.id);
    },
    tell,
    get: (id) => mailboxes.get(id)?.call,
    all: () => [...mailboxes.values()].map(({ call }) => call),
    ownerOf(channelId) {
      const id = channels.get(channelId);
      return id === undefined ? undefined : mailboxes.get(id)?.call;
    },
    stop() {
      for (const mailbox of mailboxes.values()) mailbox.timer?.cancel();
    },
  };
}

const timerNames = ['reserve', 'operator', 'outside', 'closing', 'warning', 'duration'] as const;

function timersOf({ timers }: OutgoingCall): [OutgoingTimer, number][] {
  return timerNames.flatMap((name): [OutgoingTimer, number][] => {
    const dueAt = timers[name];
    return dueAt === undefined ? [] : [[name, dueAt]];
  });
}
