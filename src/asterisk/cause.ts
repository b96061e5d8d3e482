// Q.850 causes as Asterisk maps them from the SIP answer (RFC 3398, RFC 4497).

/** What became of a phone that rang and was not answered, by the cause of its end. */
export function outcomeOfCause(cause: number): 'busy' | 'no-answer' | 'failed' {
  if (cause === 17) return 'busy';
  return cause === 18 || cause === 19 ? 'no-answer' : 'failed';
}

const words: Readonly<Record<number, string>> = {
  1: 'there is no such number',
  2: 'there is no way to this number',
  3: 'there is no way to this number',
  17: 'busy',
  18: 'nobody answered',
  19: 'nobody answered',
  20: 'the phone is switched off or out of reach',
  21: 'the call was refused',
  22: 'the number has changed',
  27: 'the phone or its line is out of order',
  28: 'the number is not complete',
  34: 'every line is taken',
  38: 'the network is out of order',
  41: 'the network failed for a moment',
  42: 'the network is overloaded',
  44: 'the line is taken',
  58: 'the network cannot do this now',
};

/** Why a number was not reached, for people, with the cause for whoever asks the network. */
export function wordsOfCause(cause: number): string {
  return `${words[cause] ?? 'the network did not connect it'} (cause ${cause})`;
}

/** 16 is a BYE; anything else is a phone or a network that failed in mid-call. */
export function isHangUp(cause: number): boolean {
  return cause === 16;
}

/** 21 is a 603: somebody there pressed the red button, or the trunk does not want this call. */
export function isRefusal(cause: number): boolean {
  return cause === 21;
}
