import { pause, type Clock } from '../platform/clock.ts';
import { messageOf } from '../platform/errors.ts';
import type { AriAnswer } from './commands.ts';

export interface Lanes<Context, Command> {
  /**
   * Sends a command after all earlier ones for the same channels and bridges, and after `also`; those of others go out at
   * once. Resolves when its answer has been told of.
   */
  perform(context: Context, command: Command, also?: readonly Promise<void>[]): Promise<void>;
  /** Resolves when every command sent so far has its answer. */
  settled(): Promise<void>;
}

const betweenTries = 500;
const heldFor = 100;

/** Commands to Asterisk: those of one channel or bridge one after another. A command that fails holds up nothing. */
export function createLanes<Context, Command>(deps: {
  clock: Clock;
  /** True while nobody knows what happened during a pause of the process: it may have been taken for dead. */
  held: () => boolean;
  ask: (context: Context, command: Command) => Promise<AriAnswer>;
  /** What the command is for: channels and bridges. */
  lanesOf: (command: Command) => readonly string[];
  /** More than one for what must come to an end: that is insisted on, and what was gone before has come to it. */
  triesOf: (command: Command) => number;
  /** Hears of every answer but that what was to be ended was gone. */
  answered: (context: Context, command: Command, answer: AriAnswer) => void;
}): Lanes<Context, Command> {
  const { clock, ask, lanesOf, triesOf, answered } = deps;
  // The last command of each lane: the next one waits for this one's answer, and for no other.
  const lanes = new Map<string, Promise<void>>();
  const running = new Set<Promise<void>>();

  const run = async (context: Context, command: Command): Promise<void> => {
    while (deps.held()) await pause(clock, heldFor);
    const tries = triesOf(command);
    const answer = await insist(tries, () => ask(context, command));
    if (!answer.ok && answer.failure === 'gone' && tries > 1) return;
    answered(context, command, answer);
  };

  const insist = async (tries: number, act: () => Promise<AriAnswer>): Promise<AriAnswer> => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await act().catch(fault);
      if (answer.ok || answer.failure === 'gone' || attempt >= tries) return answer;
      await pause(clock, betweenTries);
    }
  };

  return {
    perform(context, command, also = []) {
      const keys = lanesOf(command);
      const before = [...keys.flatMap((key) => lanes.get(key) ?? []), ...also];
      const done = Promise.all(before).then(() => run(context, command));
      running.add(done);
      for (const key of keys) lanes.set(key, done);
      void done.finally(() => {
        running.delete(done);
        for (const key of keys) if (lanes.get(key) === done) lanes.delete(key);
      });
      return done;
    },
    async settled() {
      while (running.size > 0) await Promise.allSettled([...running]);
    },
  };
}

/** A command that could not even be put together is one that failed, and the next for the same channel is none the worse. */
function fault(error: unknown): AriAnswer {
  return { ok: false, failure: 'failed', status: null, reason: messageOf(error) };
}
