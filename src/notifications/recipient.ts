import { z } from 'zod';
import { plainText, slug } from '../platform/text.ts';

const channelSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('webhook'), url: z.url({ protocol: /^https?$/ }).max(2_000) }),
  z.strictObject({ type: z.literal('email'), address: z.email().max(254) }),
  z.strictObject({ type: z.literal('voice'), number: z.string().regex(/^\+?[0-9*#]{1,20}$/, 'digits, * and #') }),
]);
/** A way to tell somebody something. */
export type Channel = z.output<typeof channelSchema>;

export const recipientSchema = z.strictObject({
  id: slug,
  name: plainText(100),
  /** The agency whose contact it is; null for a leader or another office. */
  agencyId: slug.nullable().default(null),
  leader: z.boolean().default(false),
  language: z.enum(['id', 'en']).default('id'),
  /** In the order in which they are tried. */
  channels: z.array(channelSchema).max(10),
});
/** A person or office that can be told of an incident. */
export type Recipient = z.output<typeof recipientSchema>;
