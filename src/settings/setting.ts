import { z } from 'zod';
import { plainText, slug } from '../platform/text.ts';
import { kindIds, kindSchema } from '../routing/rule.ts';

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
  acceptanceSeconds: 10,
  comfortSeconds: 20,
  kinds: [...kindIds],
  districts: [],
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
