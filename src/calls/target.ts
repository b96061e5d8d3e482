import type { PartyTarget } from './party.ts';

/** Whom an operator means by what he typed, or why nobody is rung for it. */
export type FoundTarget = { target: PartyTarget } | { refused: string };

/** A number that may be called as a party, as calls to the outside say it; `typed` as it was asked for. */
export function outsideTarget(
  resolved: { allowed: true; number: string; uri: string; shownNumber: string } | { allowed: false; reason: string },
  typed: string,
  limitMilliseconds: number,
): FoundTarget {
  if (!resolved.allowed) return { refused: resolved.reason };
  const { number, uri, shownNumber: callerNumber } = resolved;
  return { target: { number, typed, uri, callerNumber, limitMilliseconds } };
}

/** Whether an operator may call a number outside the centre now, and how it is rung; `by` is his id or the token's. */
export type LookUpOutside = (number: string, by: string) => FoundTarget;

/** So short a number is none outside, whatever it is: short numbers there begin with 1, others have five digits or a 0. */
const noneOutside = /^[2-9]\d{1,3}$/;

/** An extension is a colleague's; any other number is outside, and subject to its limits. `unknown-extension`: a mistyped one. */
export function targetFinder(deps: {
  operators: () => readonly { operator: { id: string; extension: string } }[];
  outside: LookUpOutside | undefined;
}): LookUpOutside {
  return (text, by) => {
    const operators = deps.operators().map(({ operator }) => operator);
    const colleague = operators.find(({ extension }) => extension === text);
    if (colleague !== undefined) return { target: { operatorId: colleague.id } };
    const asLong = operators.some(({ extension }) => extension.length === text.length);
    if (asLong && noneOutside.test(text)) return { refused: 'unknown-extension' };
    const found = deps.outside?.(text, by) ?? { refused: 'number-refused' };
    const nobodys = 'refused' in found && (found.refused === 'malformed' || found.refused === 'not-allowed');
    return asLong && nobodys && /^\d+$/.test(text) ? { refused: 'unknown-extension' } : found;
  };
}
