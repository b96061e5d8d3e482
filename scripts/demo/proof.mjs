// Who heard whom: from the recordings of what was sent to each leg, and from the legs' RTP statistics.
import path from 'node:path';
import { existsSync } from 'node:fs';
import { waitUntil } from '../runtime/wait.mjs';
import { tonesIn } from '../sip/tones.mjs';

/** Packets from and to each party, while they talk. */
export async function rtpOf(ari, channels) {
  const authorization = `Basic ${Buffer.from(`${ari.user}:${ari.password}`).toString('base64')}`;
  const counts = {};
  for (const [who, channel] of Object.entries(channels)) {
    const response = await fetch(`${ari.url}/ari/channels/${channel}/rtp_statistics`, {
      headers: { authorization },
      signal: AbortSignal.timeout(5000),
    });
    const statistics = response.ok ? await response.json() : {};
    counts[who] = { received: statistics.rxcount ?? 0, sent: statistics.txcount ?? 0 };
  }
  return counts;
}

/** The names of the parties that each party heard. */
export async function heardBy(folder, channels, tones) {
  const heard = {};
  for (const [who, channel] of Object.entries(channels)) {
    const file = path.join(folder, `${channel}-heard.wav`);
    await waitUntil(() => existsSync(file), { what: `find the recording of what the ${who} heard`, limitSeconds: 5 });
    const found = tonesIn(file, Object.values(tones));
    heard[who] = Object.keys(tones).filter((name) => found.includes(tones[name]));
  }
  return heard;
}
