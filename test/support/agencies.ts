import { agencySchema, type Agency } from '../../src/agencies/agency.ts';

/** An agency with SIP trunks of the ids given, at an address for documentation. */
export function testAgency(id: string, trunks: readonly string[] = [`${id}-1`], over: Partial<Agency> = {}): Agency {
  const number = '113';
  const ways = trunks.map((trunk) => ({ id: trunk, host: '192.0.2.1', number }));
  return { ...agencySchema.parse({ id, name: id, nameEnglish: id, number, trunks: ways, version: 1 }), ...over };
}
