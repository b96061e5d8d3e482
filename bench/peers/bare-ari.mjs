// Peer: an ARI program that only bridges (bare-ari-program.mjs), beside the same Asterisk and the same number of phones.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess, waitUntil } from '../../scripts/runtime.mjs';
import { askAri } from '../../scripts/runtime/asterisk.mjs';
import { startAsteriskPeer } from './asterisk-peer.mjs';

const program = fileURLToPath(new URL('bare-ari-program.mjs', import.meta.url));

export async function start({ folder, tools }) {
  const phones = 100;
  const peer = await startAsteriskPeer({ folder, tools, peer: 'bare-ari', phones });
  const { url, user, password } = peer.asterisk.ari;
  try {
    const controller = await startProcess({
      name: 'bare-ari',
      directory: path.join(folder, 'asterisk-peer'),
      command: process.execPath,
      args: [program],
      env: { PATH: process.env.PATH, ARI_URL: url, ARI_USER: user, ARI_PASSWORD: password, PHONES: String(phones) },
      cwd: folder,
    });
    try {
      const listening = async () =>
        (await askAri(peer.asterisk.ari, 'applications')).some(({ name }) => name === 'bare');
      await waitUntil(listening, { what: 'have the bare ARI program listen', limitSeconds: 10, process: controller });
    } catch (error) {
      await controller.stop();
      throw error;
    }
    return {
      ...peer,
      async stop() {
        await controller.stop();
        await peer.stop();
      },
      name: 'bare ARI program',
      processes: { asterisk: peer.asterisk.pid, controller: controller.pid },
    };
  } catch (error) {
    await peer.stop();
    throw error;
  }
}
