import type { Cancel, Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { decideWithoutCall } from './decide.ts';
import type { WithoutCall, WithoutCallEffect, WithoutCallEntry, WithoutCallInput } from './without-call.ts';

export interface WithoutCallRunner {
  /** Takes one into this process; false when there are too many already. */
  open(state: WithoutCall): boolean;
  /** Hands one an input; what is for none of here is dropped. */
  tell(id: string, input: WithoutCallInput): boolean;
  get(id: string): WithoutCall | undefined;
  all(): WithoutCall[];
  /** Whose leg a channel is, or was. */
  ownerOf(channelId: string): WithoutCall | undefined;
  room(): number;
  /** Somebody else goes on with it. */
  forget(id: string): void;
  stop(): void;
}

interface Mailbox {
  state: WithoutCall;
  sequence: number;
  waiting: WithoutCallInput[];
  busy: boolean;
  timer: { dueAt: number; cancel: Cancel } | null;
}

const most = 1_000;
/** One that is over stays so long in memory: what comes late is answered, and REST finds it. */
const lingers = 10_000;
const heldFor = 100;

/** One mailbox for the dispatches that were made at one moment without a call; it never waits for an effect. */
export function createWithoutCallRunner(deps: {
  clock: Clock;
  logger: Logger;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
  /** Journals and tells; must not throw and must not wait. */
  recorded: (entry: WithoutCallEntry) => void;
  carryOut: (state: WithoutCall, effect: WithoutCallEffect) => void;
  /** A decision threw: somebody has to look. */
  failed: (state: WithoutCall, input: string, error: unknown) => void;
}): WithoutCallRunner {
  const { clock, logger } = deps;
  const mailboxes = new Map<string, Mailbox>();
  /** By the ids with which the channels of its legs begin: its own, and those of its dispatches. */
  const owners = new Map<string, string>();

  const tell = (id: string, input: WithoutCallInput): boolean => {
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

  const take = (mailbox: Mailbox, input: WithoutCallInput): void => {
    let decision;
    try {
      decision = decideWithoutCall(mailbox.state, input);
    } catch (error) {
      logger.fatal({ err: error, withoutCallId: mailbox.state.id, input: input.type }, 'a decision failed');
      deps.failed(mailbox.state, input.type, error);
      if (input.type === 'timer') Reflect.deleteProperty(mailbox.state.timers, input.name);
      return;
    }
    const { state, effects, facts } = decision;
    const before = mailbox.state;
    // What comes after the end and changes nothing is none of the record's.
    if (before.endedAt !== null && effects.length === 0) return;
    mailbox.state = state;
    // One that is asked instead has come.
    for (const name of namesOf(state)) owners.set(name, state.id);
    mailbox.sequence += 1;
    const { sequence } = mailbox;
    deps.recorded({ kind: 'without-call', sequence, at: input.at, input, effects, facts, state });
    for (const effect of effects) deps.carryOut(state, effect);
    armTimer(mailbox);
    if (before.endedAt === null && state.endedAt !== null) clock.after(lingers, () => forget(state.id));
  };

  const armTimer = (mailbox: Mailbox): void => {
    const due = Object.values(mailbox.state.timers);
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
    if (mailboxes.get(mailbox.state.id) !== mailbox) return;
    // This process stood still: what happened meanwhile is heard first.
    if (deps.held()) return void (mailbox.timer = at(mailbox, clock.now() + heldFor));
    mailbox.timer = null;
    const now = clock.now();
    for (const [name, dueAt] of Object.entries(mailbox.state.timers)) {
      if (dueAt <= now) tell(mailbox.state.id, { type: 'timer', at: now, name });
    }
    armTimer(mailbox);
  };

  const forget = (id: string): void => {
    const mailbox = mailboxes.get(id);
    if (mailbox === undefined) return;
    mailbox.timer?.cancel();
    mailboxes.delete(id);
    for (const name of namesOf(mailbox.state)) owners.delete(name);
  };

  return {
    open(state) {
      if (mailboxes.size >= most) return false;
      mailboxes.set(state.id, { state, sequence: 0, waiting: [], busy: false, timer: null });
      for (const name of namesOf(state)) owners.set(name, state.id);
      return true;
    },
    tell,
    get: (id) => mailboxes.get(id)?.state,
    all: () => [...mailboxes.values()].map(({ state }) => state),
    ownerOf(channelId) {
      const id = owners.get(channelId.split('.')[0] ?? '');
      return id === undefined ? undefined : mailboxes.get(id)?.state;
    },
    room: () => most - mailboxes.size,
    forget,
    stop() {
      for (const { timer } of mailboxes.values()) timer?.cancel();
    },
  };
}

function namesOf({ id, dispatches }: WithoutCall): string[] {
  return [id, ...dispatches.map((one) => one.id)];
}
