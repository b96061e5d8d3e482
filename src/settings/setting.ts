import { z } from 'zod';
import { plainText, slug } from '../platform/text.ts';
import { kindIds, kindSchema } from '../routing/kind.ts';
import { lineDefaults, lineShape } from './line-setting.ts';
import { outgoingDefaults, outgoingShape } from './outgoing-setting.ts';
import { sopDefaults, sopShape } from './sop-setting.ts';
import { triageDefaults, triageShape } from './triage-setting.ts';
import { watchDefaults, watchShape } from './watch-setting.ts';

const seconds = (min: number, max: number) => z.number().int().min(min).max(max);

/** What an admin may set, without defaults: a PATCH with an absent field must leave it as it is. */
export const settingsSchema = z.strictObject({
  city: z.strictObject({ id: slug, name: plainText(80) }),
  timeZone: z.string().max(60).refine(isTimeZone, 'a time zone such as Asia/Jakarta'),
  /** How long an operator's phone rings before the next one's. */
  operatorRingSeconds: seconds(3, 120),
  /** How long an operator gets no call after one. */
  wrapUpSeconds: seconds(0, 600),
  /** How long an agency's trunk rings before the next one is tried. */
  agencyRingSeconds: seconds(5, 120),
  /** How often Asterisk asks each SIP trunk of an agency whether it lives (OPTIONS); 0: never. */
  trunkOptionsSeconds: seconds(0, 300),
  /** How long an agency that answered has for its key. */
  acceptanceSeconds: seconds(3, 60),
  /** How often a waiting caller is told that the call is not forgotten. */
  comfortSeconds: seconds(5, 120),
  /** The kinds that operators are offered, in this order. */
  kinds: z
    .array(kindSchema)
    .min(1)
    .refine((kinds) => new Set(kinds).size === kinds.length, 'each kind once'),
  districts: z.array(plainText(80)).max(200),
  /** Local dates that rules may treat as holidays. */
  holidays: z
    .array(z.iso.date())
    .max(1_000)
    .refine((dates) => new Set(dates).size === dates.length, 'each date once'),
  /** Host name in the identifiers that we mint for calls and incidents (NENA-STA-010, 3.1.5). */
  domain: z
    .string()
    .max(253)
    .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a host name'),
  /** Numbers that networks put in for callers without one: digits, `x` for any digit, `*` at the end for any others. */
  placeholderNumbers: z.array(z.string().regex(/^[0-9x]{1,20}\*?$/, 'digits, x for any digit, * at the end')).max(100),
  /** The mobile networks by their country and network code. */
  mobileNetworks: z
    .array(
      z.strictObject({ mcc: z.string().regex(/^\d{3}$/), mnc: z.string().regex(/^\d{2,3}$/), name: plainText(40) }),
    )
    .max(200),
  /** The area codes of fixed lines, with their 0. */
  areaCodes: z.array(z.strictObject({ code: z.string().regex(/^0\d{1,6}$/), name: plainText(80) })).max(500),
  /** A number or phone that was seen with more identities than this links no calls. */
  identityLimit: z.number().int().min(1).max(1_000),
  /** How long before its arrival and after its end a call may get a phone's own location message (AML). */
  amlWindowSeconds: seconds(30, 3_600),
  /** Location servers in our own networks that may be asked, as host or host:port; others must have a public address. */
  locationServers: z
    .array(
      z
        .string()
        .max(260)
        .regex(/^[A-Za-z0-9.:[\]-]+$/, 'host or host:port'),
    )
    .max(50),
  ...lineShape,
  ...triageShape,
  ...outgoingShape,
  ...sopShape,
  ...watchShape,
});

/** How the centre works, as far as it may be changed while it runs. */
export type Settings = z.output<typeof settingsSchema>;

export const settingsPatch = settingsSchema.partial();
export type SettingsPatch = z.output<typeof settingsPatch>;

/** Settings with the version that an edit must name. */
export const versionedSettings = z.object({ version: z.number().int().min(0), settings: settingsSchema });
export type VersionedSettings = z.output<typeof versionedSettings>;

export const defaultSettings: Settings = {
  city: { id: 'city', name: 'City' },
  timeZone: 'Asia/Jakarta',
  operatorRingSeconds: 15,
  wrapUpSeconds: 10,
  agencyRingSeconds: 20,
  trunkOptionsSeconds: 10,
  // The announcement to an agency takes about fourteen.
  acceptanceSeconds: 20,
  comfortSeconds: 20,
  kinds: [...kindIds],
  districts: [],
  holidays: [],
  domain: 'siaga-112.invalid',
  placeholderNumbers: ['112', '911xxxxxxx', '000*'],
  mobileNetworks: [
    { mcc: '510', mnc: '01', name: 'Indosat' },
    { mcc: '510', mnc: '09', name: 'Smartfren' },
    { mcc: '510', mnc: '10', name: 'Telkomsel' },
    { mcc: '510', mnc: '11', name: 'XL' },
    { mcc: '510', mnc: '89', name: 'Tri' },
  ],
  areaCodes: [
    { code: '0761', name: 'Pekanbaru' },
    { code: '0343', name: 'Pasuruan' },
    { code: '0401', name: 'Kendari' },
  ],
  identityLimit: 5,
  amlWindowSeconds: 300,
  locationServers: [],
  ...lineDefaults,
  ...triageDefaults,
  ...outgoingDefaults,
  ...sopDefaults,
  ...watchDefaults,
};

/** Puts a patch over settings; absent fields stay. */
export function withPatch(settings: Settings, patch: SettingsPatch): Settings {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  return settingsSchema.parse({ ...settings, ...given });
}

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false; // RangeError: no such zone
  }
}
