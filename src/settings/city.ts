import { z } from 'zod';
import { agencyDraft } from '../agencies/agency.ts';
import { recipientDraft } from '../notifications/recipient.ts';
import { plainText, slug } from '../platform/text.ts';
import { kindSchema } from '../routing/kind.ts';
import { ruleSetContent } from '../routing/rule.ts';
import type { SettingsPatch } from './setting.ts';
import { settingsSchema } from './setting.ts';

/** A city as it ships: what is stored at the first start, and can be edited over REST from then on. */
export const cityProfile = z.strictObject({
  /** For whoever reads the file. */
  note: z.string().optional(),
  id: slug,
  name: plainText(80),
  timeZone: settingsSchema.shape.timeZone,
  districts: settingsSchema.shape.districts,
  kinds: z.array(kindSchema),
  agencies: z.array(agencyDraft).min(1),
  recipients: z.array(recipientDraft).default([]),
  rules: ruleSetContent,
});
export type CityProfile = z.output<typeof cityProfile>;

/** The settings that a city brings. */
export function citySettings(city: CityProfile): SettingsPatch {
  const { id, name, timeZone, districts, kinds } = city;
  return { city: { id, name }, timeZone, districts, kinds };
}
