import { randomBytes } from 'node:crypto';
import { passwordDigest } from '../asterisk/provisioning.ts';

/** A new account for a phone: its name is random, and nothing that a caller's number could be. */
export function newAccount(): { account: string; password: string; passwordDigest: string } {
  const account = `op-${randomBytes(8).toString('hex')}`;
  return { account, ...newPassword(account) };
}

/** A new password; shown once, only its digest is kept. */
export function newPassword(account: string): { password: string; passwordDigest: string } {
  const password = randomBytes(18).toString('base64url');
  return { password, passwordDigest: passwordDigest(account, password) };
}
