import { z } from 'zod';
import { clockTime, districtKey, plainText, slug } from '../platform/text.ts';

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

const dialled = z.string().regex(/^\+?[0-9*#]{1,20}$/, 'digits, * and #, with + in front at most');

const sipTrunk = z.strictObject({
  id: slug,
  type: z.literal('sip').optional().default('sip'),
  host: z.string().refine(isHost, 'an IPv4 address or host name'),
  port: z.number().int().min(1).max(65_535).default(5060),
  transport: z.enum(['udp', 'tcp']).default('udp'),
  number: dialled,
});
/** A number in the telephone network, rung over the trunk for calls to the outside. */
const carrierTrunk = z.strictObject({ id: slug, type: z.literal('carrier'), number: dialled });
/** Softphones at the agency's own desk, with an account of ours. */
const deskTrunk = z.strictObject({ id: slug, type: z.literal('desk'), name: plainText(100) });

export const trunkSchema = z.discriminatedUnion('type', [sipTrunk, carrierTrunk, deskTrunk]);

const seconds = z.number().int().min(10).max(86_400).nullable().default(null);
const noClocks = { acceptSeconds: null, departSeconds: null, arriveSeconds: null };

const agencyFields = {
  name: plainText(100),
  nameEnglish: plainText(100),
  number: dialled,
  acceptance: z.enum(['key', 'answer']).default('key'),
  trunks: z
    .array(trunkSchema)
    .max(20)
    .refine((trunks) => new Set(trunks.map((trunk) => trunk.id)).size === trunks.length, 'each trunk id once'),
  /** When it answers, in the city's time; 1 is Monday. None: always. A `to` not after `from` is the next day's. */
  hours: z
    .array(
      z.strictObject({
        weekdays: z.array(z.number().int().min(1).max(7)).min(1).max(7),
        from: clockTime,
        to: clockTime,
      }),
    )
    .max(20)
    .default([]),
  /** Who is asked instead while it is closed, or when none of its trunks brought a person; in their order. */
  alternates: z.array(slug).max(10).default([]),
  /** Those that it serves. None: the whole city. */
  districts: z.array(plainText(100)).max(200).default([]),
  /** From the request to a person's acceptance, from there to departure and to arrival. */
  sop: z.strictObject({ acceptSeconds: seconds, departSeconds: seconds, arriveSeconds: seconds }).default(noClocks),
  /** Recipients, in the order in which they are told when the agency is late. */
  contacts: z.array(slug).max(20).default([]),
  /** Rung instead of all its trunks in a drill. */
  drillTrunk: sipTrunk.nullable().default(null),
};

/** What an admin sends: the agency without its id (in the path) and version. */
export const agencyBody = z.strictObject(agencyFields);
/** An agency as a city profile has it. */
export const agencyDraft = z.strictObject({ id: slug, ...agencyFields });
export const agencySchema = z.strictObject({ id: slug, ...agencyFields, version: z.number().int().min(1) });

/** A way to an agency. */
export type Trunk = z.output<typeof trunkSchema>;
export type SipTrunk = z.output<typeof sipTrunk>;
export type AgencyBody = z.output<typeof agencyBody>;
export type AgencyDraft = z.output<typeof agencyDraft>;
/** An organisation that is sent. Its trunks are tried in their order. */
export type Agency = z.output<typeof agencySchema>;

/** What is known of a trunk's state. */
export const trunkHealthSchema = z.enum(['up', 'down', 'unknown']);
export type TrunkHealth = z.output<typeof trunkHealthSchema>;

/** Whether it answers at this time of the city's clock: weekday 1 is Monday, `time` is HH:MM. */
export function isOpen({ hours }: Pick<Agency, 'hours'>, weekday: number, time: string): boolean {
  const yesterday = weekday === 1 ? 7 : weekday - 1;
  if (hours.length === 0) return true;
  return hours.some(({ weekdays, from, to }) => {
    const overnight = to <= from;
    if (weekdays.includes(weekday) && time >= from && (overnight || time < to)) return true;
    return overnight && weekdays.includes(yesterday) && time < to;
  });
}

/** Whether it serves a district; where nobody knows the district (null), every agency may. */
export function serves({ districts }: Pick<Agency, 'districts'>, district: string | null): boolean {
  if (district === null || districts.length === 0) return true;
  return districts.some((one) => districtKey(one) === districtKey(district));
}

/** How a trunk does. */
export interface TrunkState {
  readonly health: TrunkHealth;
  /** Epoch milliseconds; null: it was never otherwise. */
  readonly since: number | null;
  /** For people. */
  readonly why: string;
  /** It cannot be rung at all, and is left out. */
  readonly unusable: boolean;
}

/** All agencies, to look up at once. */
export interface AgencyDirectory {
  readonly agencies: readonly Agency[];
  find(agencyId: string): Agency | undefined;
  findTrunk(trunkId: string): { agency: Agency; trunk: Trunk } | undefined;
  /** It has a trunk that is not down. */
  reachable(agencyId: string): boolean;
  health(trunkId: string): TrunkHealth;
  /** It has a trunk that can be rung as things are, up or down. */
  canBeRung(agencyId: string): boolean;
}

/** A directory of the agencies given. */
export function directoryOf(
  agencies: readonly Agency[],
  health: AgencyDirectory['health'] = () => 'unknown',
  usable: (trunk: Trunk) => boolean = () => true,
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
    canBeRung: (id) => byId.get(id)?.trunks.some(usable) ?? false,
  };
}
