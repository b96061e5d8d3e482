import type { PartyPurpose } from './party.ts';

/** What an operator can ask for with the keys of his phone while he talks. */
export type KeyCommand =
  | { command: 'hold' }
  | { command: 'mute' }
  /** Without a number: of whom he consults. */
  | { command: 'party'; purpose: PartyPurpose; number: string | null }
  | { command: 'let-go' }
  | { command: 'ask-silent' }
  | { command: 'assist' }
  | { command: 'ghost' };

export type Typed =
  /** No code begins so: a key pressed by mistake. */
  | { type: 'nothing' }
  | { type: 'incomplete' }
  | { type: 'forgotten' }
  | { type: 'unknown' }
  | { type: 'command'; command: KeyCommand };

/** What is typed may be as long as this; the longest number that the limits allow is shorter. */
export const typedLimit = 24;

const short = new Map<string, KeyCommand>([
  ['*1', { command: 'hold' }],
  ['*2', { command: 'mute' }],
  ['*6', { command: 'let-go' }],
  ['*7', { command: 'ask-silent' }],
  ['*8', { command: 'assist' }],
  ['*9', { command: 'ghost' }],
]);
const purposes = new Map<string, PartyPurpose>([
  ['3', 'consult'],
  ['4', 'hand-over'],
  ['5', 'conference'],
]);

/** Reads the keys that were typed since the last code: `*3 NUMBER #` and the like. `**` at any time forgets them. */
export function readTyped(keys: string): Typed {
  if (!keys.startsWith('*')) return { type: 'nothing' };
  if (keys.endsWith('**')) return { type: 'forgotten' };
  if (keys.length > typedLimit) return { type: 'unknown' };
  const command = short.get(keys);
  if (command !== undefined) return { type: 'command', command };
  // A star behind digits is the first half of `**`, or a mistake that the next key shows.
  if (/^\*([345][0-9]*\*?)?$/.test(keys)) return { type: 'incomplete' };
  const [, code = '', number = ''] = /^\*([345])([0-9]*)#$/.exec(keys) ?? [];
  const purpose = purposes.get(code);
  if (purpose === undefined || (purpose === 'consult' && number === '')) return { type: 'unknown' };
  return { type: 'command', command: { command: 'party', purpose, number: number === '' ? null : number } };
}
