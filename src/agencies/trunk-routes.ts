import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import { passwordDigest } from '../asterisk/provisioning.ts';
import { conflict, notFound } from '../platform/problem.ts';
import type { Postgres } from '../platform/postgres.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { slug } from '../platform/text.ts';
import { lockConfiguration, readAgencies, readTrunkAccount, saveTrunkAccount, type TrunkAccount } from './store.ts';

interface TrunkRouteDeps {
  readonly postgres: Postgres;
  readonly audit: RecordAudit;
  readonly newAccount: () => string;
  readonly newPassword: () => string;
  /** Where phones register. */
  readonly sip: { readonly host: string; readonly port: number };
  readonly reload: () => Promise<void>;
  /** Whether Asterisk has taken the account at once; it is tried again until it does. */
  readonly pushNow: (account: TrunkAccount) => Promise<boolean>;
}

const sip = z.object({
  username: z.string(),
  password: z.string(),
  realm: z.string(),
  domain: z.string(),
  port: z.number().int(),
});

/** POST /v1/agencies/:agencyId/trunks/:trunkId/credentials. */
export function trunkRoutes(deps: TrunkRouteDeps): Route[] {
  const { postgres, audit } = deps;
  const credentials = defineRoute({
    method: 'POST',
    path: '/v1/agencies/:agencyId/trunks/:trunkId/credentials',
    audited: ['agencies.credentials'],
    summary:
      "Give the phone at an agency's own desk a new password; it is shown this once, and the old one is worth nothing",
    roles: ['admin'],
    input: { params: z.object({ agencyId: slug, trunkId: slug }) },
    response: { 200: z.object({ agencyId: z.string(), trunkId: z.string(), pushed: z.boolean(), sip }) },
    handler: async ({ params: { agencyId, trunkId }, principal }) => {
      const password = deps.newPassword();
      const account = await postgres.transaction(async (sql) => {
        await lockConfiguration(sql);
        const agency = (await readAgencies(sql)).find(({ id }) => id === agencyId);
        if (agency === undefined) throw notFound('agencies.unknown', `There is no agency ${agencyId}.`);
        const trunk = agency.trunks.find(({ id }) => id === trunkId);
        if (trunk === undefined) throw notFound('trunks.unknown', `${agencyId} has no trunk ${trunkId}.`);
        if (trunk.type !== 'desk') throw conflict('trunks.no-desk', 'Only a trunk of the type desk has an account.');
        const name = (await readTrunkAccount(sql, trunkId))?.account ?? deps.newAccount();
        const made = { trunkId, account: name, passwordDigest: passwordDigest(name, password) };
        await saveTrunkAccount(sql, agencyId, made);
        await audit(sql, {
          principal,
          action: 'agencies.credentials',
          subject: `agency/${agencyId}`,
          detail: { trunkId },
        });
        return made;
      });
      await deps.reload();
      const pushed = await deps.pushNow(account);
      const { host: domain, port } = deps.sip;
      const shown = { username: account.account, password, realm: 'asterisk', domain, port };
      return { status: 200, body: { agencyId, trunkId, pushed, sip: shown } };
    },
  });
  return [credentials];
}
