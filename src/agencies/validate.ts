import { districtKey } from '../platform/text.ts';
import type { Agency, AgencyBody } from './agency.ts';

/** What an agency names that does not exist; `path` as in the request, such as `body.alternates.0`. */
interface Fault {
  readonly path: string;
  readonly message: string;
}

/** What an agency may name. An empty list of districts means that the city has none listed: any name passes. */
interface Surroundings {
  readonly agencies: readonly Pick<Agency, 'id'>[];
  readonly districts: readonly string[];
  /** Ids of those who can be told. */
  readonly recipients: readonly string[];
}

/** Every fault of an agency that is to be stored under this id. */
export function validateAgency(
  agencyId: string,
  body: Pick<AgencyBody, 'alternates' | 'districts' | 'contacts' | 'trunks' | 'drillTrunk'>,
  { agencies, districts, recipients }: Surroundings,
): Fault[] {
  const known = new Set(agencies.map(({ id }) => id));
  const inCity = new Set(districts.map(districtKey));
  const { drillTrunk } = body;
  return [
    ...each('alternates', body.alternates, (id) => {
      if (id === agencyId) return 'an agency is no alternate of itself';
      return known.has(id) ? null : `there is no agency ${id}`;
    }),
    ...each('districts', body.districts, (name) =>
      inCity.size === 0 || inCity.has(districtKey(name)) ? null : `the settings have no district ${name}`,
    ),
    ...each('contacts', body.contacts, (id) => (recipients.includes(id) ? null : `there is no recipient ${id}`)),
    // A leg is told by its trunk's id: one of a drill must not be taken for one that reaches a responder.
    ...(drillTrunk !== null && body.trunks.some(({ id }) => id === drillTrunk.id)
      ? [{ path: 'body.drillTrunk.id', message: 'one of its trunks has this id' }]
      : []),
  ];
}

/** The faults of a list: what is wrong with each entry, and entries that stand there twice. */
function each(field: string, list: readonly string[], wrong: (entry: string) => string | null): Fault[] {
  return list.flatMap((entry, index) => {
    const message = list.indexOf(entry) < index ? 'named twice' : wrong(entry);
    return message === null ? [] : [{ path: `body.${field}.${index}`, message }];
  });
}
