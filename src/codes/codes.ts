/** What somebody has dialled on an idle operator's phone. */
export type Dialled =
  /** `*11EXT`, or `*11EXT*PIN`; without the PIN it is asked for. */
  | { code: 'log-in'; extension: string; pin: string | null }
  /** `*12` */
  | { code: 'log-out' }
  /** `*13` */
  | { code: 'available' }
  /** `*14`, or `*14N` */
  | { code: 'pause'; reason: PauseReason }
  /** `*9` */
  | { code: 'ghost' }
  /** 3 to 20 digits: a call to the outside. */
  | { code: 'call'; number: string }
  | { code: 'unknown' };

export type PauseReason = 'break' | 'meal' | 'training' | 'other work';

const pauseReasons: Readonly<Record<string, PauseReason>> = {
  '': 'break',
  '1': 'break',
  '2': 'meal',
  '3': 'training',
  '4': 'other work',
};

/** Digits of a PIN that are looked at; whoever types more is not believed anyway. */
export const longestPin = 12;

/** Reads what was dialled. Pure; whatever it is, it is one of these. */
export function readDialled(text: string): Dialled {
  const logIn = /^\*11(\d{2,6})(?:\*(\d{1,12}))?$/.exec(text);
  if (logIn?.[1] !== undefined) return { code: 'log-in', extension: logIn[1], pin: logIn[2] ?? null };
  if (text === '*12') return { code: 'log-out' };
  if (text === '*13') return { code: 'available' };
  if (text === '*9') return { code: 'ghost' };
  const pause = /^\*14([1-4]?)$/.exec(text)?.[1];
  const reason = pause === undefined ? undefined : pauseReasons[pause];
  if (reason !== undefined) return { code: 'pause', reason };
  return /^\+?\d{3,20}$/.test(text) ? { code: 'call', number: text } : { code: 'unknown' };
}
