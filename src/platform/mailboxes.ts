import type { Cancel, Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** What has a mailbox: plain JSON, changed by decisions only. */
interface Machine {
  readonly id: string;
  readonly endedAt: number | null;
}

/** What a decision made of one input. */
export interface Decided<State, Effect, Fact> {
  state: State;
  effects: Effect[];
  facts: Fact[];
}

/** One mailbox for each machine of a kind. */
export interface Mailboxes<State, Input> {
  /** Takes one into this process; false when there are too many already. */
  open(state: State): boolean;
  /** Whether one was ever taken into this process, also when it is over since: of the last ten thousand. */
  opened(id: string): boolean;
  /** Hands one an input; what is for none of here is dropped. */
  tell(id: string, input: Input): boolean;
  get(id: string): State | undefined;
  all(): State[];
  /** The one that has this name, or had it. */
  ownerOf(name: string): State | undefined;
  /** How many more can be taken. */
  room(): number;
  /** Somebody else goes on with it. */
  forget(id: string): void;
  stop(): void;
}

interface Mailbox<State, Input> {
  state: State;
  sequence: number;
  waiting: Input[];
  busy: boolean;
  timer: { dueAt: number; cancel: Cancel } | null;
  /** By name, when a timer last was due: what a decision leaves as it is, or fails of, does not come again and again. */
  fired: Map<string, number>;
}

/** One that is over stays so long in memory: what comes late is answered, and REST finds it. */
const lingers = 10_000;
const heldFor = 100;
const remembered = 10_000;

/** Takes an input, and after it what is told meanwhile; whoever tells while one is taken does not wait. */
export function tellInTurn<Input>(
  mailbox: { readonly waiting: Input[]; busy: boolean },
  input: Input,
  take: (input: Input) => void,
): void {
  const { waiting } = mailbox;
  waiting.push(input);
  if (mailbox.busy) return;
  mailbox.busy = true;
  try {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) take(next);
  } finally {
    mailbox.busy = false;
  }
}

/**
 * Runs machines whose decisions are pure: one input after another, a record of each decision, its effects, its timers. It never
 * waits for an effect.
 */
export function createMailboxes<
  State extends Machine,
  Input extends { type: string; at: number },
  Effect,
  Fact,
  Timer extends string,
>(deps: {
  clock: Clock;
  logger: Logger;
  /** The most at once. */
  most: number;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
  decide: (state: State, input: Input) => Decided<State, Effect, Fact>;
  /** When it is woken, by name, in epoch milliseconds. */
  timersOf: (state: State) => readonly (readonly [name: Timer, dueAt: number])[];
  timer: (name: Timer, at: number) => Input;
  /** What else it is found by; only ever more. */
  namesOf?: (state: State) => readonly string[];
  /** Journals and tells; must not throw and must not wait. */
  recorded: (made: Decided<State, Effect, Fact> & { sequence: number; at: number; input: Input }) => void;
  carryOut: (state: State, effect: Effect) => void;
  ended?: (state: State) => void;
  /** A decision threw: somebody has to look. */
  failed: (state: State, input: string, error: unknown) => void;
}): Mailboxes<State, Input> {
  const { clock, logger, most, timersOf, namesOf = () => [] } = deps;
  const mailboxes = new Map<string, Mailbox<State, Input>>();
  const owners = new Map<string, string>();
  const ever = new Set<string>();
  const leaving = new Set<Cancel>();

  const tell = (id: string, input: Input): boolean => {
    const mailbox = mailboxes.get(id);
    if (mailbox === undefined) return false;
    tellInTurn(mailbox, input, (next) => take(mailbox, next));
    return true;
  };

  const take = (mailbox: Mailbox<State, Input>, input: Input): void => {
    const before = mailbox.state;
    let decision;
    try {
      decision = deps.decide(before, input);
    } catch (error) {
      logger.fatal({ err: error, id: before.id, input: input.type }, 'a decision failed');
      deps.failed(before, input.type, error);
      return;
    }
    const { state, effects } = decision;
    // What comes after the end and changes nothing is none of the record's.
    if (before.endedAt !== null && effects.length === 0) return;
    mailbox.state = state;
    for (const name of namesOf(state)) owners.set(name, state.id);
    mailbox.sequence += 1;
    deps.recorded({ ...decision, sequence: mailbox.sequence, at: input.at, input });
    for (const effect of effects) deps.carryOut(state, effect);
    arm(mailbox);
    if (before.endedAt !== null || state.endedAt === null) return;
    leave(mailbox);
    deps.ended?.(state);
  };

  const leave = (mailbox: Mailbox<State, Input>): void => {
    const cancel = clock.after(lingers, () => {
      leaving.delete(cancel);
      if (mailboxes.get(mailbox.state.id) === mailbox) close(mailbox);
    });
    leaving.add(cancel);
  };

  const waitsFor = ({ state, fired }: Mailbox<State, Input>) =>
    timersOf(state).filter(([name, dueAt]) => fired.get(name) !== dueAt);

  const arm = (mailbox: Mailbox<State, Input>): void => {
    const due = waitsFor(mailbox).map(([, dueAt]) => dueAt);
    const dueAt = due.length === 0 ? null : Math.min(...due);
    if (mailbox.timer?.dueAt === dueAt) return;
    mailbox.timer?.cancel();
    mailbox.timer = dueAt === null ? null : at(mailbox, dueAt);
  };

  const at = (mailbox: Mailbox<State, Input>, dueAt: number) => ({
    dueAt,
    cancel: clock.after(Math.max(0, dueAt - clock.now()), () => fire(mailbox)),
  });

  const fire = (mailbox: Mailbox<State, Input>): void => {
    if (mailboxes.get(mailbox.state.id) !== mailbox) return;
    // This process stood still: what happened meanwhile is heard first.
    if (deps.held()) return void (mailbox.timer = at(mailbox, clock.now() + heldFor));
    mailbox.timer = null;
    const now = clock.now();
    for (const [name, dueAt] of waitsFor(mailbox)) {
      if (dueAt > now) continue;
      mailbox.fired.set(name, dueAt);
      tell(mailbox.state.id, deps.timer(name, now));
    }
    if (mailboxes.get(mailbox.state.id) === mailbox) arm(mailbox);
  };

  const close = ({ state, timer }: Mailbox<State, Input>): void => {
    timer?.cancel();
    mailboxes.delete(state.id);
    for (const name of namesOf(state)) owners.delete(name);
  };

  return {
    open(state) {
      if (mailboxes.size >= most) return false;
      mailboxes.set(state.id, { state, sequence: 0, waiting: [], busy: false, timer: null, fired: new Map() });
      for (const name of namesOf(state)) owners.set(name, state.id);
      ever.add(state.id);
      const oldest = ever.size > remembered ? ever.values().next().value : undefined;
      if (oldest !== undefined) ever.delete(oldest);
      return true;
    },
    opened: (id) => ever.has(id),
    tell,
    get: (id) => mailboxes.get(id)?.state,
    all: () => [...mailboxes.values()].map(({ state }) => state),
    ownerOf(name) {
      const id = owners.get(name);
      return id === undefined ? undefined : mailboxes.get(id)?.state;
    },
    room: () => most - mailboxes.size,
    forget(id) {
      ever.delete(id);
      const mailbox = mailboxes.get(id);
      if (mailbox !== undefined) close(mailbox);
    },
    stop() {
      for (const { timer } of mailboxes.values()) timer?.cancel();
      for (const cancel of leaving) cancel();
    },
  };
}
