// Peer: Answer and Queue (app_queue) of the same Asterisk, with the same number of phones.
import { startAsteriskPeer } from './asterisk-peer.mjs';

export async function start({ folder, tools }) {
  const peer = await startAsteriskPeer({ folder, tools, peer: 'queue' });
  return { ...peer, name: 'app_queue', processes: { asterisk: peer.asterisk.pid } };
}
