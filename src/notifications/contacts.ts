import type { AgencyDirectory } from '../agencies/agency.ts';
import type { RecipientDirectory } from './recipient.ts';

/** The contacts of an agency in the order of escalation: those it names, or else all recipients that belong to it. */
export function contactsOfAgency(
  agencyId: string,
  agencies: AgencyDirectory,
  recipients: RecipientDirectory,
): readonly string[] {
  const named = agencies.find(agencyId)?.contacts ?? [];
  return named.length > 0 ? named : recipients.ofAgency(agencyId).map(({ id }) => id);
}
