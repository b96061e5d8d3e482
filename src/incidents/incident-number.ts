/**
 * The six digits by which people name an incident on the telephone, from the random part of its id (a UUIDv7): not unique
 * for ever, but among those that anybody talks about at the same time.
 */
export function incidentNumber(incidentId: string): string {
  const random = Number.parseInt(incidentId.replaceAll('-', '').slice(-12), 16);
  return String(random % 1_000_000).padStart(6, '0');
}
