import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/sip/phone.mjs';
import type { Environment } from '../../scripts/runtime.mjs';

/** What Asterisk has to be told for phones over TLS, with a certificate of its own made in the folder. */
export async function tlsSettings(folder: string): Promise<{ port: number; env: Environment }> {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const made = ['-keyout', key, '-out', certificate, '-subj', '/CN=sip.example', '-days', '2'];
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...made]);
  const port = await freePort();
  return {
    port,
    env: {
      ASTERISK_SIP_TLS_BIND: `127.0.0.1:${port}`,
      ASTERISK_TLS_CERTIFICATE: certificate,
      ASTERISK_TLS_KEY: key,
    },
  };
}
