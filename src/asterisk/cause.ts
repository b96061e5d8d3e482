// Q.850 causes as Asterisk maps them from the SIP answer (RFC 3398, RFC 4497).

/** What became of a phone that rang and was not answered, by the cause of its end. */
export function outcomeOfCause(cause: number): 'busy' | 'no-answer' | 'failed' {
  if (cause === 17) return 'busy';
  return cause === 18 || cause === 19 ? 'no-answer' : 'failed';
}

/** 16 is a BYE; anything else is a phone or a network that failed in mid-call. */
export function isHangUp(cause: number): boolean {
  return cause === 16;
}

/** 21 is a 603: somebody there pressed the red button, or the trunk does not want this call. */
export function isRefusal(cause: number): boolean {
  return cause === 21;
}
