import type { WaitingLine } from './mailbox.ts';

/** The line, with `told` called after everything that may change it. */
export function observed(line: WaitingLine, told: () => void): WaitingLine {
  const then =
    <A extends unknown[], R>(work: (...given: A) => R) =>
    (...given: A): R => {
      const answer = work(...given);
      told();
      return answer;
    };
  return {
    ...line,
    enter: then(line.enter),
    leave: then(line.leave),
    rank: then(line.rank),
    outcome: then(line.outcome),
    reserve: then(line.reserve),
    operators: then(line.operators),
    desks: then(line.desks),
    registered: then(line.registered),
    logIn: then(line.logIn),
    logOut: then(line.logOut),
    pause: then(line.pause),
    resume: then(line.resume),
  };
}
