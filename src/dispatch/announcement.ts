import { spokenDistrict, spokenKind, spokenNumber } from '../incidents/spoken.ts';
import { isConfidential } from '../routing/kind.ts';

/** What an agency is told before it accepts: what is known when it answers. */
export interface Announced {
  /** Null while nobody has classified the incident. */
  readonly kind: string | null;
  /** Null while it is not known. */
  readonly district: string | null;
  /** Six digits, as they are said on the telephone. */
  readonly incidentNumber: string;
  readonly drill: boolean;
}

/**
 * The prompts of an announcement, by name and in order: that it is 112, a drill or not, kind, district, the incident's number
 * digit by digit, and the keys. Who only listens is told what it is and the keys. Of a confidential kind no district is said,
 * as in notifications: it may be heard by whoever is in the room. Prompts that nobody has made are left out by who plays them.
 */
export function announcement({
  kind,
  district,
  incidentNumber,
  drill,
  listens,
}: Announced & {
  /** The agency is to hear the call without being heard. */
  readonly listens: boolean;
}): string[] {
  return [
    'announcement-intro',
    ...(drill ? ['drill'] : []),
    ...spokenKind(kind),
    ...(listens || isConfidential(kind) ? [] : spokenDistrict(district)),
    ...(listens ? [] : spokenNumber(incidentNumber)),
    listens ? 'announcement-listen-keys' : 'announcement-keys',
  ];
}
