import type { WaitingLine } from './mailbox.ts';

/** The line, with `told` called after everything that may change it. */
export function observed(line: WaitingLine, told: () => void): WaitingLine {
  const then = <R>(answer: R): R => {
    told();
    return answer;
  };
  return {
    ...line,
    enter(...given) {
      line.enter(...given);
      told();
    },
    leave(...given) {
      line.leave(...given);
      told();
    },
    rank(...given) {
      line.rank(...given);
      told();
    },
    outcome(...given) {
      line.outcome(...given);
      told();
    },
    reserve(...given) {
      line.reserve(...given);
      told();
    },
    operators(...given) {
      line.operators(...given);
      told();
    },
    desks(...given) {
      line.desks(...given);
      told();
    },
    registered(...given) {
      line.registered(...given);
      told();
    },
    logIn: (...given) => then(line.logIn(...given)),
    logOut: (...given) => then(line.logOut(...given)),
    pause: (...given) => then(line.pause(...given)),
    resume: (...given) => then(line.resume(...given)),
  };
}
