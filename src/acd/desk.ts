import { z } from 'zod';
import { plainText, slug } from '../platform/text.ts';
import { tiers, type Desk, type Operator } from './operator.ts';
import { language } from '../settings/line-setting.ts';

/** How a desk's phone speaks to Asterisk, and whether speech has to be encrypted (SRTP with SDES, RFC 4568). */
export const transports = ['udp', 'tcp', 'tls'] as const;
export const medias = ['rtp', 'srtp'] as const;
export type Transport = (typeof transports)[number];

/** A phone's SIP account, as it is stored. People log in at it. */
export const storedDesk = z.object({
  id: z.string(),
  name: z.string(),
  /** `op-` and random letters: no caller's number can be taken for it. */
  account: z.string(),
  passwordDigest: z.string(),
  transport: z.enum(transports),
  media: z.enum(medias),
  /** The operator whose own desk it is: he is logged in there from the start. */
  owner: z.string().nullable(),
});
export type StoredDesk = z.output<typeof storedDesk>;

/** A person, as he is stored. */
export const storedOperator = z.object({
  id: z.string(),
  name: z.string(),
  extension: z.string(),
  tier: z.enum(tiers),
  skills: z.array(z.string()),
  languages: z.array(z.string()),
  pinDigest: z.string().nullable(),
});
export type StoredOperator = z.output<typeof storedOperator>;

/** Everybody, and every desk. */
export const storedPeople = z.object({ operators: z.array(storedOperator), desks: z.array(storedDesk) });
export type StoredPeople = z.output<typeof storedPeople>;

/** What the waiting line is told of everybody and of every desk: nothing that is secret. */
export function peopleInLine({ operators, desks }: StoredPeople): { operators: Operator[]; desks: Desk[] } {
  return {
    operators: operators.map(({ id, name, extension, tier, skills, languages }) => ({
      id,
      name,
      extension,
      tier,
      skills,
      languages,
    })),
    desks: desks.map(({ id, name, account }) => ({ id, name, account })),
  };
}

/** What an admin may say of a person. */
export const operatorFields = {
  name: plainText(100),
  tier: z.enum(tiers),
  skills: z.array(slug).max(20),
  languages: z.array(language).max(10),
};

/** What an admin may say of a desk. */
export const deskFields = { name: plainText(100), transport: z.enum(transports), media: z.enum(medias) };
