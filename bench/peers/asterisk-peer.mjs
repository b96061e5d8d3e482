// The same Asterisk as ours with a peer's dialplan, and phones that behave like our operators'.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startAsterisk } from '../../scripts/runtime.mjs';
import { freePort, startAnswerer } from '../../scripts/sip/phone.mjs';
import { answerAfter, asteriskEnv, usualOperators } from '../support/centre.mjs';

const renderScript = fileURLToPath(new URL('render.sh', import.meta.url));
const host = '127.0.0.1';

/** Resolves with `{ asterisk, server, phones, stop }`. */
export async function startAsteriskPeer({ folder, tools, peer, phones = usualOperators }) {
  const port = await freePort(host);
  const asterisk = await startAsterisk({
    directory: path.join(folder, 'asterisk-peer'),
    tools,
    node: `bench-${peer}`,
    renderScript,
    env: { ...asteriskEnv, PEER: peer, PEER_PHONES: String(phones), PEER_PHONES_AT: `${host}:${port}` },
  });
  try {
    const answerer = await startAnswerer({
      sipp: tools.sipp,
      port,
      answerAfter,
      logs: true,
      lifetime: 7_200,
      folder: path.join(folder, 'phones'),
    });
    const { sip } = asterisk;
    return {
      asterisk,
      server: { host: sip.host, port: sip.port },
      phones: answerer,
      // Others may be in their place by then.
      async stop() {
        await this.phones.stop();
        await asterisk.stop();
      },
    };
  } catch (error) {
    await asterisk.stop();
    throw error;
  }
}
