import type { Decision, Mode } from '../routing/rule.ts';
import type { Dispatch } from './dispatch.ts';

/** An agency that was asked for an incident, and how it went. */
export interface Asked {
  readonly agencyId: string;
  readonly mode: Mode;
  readonly state: string;
  readonly accepted: boolean;
  readonly over: boolean;
  /** The rule that wanted it; null: somebody else did. */
  readonly ruleId: string | null;
}

/** What was done for an incident so far because rules or people wanted it. */
export interface Done {
  readonly asked: readonly Asked[];
  /** Recipients whom the rules had told. */
  readonly told: readonly string[];
}

/** A live dispatch as one that was asked. */
export function askedBy({ agencyId, mode, state, acceptedAt, endedAt, reason }: Dispatch): Asked {
  const ruleId = reason.by === 'rule' ? reason.ruleId : null;
  return { agencyId, mode, state, accepted: acceptedAt !== null, over: endedAt !== null, ruleId };
}

/**
 * Of the dispatches that the rules want when they are asked again, those that are new: no agency is rung that is engaged or
 * has accepted, none is told that was told. Unless a person `classified` the incident anew, none is rung either that was
 * called off, or that the same rule has had rung, whatever came of it.
 */
export function notYetAsked(planned: readonly Dispatch[], asked: readonly Asked[], classified: boolean): Dispatch[] {
  const isNew = (dispatch: Dispatch): boolean => !asked.some((one) => settles(one, dispatch, classified));
  const kept = planned.filter(isNew);
  const ids = new Set(kept.map(({ id }) => id));
  return kept.map((dispatch) => {
    const after = dispatch.after.filter((id) => ids.has(id));
    return { ...dispatch, after, fallback: firstOf(dispatch.fallback, isNew, dispatch.id) };
  });
}

/** Those of a decision whom nobody has told yet. */
export function notYetTold({ tell }: Pick<Decision, 'tell'>, told: readonly string[]): Decision['tell'] {
  return tell.filter(({ recipientId }) => !told.includes(recipientId));
}

function settles(earlier: Asked, dispatch: Dispatch, classified: boolean): boolean {
  if (earlier.agencyId !== dispatch.agencyId) return false;
  if (earlier.accepted) return true;
  // Whoever is only told may be rung all the same.
  if (!earlier.over) return earlier.mode !== 'notify' || dispatch.mode === 'notify';
  // Somebody has called it off: that is for somebody to change.
  if (!classified && earlier.state === 'cancelled') return true;
  if (earlier.state === 'told') return dispatch.mode === 'notify';
  return !classified && dispatch.reason.by === 'rule' && earlier.ruleId === dispatch.reason.ruleId;
}

/** The first that is new, with those behind it, asked in place of `of`. */
function firstOf(dispatch: Dispatch | null, isNew: (one: Dispatch) => boolean, of: string): Dispatch | null {
  if (dispatch === null) return null;
  if (!isNew(dispatch)) return firstOf(dispatch.fallback, isNew, of);
  return {
    ...dispatch,
    reason: { by: 'fallback', of },
    fallback: firstOf(dispatch.fallback, isNew, dispatch.id),
  };
}
