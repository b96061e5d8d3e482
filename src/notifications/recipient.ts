import { z } from 'zod';
import { plainText, slug } from '../platform/text.ts';

/** A way to tell somebody. Whether a webhook's address may be asked is checked when it is. */
export const channelSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('webhook'),
    url: z.string().max(2_048).refine(isWebhookUrl, 'an http or https URL'),
  }),
  z.strictObject({ type: z.literal('email'), address: z.email().max(254) }),
  z.strictObject({ type: z.literal('voice'), number: z.string().regex(/^\+?[0-9]{3,18}$/, 'digits') }),
]);

const recipientFields = {
  name: plainText(100),
  /** The agency whose contact it is; null for everybody else. */
  agencyId: slug.nullable().default(null),
  /** Told when the contacts of an agency cannot be reached, and by rules. */
  leader: z.boolean().default(false),
  language: z.enum(['id', 'en']).default('id'),
  /** In the order in which they are tried. */
  channels: z.array(channelSchema).max(5),
};

/** What an admin sends: the recipient without its id (in the path) and version. */
export const recipientBody = z.strictObject(recipientFields);
/** A recipient as a city profile has it. */
export const recipientDraft = z.strictObject({ id: slug, ...recipientFields });
export const recipientSchema = z.strictObject({ id: slug, ...recipientFields, version: z.number().int().min(1) });

export type Channel = z.output<typeof channelSchema>;
export type ChannelType = Channel['type'];
export type RecipientBody = z.output<typeof recipientBody>;
export type RecipientDraft = z.output<typeof recipientDraft>;
/** A person or office that can be told. */
export type Recipient = z.output<typeof recipientSchema>;

/** All recipients, to look up at once. */
export interface RecipientDirectory {
  readonly recipients: readonly Recipient[];
  find(recipientId: string): Recipient | undefined;
  /** The contacts of an agency, in the order of their ids. */
  ofAgency(agencyId: string): readonly Recipient[];
  /** In the order of their ids. */
  leaders(): readonly Recipient[];
}

/** A directory of the recipients given. */
export function recipientsOf(recipients: readonly Recipient[]): RecipientDirectory {
  const byId = new Map(recipients.map((recipient) => [recipient.id, recipient]));
  return {
    recipients,
    find: (id) => byId.get(id),
    ofAgency: (agencyId) => recipients.filter((recipient) => recipient.agencyId === agencyId),
    leaders: () => recipients.filter(({ leader }) => leader),
  };
}

/** What a URL parser silently drops or bends (spaces, tabs, backslashes) could make two readers see two hosts. */
function isWebhookUrl(text: string): boolean {
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '' && url.hash === '';
}
