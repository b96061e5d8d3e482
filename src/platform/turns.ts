/** A bounded number of things at a time, and a bounded number that wait, first come first served. */
interface Turns {
  /** Whether there is no place left, not even for waiting. */
  full(): boolean;
  /** Resolves with true once it is one's turn, with false when the signal aborts before; true is to be given back. */
  take(signal: AbortSignal): Promise<boolean>;
  give(): void;
}

/** Makes turns for `atOnce` at a time and `waiting` more that wait. */
export function createTurns(atOnce: number, waiting: number): Turns {
  const line: (() => void)[] = [];
  let taken = 0;
  return {
    full: () => taken >= atOnce && line.length >= waiting,
    take(signal) {
      if (signal.aborted) return Promise.resolve(false);
      if (taken < atOnce) {
        taken += 1;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve(true);
        };
        const leave = () => {
          line.splice(line.indexOf(enter), 1);
          resolve(false);
        };
        line.push(enter);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
    give() {
      const next = line.shift();
      if (next === undefined) taken -= 1;
      else next();
    },
  };
}
