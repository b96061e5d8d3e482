import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startAsterisk, type AsteriskHandle, type Environment } from '../../scripts/runtime.mjs';
import type { Centre } from './centre.ts';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A softphone over TLS that speaks SRTP, which SIPp does not: a second Asterisk, with an account of the centre's. */
export interface AsteriskPhone {
  /** The recording of what it heard. */
  readonly heard: string;
  stop(): Promise<void>;
}

/** Starts one that registers, answers every call and says a tone. `tls`: the centre's port, and a certificate. */
export async function startAsteriskPhone(
  centre: Centre,
  options: {
    account: { username: string; password: string };
    tone: number;
    tls: { port: number; env: Environment };
  },
): Promise<AsteriskPhone> {
  const { account, tone, tls } = options;
  const asterisk: AsteriskHandle = await startAsterisk({
    directory: join(centre.directory, 'softphone'),
    tools: centre.tools,
    renderScript: here('softphone.sh'),
    env: {
      ...tls.env,
      SOFTPHONE_RENDER: here('../../asterisk-config/render.sh'),
      SOFTPHONE_USERNAME: account.username,
      SOFTPHONE_PASSWORD: account.password,
      SOFTPHONE_REGISTRAR: `127.0.0.1:${tls.port}`,
      SOFTPHONE_TONE: String(tone),
    },
  });
  return { heard: join(asterisk.recordingsDirectory, 'heard.wav'), stop: () => asterisk.stop() };
}
