import { z } from 'zod';
import { plainText, slug } from '../platform/text.ts';

// Host, port and number end up in SIP configuration and in the INVITE's request line: nothing but letters, digits
// and the few signs named here may pass.
const label = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const numeric = /^[0-9.]+$/;

/** An IPv4 address or a host name; whatever looks like an address must be a sound one. */
export function isHost(text: string): boolean {
  if (text.length > 253) return false;
  const parts = text.split('.');
  if (numeric.test(text))
    return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return parts.every((part) => label.test(part));
}

export const trunkSchema = z.strictObject({
  id: slug,
  host: z.string().refine(isHost, 'an IPv4 address or host name'),
  port: z.number().int().min(1).max(65_535).default(5060),
  transport: z.enum(['udp', 'tcp']).default('udp'),
  number: z.string().regex(/^\+?[0-9*#]{1,20}$/, 'digits, * and #, with + in front at most'),
});

const agencyFields = {
  name: plainText(100),
  nameEnglish: plainText(100),
  number: z.string().regex(/^\+?[0-9*#]{1,20}$/, 'digits, * and #, with + in front at most'),
  acceptance: z.enum(['key', 'answer']).default('key'),
  trunks: z
    .array(trunkSchema)
    .max(20)
    .refine((trunks) => new Set(trunks.map((trunk) => trunk.id)).size === trunks.length, 'each trunk id once'),
};

/** What an admin sends: the agency without its id (in the path) and version. */
export const agencyBody = z.strictObject(agencyFields);
/** An agency as a city profile has it. */
export const agencyDraft = z.strictObject({ id: slug, ...agencyFields });
export const agencySchema = z.strictObject({ id: slug, ...agencyFields, version: z.number().int().min(1) });

/** A SIP route to an agency. */
export type Trunk = z.output<typeof trunkSchema>;
export type AgencyBody = z.output<typeof agencyBody>;
export type AgencyDraft = z.output<typeof agencyDraft>;
/** An organisation that is sent. Its trunks are tried in their order. */
export type Agency = z.output<typeof agencySchema>;

/** What is known of a trunk's state. */
export const trunkHealthSchema = z.enum(['up', 'down', 'unknown']);
export type TrunkHealth = z.output<typeof trunkHealthSchema>;

/** All agencies, to look up at once. */
export interface AgencyDirectory {
  readonly agencies: readonly Agency[];
  find(agencyId: string): Agency | undefined;
  findTrunk(trunkId: string): { agency: Agency; trunk: Trunk } | undefined;
  /** It has a trunk that is not down. */
  reachable(agencyId: string): boolean;
  health(trunkId: string): TrunkHealth;
}

/** A directory of the agencies given. */
export function directoryOf(
  agencies: readonly Agency[],
  health: AgencyDirectory['health'] = () => 'unknown',
): AgencyDirectory {
  const byId = new Map(agencies.map((agency) => [agency.id, agency]));
  const byTrunk = new Map(
    agencies.flatMap((agency) => agency.trunks.map((trunk) => [trunk.id, { agency, trunk }] as const)),
  );
  return {
    agencies,
    find: (id) => byId.get(id),
    findTrunk: (id) => byTrunk.get(id),
    reachable: (id) => byId.get(id)?.trunks.some((trunk) => health(trunk.id) !== 'down') ?? false,
    health,
  };
}
