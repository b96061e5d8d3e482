import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

/** The roles of people: each may read whatever is not confidential. */
export const roles = ['admin', 'supervisor', 'operator', 'auditor'] as const;
/** And of machines: a gateway hands messages in, a client (a registered app) reports, and they may do nothing else. */
export const allRoles = [...roles, 'gateway', 'client'] as const;
export const roleSchema = z.enum(allRoles);
export type Role = z.infer<typeof roleSchema>;

/** Who works on calls, incidents and dispatches: everybody but auditors, who only read. */
export const writers = ['operator', 'supervisor', 'admin'] as const satisfies readonly Role[];

/** Who a token speaks for. */
export interface Principal {
  readonly tokenId: string;
  readonly role: Role;
  readonly name: string;
  /** The operator whose desk the token belongs to. */
  readonly operatorId?: string | undefined;
}

/** Answers at once, from memory, whose token it is. */
export type TokenCheck = (token: string) => Principal | undefined;

/** A new token: 256 random bits. It is shown once and kept nowhere. */
export function newToken(): string {
  return `siaga_${randomBytes(32).toString('base64url')}`;
}

/** What is kept of a token: SHA-256, in hex. A token is random in full, so it needs no slow hash. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The token of an `Authorization: Bearer …` header. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9_-]{1,200})$/i.exec(header ?? '')?.[1];
}
