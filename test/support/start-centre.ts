import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { reservePorts, startAsterisk } from '../../scripts/runtime.mjs';
import { carriers, Centre, type CentreOptions } from './centre.ts';
import { createDatabase } from './database.ts';
import { directoryOfRun, toolsOfRun } from './run.ts';
import { makeTokens } from './tokens.ts';

/** As Asterisk and the controllers call the node. */
const node = 'e2e';

/** Starts a centre with one controller on the run's PostgreSQL and Redis. Stop it in afterAll. */
export async function startCentre(options: CentreOptions): Promise<Centre> {
  const directory = join(directoryOfRun(), `${options.name}-${randomBytes(3).toString('hex')}`);
  const tools = toolsOfRun();
  const ports = await reservePorts();
  const [asterisk, database] = await Promise.all([
    startAsterisk({
      directory,
      tools,
      ports,
      node,
      env: {
        ASTERISK_CARRIERS: Object.entries(carriers)
          .map(([name, address]) => `${name}=${address}`)
          .join(' '),
        ...options.asteriskEnv,
      },
    }),
    createDatabase(),
  ]);
  const url = options.ari === undefined ? asterisk.ari.url : await options.ari(asterisk.ari.url, node);
  const connection = { ...asterisk, ari: { ...asterisk.ari, url } };
  const tokens = await makeTokens(database.url);
  const centre = new Centre(options, { directory, database, ports, tools, asterisk, tokens, connection });
  try {
    await centre.startController();
    await centre.prepare();
  } catch (error) {
    await centre.stop();
    throw error;
  }
  return centre;
}
