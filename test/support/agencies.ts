import { agencySchema, type Agency, type Trunk } from '../../src/agencies/agency.ts';
import { wayTo } from '../../src/agencies/way.ts';

/** An agency with SIP trunks of the ids given, at an address for documentation. */
export function testAgency(id: string, trunks: readonly string[] = [`${id}-1`], over: Partial<Agency> = {}): Agency {
  const number = '113';
  const ways = trunks.map((trunk) => ({ id: trunk, host: '192.0.2.1', number }));
  return { ...agencySchema.parse({ id, name: id, nameEnglish: id, number, trunks: ways, version: 1 }), ...over };
}

/** The ways of a centre with no trunk to the outside and no phone at any agency's desk. */
export function sipOnly(trunk: Trunk): ReturnType<typeof wayTo> {
  return wayTo(trunk, { outgoingTrunk: null, outgoingNumber: '112', accountOf: () => undefined });
}
