import { createToken } from '../../src/access/token-command.ts';
import { allRoles, type Role } from '../../src/platform/auth.ts';

/** One token of each role, made before anything starts. */
export async function makeTokens(databaseUrl: string): Promise<Record<Role, string>> {
  const made: Partial<Record<Role, string>> = {};
  for (const role of allRoles) made[role] = (await createToken(databaseUrl, { role, name: `test ${role}` })).token;
  const { admin = '', supervisor = '', operator = '', auditor = '', gateway = '', client = '' } = made;
  return { admin, supervisor, operator, auditor, gateway, client };
}
