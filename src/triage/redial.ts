import type { Incident } from '../incidents/incident.ts';
import type { NuisanceKey } from './score.ts';

/** A call that was abandoned, as a redial needs it. Times are epoch milliseconds. */
export interface AbandonedCall {
  readonly callId: string;
  /** What links a redial with it: none that names nobody. */
  readonly keys: readonly NuisanceKey[];
  readonly endedAt: number;
  readonly incident: Incident;
  /** Every call of the incident so far, the earliest first. */
  readonly callIds: readonly string[];
  /** `urn:emergency:uid:incidentid:…` */
  readonly emergencyIncidentId: string | null;
  /** The redial that got through; null while none has. */
  readonly redialledBy: string | null;
}

/** What a call has to do with an earlier one of the same caller. */
export type EarlierAttempt =
  /** Its incident is the earlier one's. */
  | {
      readonly relation: 'joined';
      readonly callId: string;
      readonly callIds: readonly string[];
      readonly incident: Incident;
      readonly emergencyIncidentId: string | null;
    }
  /** The earlier one is still under way, with its own incident. */
  | { readonly relation: 'linked'; readonly callId: string; readonly incidentId: string };

/**
 * The incident that a redial joins: that of the caller's latest abandoned call within the window, if it is open and no
 * other redial got through. Its version is raised by one: from here on it is the redial's, and what others still hold of it
 * is out of date.
 */
export function joinedBy(
  redial: { readonly callId: string; readonly keys: readonly NuisanceKey[]; readonly at: number },
  abandoned: Iterable<AbandonedCall>,
  redialSeconds: number,
): Extract<EarlierAttempt, { relation: 'joined' }> | null {
  let found: AbandonedCall | null = null;
  for (const one of abandoned) {
    const age = redial.at - one.endedAt;
    if (one.callId === redial.callId || age > redialSeconds * 1_000 || one.incident.status !== 'open') continue;
    if (one.redialledBy !== null && one.redialledBy !== redial.callId) continue;
    if (!haveOneKey(one.keys, redial.keys)) continue;
    if (found === null || one.endedAt > found.endedAt) found = one;
  }
  if (found === null) return null;
  const { callId, callIds, incident, emergencyIncidentId } = found;
  const joined = { ...incident, version: incident.version + 1 };
  return { relation: 'joined', callId, callIds, incident: joined, emergencyIncidentId };
}

export function haveOneKey(some: readonly NuisanceKey[], others: readonly NuisanceKey[]): boolean {
  return some.some((one) => others.some((other) => one.kind === other.kind && one.key === other.key));
}
