// The whole stack as it is measured: PostgreSQL and Redis as durable as in production, one controller that does everything,
// and operators' phones that answer by themselves.
import path from 'node:path';
import { startStack, waitUntil } from '../../scripts/runtime.mjs';
import { followEvents } from '../../scripts/demo/events.mjs';
import { startAnswerer } from '../../scripts/sip/phone.mjs';

/** A stack's own ports for speech are for 250 callers; these are for 2,400, and far from those that phones use. */
export const asteriskEnv = { ASTERISK_RTP_START: '20000', ASTERISK_RTP_END: '29799' };

/** Operators at their desks, and phones of a peer. */
export const usualOperators = 100;

/** How long an operator's phone rings before it answers, in milliseconds. */
export const answerAfter = 200;

/**
 * Starts a centre of `city` with `operators` at their desks. Options as those of startStack. Returns `{ stack, api, events,
 * server, processes, phones, stop }`: `events.listen` hears the admin's feed, `processes` is what processorTime wants.
 */
export async function startCentre({ folder, operators = usualOperators, city = 'kendari', settings = {}, ...options }) {
  const stack = await startStack({
    directory: path.join(folder, 'stack'),
    operators,
    city,
    ...options,
    asteriskEnv: { ...asteriskEnv, ...options.asteriskEnv },
  });
  // Other phones may be in the place of the first ones by the time of the stop.
  const undo = [() => stack.stop(), () => centre.phones?.stop()];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  const centre = { name: 'siaga', stack, stop, phones: undefined };
  try {
    const { description, api, tools } = stack;
    const { headers } = await api('GET', '/v1/settings', { expect: [200] });
    await api('PATCH', '/v1/settings', {
      headers: { 'if-match': headers.get('etag') },
      body: { wrapUpSeconds: 0, ...settings },
      expect: [200],
    });
    const server = { host: description.sip.host, port: description.sip.port };
    await keepRegistered(stack);
    centre.phones = await startAnswerer({
      sipp: tools.sipp,
      server,
      accounts: description.operators,
      answerAfter,
      folder: path.join(folder, 'operators'),
      logs: true,
      lifetime: 7_200,
    });
    const free = async () => (await api('GET', '/v1/queue', { expect: [200] })).body.operators.available;
    await waitUntil(async () => (await free()) >= operators, {
      what: `have ${operators} operators free`,
      limitSeconds: 60,
    });
    const events = await followEvents(description.http, description.tokens.admin);
    undo.push(() => events.close());
    return Object.assign(centre, {
      asterisk: stack.asterisk,
      api,
      events,
      server,
      free,
      processes: processesOf(stack),
      operators,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** SIPp's phones register once: the two minutes after which a phone of ours has to come again are not for them. */
async function keepRegistered({ asterisk, description }) {
  const { url, user, password } = asterisk.ari;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  for (const { username } of description.operators) {
    const answer = await fetch(`${url}/ari/asterisk/config/dynamic/res_pjsip/aor/${username}`, {
      method: 'PUT',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ fields: [{ attribute: 'maximum_expiration', value: '7200' }] }),
      signal: AbortSignal.timeout(5_000),
    });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`the registration of ${username} cannot be made longer: ${answer.status}`);
  }
}

function processesOf({ description, controllers, workers }) {
  const { asterisk, postgres, redis } = description.pids;
  const controller = [...controllers, ...workers].map(({ pid }) => pid);
  return { asterisk, controller, postgres, redis };
}
