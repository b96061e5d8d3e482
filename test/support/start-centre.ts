import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  createOperator,
  pointTrunksHere,
  reservePorts,
  startAsterisk,
  type ApiClient,
  type AsteriskHandle,
} from '../../scripts/runtime.mjs';
import type { SettingsPatch } from '../../src/settings/setting.ts';
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
  const asteriskAgain = (): Promise<AsteriskHandle> =>
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
    });
  const [asterisk, database] = await Promise.all([asteriskAgain(), createDatabase(options.servers?.postgres)]);
  const url = options.ari === undefined ? asterisk.ari.url : await options.ari(asterisk.ari.url, node);
  const connection = { ...asterisk, ari: { ...asterisk.ari, url } };
  const tokens = await makeTokens(database.url);
  const centre = new Centre(options, {
    directory,
    database,
    ports,
    tools,
    asterisk,
    tokens,
    connection,
    asteriskAgain,
  });
  try {
    await centre.startController();
    await prepare(centre, options);
  } catch (error) {
    await centre.stop();
    throw error;
  }
  return centre;
}

const shortTimes: SettingsPatch = {
  operatorRingSeconds: 3,
  wrapUpSeconds: 0,
  agencyRingSeconds: 5,
  acceptanceSeconds: 3,
  // Trunks whose phone a test has not started yet would be down, and tried last for a while after it has.
  trunkOptionsSeconds: 0,
  // A test that counts channels and calls wants none but its own.
  carrierProbeSeconds: 0,
  // Phones of tests ring out on purpose.
  pauseUnanswered: false,
};

/** Lets an admin do what every test file needs before its first call. */
async function prepare(centre: Centre, options: CentreOptions): Promise<void> {
  const api: ApiClient = async (method, route, { body, headers = {}, expect } = {}) => {
    const answer = await centre.api.ask(method, route, { body, headers });
    if (expect !== undefined && !expect.includes(answer.status)) {
      throw new Error(`${method} ${route} was answered ${answer.status}: ${answer.text}`);
    }
    return answer;
  };
  for (let index = 0; index < (options.operators ?? 1); index += 1) {
    centre.operators.push(await createOperator(api, String(101 + index)));
  }
  await pointTrunksHere({ api, firstPort: centre.ports.spare.first });
  await centre.api.set({ ...shortTimes, ...options.settings });
  await centre.follow();
}
