import type { Call } from '../calls/call.ts';
import type { Principal } from '../platform/auth.ts';
import { forbidden, type Problem } from '../platform/problem.ts';
import { isConfidential } from '../routing/kind.ts';

/** Whom an incident concerns: what decides who may know of it. */
export interface Circle {
  readonly kind: string | null;
  /** The operators who talked on its calls, or are being rung for them. */
  readonly operatorIds: readonly string[];
}

/** What a call's circle is told by. */
export type CallInCircle = Pick<Call, 'talked'> & {
  readonly operator: { readonly operatorId: string } | null;
  readonly others: readonly { readonly operatorId: string }[];
  /** Whom the operator brought. */
  readonly parties: readonly { readonly operatorId: string | null }[];
  readonly incident: { readonly kind: string | null };
};

/** The circle of a call that is here. */
export function circleOfCall(call: CallInCircle): Circle {
  const others = [...call.others, ...call.parties].map(({ operatorId }) => operatorId);
  const operatorIds = [...call.talked, call.operator?.operatorId ?? null, ...others].filter((id) => id !== null);
  return { kind: call.incident.kind, operatorIds: [...new Set(operatorIds)] };
}

/**
 * The circle of a call by what is known of it and what somebody tells later. Who tells it without the kind does not know it:
 * what was confidential stays so.
 */
export function laterCircle(known: Circle, later: Circle): Circle {
  if (known.kind === null || later.kind !== null) return later;
  return { kind: known.kind, operatorIds: [...new Set([...known.operatorIds, ...later.operatorIds])] };
}

/**
 * Who may know what an incident is about. A confidential one: supervisors, admins, and the operators on its calls.
 * An auditor reads everything that was done, but not who was beaten.
 */
export function mayKnow(who: Pick<Principal, 'role' | 'operatorId'>, circle: Circle): boolean {
  if (!isConfidential(circle.kind)) return true;
  switch (who.role) {
    case 'admin':
    case 'supervisor':
      return true;
    case 'operator':
      return who.operatorId !== undefined && circle.operatorIds.includes(who.operatorId);
    case 'auditor':
    case 'gateway':
    case 'client':
      return false;
  }
}

/** The answer to somebody who need not know. */
export function confidential(): Problem {
  return forbidden(
    'incidents.confidential',
    'This incident is confidential: it is for supervisors, admins and the operators who talked on its call.',
  );
}
