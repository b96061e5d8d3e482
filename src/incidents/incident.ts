/** What happened: one incident, with the calls that reported it. */
export interface Incident {
  readonly id: string;
  openedAt: number;
  /** Raised by one with every change of what a person may edit; the ETag of the incident. */
  version: number;
  status: IncidentStatus;
  /** The kind's key in the routing room's list; null until an operator has classified the incident. */
  kind: string | null;
  severity: Severity | null;
  /** District named by a person; where none is, the rules take the one in which the caller was located. */
  district: string | null;
  disposition: Disposition | null;
  notes: Note[];
}

type IncidentStatus = 'open' | 'closed';

export const severities = ['low', 'moderate', 'high', 'critical'] as const;
type Severity = (typeof severities)[number];

/** How an incident ended: local practice beside the codes of APCO 1.111.2 that it corresponds to. */
export const dispositions = [
  'settled-by-phone',
  'agency-sent',
  'cancelled',
  'referred',
  'duplicate',
  'information',
  'prank',
  'ghost',
  'silent',
  'wrong-number',
  'abandoned',
  'test',
] as const;
export type Disposition = (typeof dispositions)[number];

interface Note {
  at: number;
  /** Who wrote it: the token's id, or the operator's. */
  by: string;
  text: string;
}

/** What a person may change on an incident. An absent field stays as it is. */
export interface IncidentChange {
  kind?: string;
  severity?: Severity;
  district?: string;
  disposition?: Disposition;
  status?: IncidentStatus;
  note?: string;
}

export function openIncident(id: string, at: number): Incident {
  return {
    id,
    openedAt: at,
    version: 1,
    status: 'open',
    kind: null,
    severity: null,
    district: null,
    disposition: null,
    notes: [],
  };
}

/** Applies a person's change; the names of the fields that really changed come back with it. */
export function changeIncident(
  incident: Incident,
  change: IncidentChange,
  by: string,
  at: number,
): { incident: Incident; changed: string[] } {
  const next: Incident = { ...incident, notes: [...incident.notes] };
  const changed: string[] = [];
  const set = <Key extends 'kind' | 'severity' | 'district' | 'disposition' | 'status'>(
    key: Key,
    value: Incident[Key] | undefined,
  ): void => {
    if (value === undefined || next[key] === value) return;
    next[key] = value;
    changed.push(key);
  };
  set('kind', change.kind);
  set('severity', change.severity);
  set('district', change.district);
  set('disposition', change.disposition);
  set('status', change.status);
  if (change.note !== undefined) {
    next.notes.push({ at, by, text: change.note });
    changed.push('note');
  }
  if (changed.length > 0) next.version += 1;
  return { incident: next, changed };
}
