import { createToken } from '../../src/access/token-command.ts';
import { roles, type Role } from '../../src/platform/auth.ts';

/** One token of each role, made before anything starts. */
export async function makeTokens(databaseUrl: string): Promise<Record<Role, string>> {
  const made: Partial<Record<Role, string>> = {};
  for (const role of roles) made[role] = (await createToken(databaseUrl, { role, name: `test ${role}` })).token;
  const { admin = '', supervisor = '', operator = '', auditor = '' } = made;
  return { admin, supervisor, operator, auditor };
}
