import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { recordAudit } from '../audit/record.ts';
import { hashToken, newToken } from '../platform/auth.ts';
import { systemClock } from '../platform/clock.ts';
import { messageOf } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { createLogger } from '../platform/logger.ts';
import { createPostgres } from '../platform/postgres.ts';
import { tokenBody } from './routes.ts';
import { insertToken } from './store.ts';
import { settingOf } from '../platform/setting-of.ts';

const usage = `Makes an access token and shows it once.

  node dist/access/token-command.js create --role admin|supervisor|operator|auditor|gateway|client --name NAME [--operator ID] [--json]

SIAGA_DATABASE_URL names the PostgreSQL database.
`;

/** Makes a token in the database at `databaseUrl`. */
export async function createToken(
  databaseUrl: string,
  wanted: z.output<typeof tokenBody>,
): Promise<{ id: string; token: string }> {
  const logger = createLogger('silent');
  const postgres = createPostgres(databaseUrl, {
    applicationName: 'siaga-token',
    logger,
    clock: systemClock,
    max: 1,
  });
  try {
    const token = newToken();
    const id = newId(systemClock.now());
    await postgres.transaction(async (sql) => {
      const made = { id, hash: hashToken(token), operatorId: wanted.operatorId, createdBy: 'command-line' };
      await insertToken(sql, { ...wanted, ...made });
      await recordAudit(sql, {
        principal: { tokenId: 'command-line', role: 'admin', name: 'command line' },
        action: 'tokens.create',
        subject: `token/${id}`,
        detail: { name: wanted.name, role: wanted.role, operatorId: wanted.operatorId ?? null },
      });
    });
    return { id, token };
  } finally {
    await postgres.close();
  }
}

async function main(args: string[]): Promise<number> {
  const url = settingOf('SIAGA_DATABASE_URL') ?? '';
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      role: { type: 'string' },
      name: { type: 'string' },
      operator: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const wanted = tokenBody.safeParse({ role: values.role, name: values.name, operatorId: values.operator });
  if (positionals[0] !== 'create' || positionals.length !== 1 || url === '' || !wanted.success) {
    const faults = wanted.success
      ? []
      : wanted.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`);
    process.stderr.write([...faults, usage].join('\n'));
    return 2;
  }
  const made = await createToken(url, wanted.data);
  const shown = { ...made, role: wanted.data.role, name: wanted.data.name };
  process.stdout.write(values.json ? `${JSON.stringify(shown)}\n` : `${made.token}\n`);
  if (!values.json) process.stderr.write('This token is shown once and kept nowhere: store it now.\n');
  return 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`No token was made: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
