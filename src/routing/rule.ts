import { z } from 'zod';
import { severities } from '../incidents/incident.ts';
import { slug } from '../platform/text.ts';

/**
 * Every kind of incident. An `incident` always has an agency to send; a `request` is the operator's own to answer;
 * a `non-incident` is only noted. Confidential kinds are for those who need to know.
 */
export const kinds = [
  { id: 'fire', name: 'Kebakaran', english: 'Fire', group: 'incident', confidential: false },
  { id: 'medical', name: 'Gawat darurat medis', english: 'Medical emergency', group: 'incident', confidential: false },
  {
    id: 'traffic-accident',
    name: 'Kecelakaan lalu lintas',
    english: 'Traffic accident',
    group: 'incident',
    confidential: false,
  },
  { id: 'flood', name: 'Banjir', english: 'Flood', group: 'incident', confidential: false },
  {
    id: 'natural-disaster',
    name: 'Bencana alam lain',
    english: 'Other natural disaster',
    group: 'incident',
    confidential: false,
  },
  { id: 'fallen-tree', name: 'Pohon tumbang', english: 'Fallen tree', group: 'incident', confidential: false },
  {
    id: 'domestic-violence',
    name: 'Kekerasan dalam rumah tangga',
    english: 'Domestic violence',
    group: 'incident',
    confidential: true,
  },
  {
    id: 'child-violence',
    name: 'Kekerasan terhadap anak',
    english: 'Violence against children',
    group: 'incident',
    confidential: true,
  },
  { id: 'crime', name: 'Tindak kriminal', english: 'Crime', group: 'incident', confidential: false },
  { id: 'brawl', name: 'Tawuran', english: 'Brawl', group: 'incident', confidential: false },
  { id: 'missing-person', name: 'Orang hilang', english: 'Missing person', group: 'incident', confidential: false },
  { id: 'animal-rescue', name: 'Penyelamatan hewan', english: 'Animal rescue', group: 'incident', confidential: false },
  {
    id: 'power-line',
    name: 'Gangguan listrik',
    english: 'Power line or outage',
    group: 'incident',
    confidential: false,
  },
  {
    id: 'public-works',
    name: 'Jalan atau fasilitas umum rusak',
    english: 'Damaged road or public works',
    group: 'incident',
    confidential: false,
  },
  { id: 'sanitation', name: 'Kebersihan', english: 'Sanitation', group: 'incident', confidential: false },
  {
    id: 'information',
    name: 'Permintaan informasi',
    english: 'Information request',
    group: 'request',
    confidential: false,
  },
  { id: 'silent', name: 'Panggilan tanpa suara', english: 'Silent call', group: 'non-incident', confidential: false },
  {
    id: 'ghost',
    name: 'Panggilan tidak sengaja',
    english: 'Ghost (accidental) call',
    group: 'non-incident',
    confidential: false,
  },
  { id: 'prank', name: 'Panggilan iseng', english: 'Prank', group: 'non-incident', confidential: false },
  {
    id: 'abandoned',
    name: 'Ditutup sebelum dijawab',
    english: 'Abandoned',
    group: 'non-incident',
    confidential: false,
  },
  { id: 'wrong-number', name: 'Salah sambung', english: 'Wrong number', group: 'non-incident', confidential: false },
  { id: 'test', name: 'Uji coba', english: 'Test', group: 'non-incident', confidential: false },
] as const;

type Kind = (typeof kinds)[number];
type KindId = Kind['id'];

export const kindIds = kinds.map((kind) => kind.id);
export const kindSchema = z.enum(kindIds);
export const severitySchema = z.enum(severities);
/** Kinds for which there is always an agency to send. */
export const incidentKinds: readonly KindId[] = kinds.filter(({ group }) => group === 'incident').map(({ id }) => id);

/** The kind with this id; undefined for a text that is none. */
export function findKind(id: string): Kind | undefined {
  return kinds.find((kind) => kind.id === id);
}

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const weekdaySchema = z.enum(weekdays);
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM');

/** How an agency is brought in: to talk along, or to take the caller over from the operator. */
export const modes = ['bridge', 'transfer'] as const;

const actionSchema = z.strictObject({
  agencyId: slug,
  mode: z.enum(modes).default('bridge'),
  /** Actions of one stage start at once; a later stage starts when each of the one before is accepted or has failed. */
  stage: z.number().int().min(1).max(9).default(1),
});

/**
 * What must be true for a rule to match; what is absent is not asked. Without `kinds` a rule is for every kind of
 * the group `incident`. `hours` are local, from inclusive to exclusive, over midnight if `from` is later than `to`;
 * `weekdays` is the local day at that moment.
 */
const conditionSchema = z.strictObject({
  kinds: z.array(kindSchema).optional(),
  severities: z.array(severitySchema).optional(),
  districts: z.array(z.string().trim().min(1).max(80)).max(200).optional(),
  hours: z.strictObject({ from: clockTime, to: clockTime }).optional(),
  weekdays: z.array(weekdaySchema).optional(),
});

const ruleSchema = z.strictObject({
  id: slug,
  name: z.string().trim().min(1).max(200),
  when: conditionSchema.default({}),
  then: z.array(actionSchema).max(50),
});

/** What an admin edits. `default` is for incidents that no rule matches. Semantic faults are validate's. */
export const ruleSetContent = z.strictObject({
  default: z.array(actionSchema).max(50).default([]),
  rules: z.array(ruleSchema).max(1_000),
});

export const ruleSetSchema = ruleSetContent.extend({ version: z.number().int().min(0) });

export type Action = z.output<typeof actionSchema>;
export type Condition = z.output<typeof conditionSchema>;
export type Rule = z.output<typeof ruleSchema>;
export type RuleSetContent = z.output<typeof ruleSetContent>;
/** An immutable version of the routing rules. */
export type RuleSet = z.output<typeof ruleSetSchema>;

/** What the rules are asked about. Null: not known (yet); a rule that asks for it does not match then. */
export const factsSchema = z.strictObject({
  kind: kindSchema,
  severity: severitySchema.nullable().default(null),
  district: z.string().max(80).nullable().default(null),
  weekday: weekdaySchema,
  time: clockTime,
});
export type Facts = z.output<typeof factsSchema>;

export const decisionSchema = z.object({
  ruleSetVersion: z.number().int(),
  actions: z.array(actionSchema.extend({ ruleId: z.string() })),
  trace: z.array(z.object({ ruleId: z.string(), matched: z.boolean(), because: z.array(z.string()) })),
});
/** What the rules say, and why each of them did or did not match. */
export type Decision = z.output<typeof decisionSchema>;

/** Stands as the rule's id where the default list decided. */
export const defaultRuleId = 'default';

/** Districts are typed by people: case and spacing do not count. */
export function sameDistrict(a: string, b: string): boolean {
  return districtKey(a) === districtKey(b);
}

/** The form in which two spellings of a district are compared. */
export function districtKey(name: string): string {
  return name.trim().replaceAll(/\s+/g, ' ').toLocaleLowerCase('id');
}

/** Minutes since midnight of an HH:MM. */
export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}
