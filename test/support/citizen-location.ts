import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { CitizenOptions } from '../../scripts/sip/phone.mjs';
import type { Sighting } from '../../src/location/fix.ts';
import { printPidfLo } from '../../src/location/pidf-lo/pidf-lo-print.ts';

/** In the middle of Pekanbaru. */
export const middle = { latitude: 0.5333, longitude: 101.4478 };

/** A circle of so many metres that a phone has found by satellite. */
export function circle(latitude: number, longitude: number, radius: number): Sighting {
  return {
    method: 'GPS',
    shape: { type: 'circle', centre: { latitude, longitude }, radius },
    civic: null,
    confidence: 95,
    at: null,
  };
}

/** A body of an INVITE beside its offer, and the header that points to it. */
export function withBody(body: string): Partial<CitizenOptions> {
  return {
    headers: ['Geolocation: <cid:lokasi@carrier>', 'Geolocation-Routing: yes'],
    parts: [{ type: 'application/pidf+xml', headers: ['Content-ID: <lokasi@carrier>'], body }],
  };
}

export function withLocation(sighting: Sighting): Partial<CitizenOptions> {
  return withBody(printPidfLo(sighting, { entity: 'pres:citizen@carrier' }));
}

/** A location server (HELD) on this machine that puts everybody at one place. */
export interface HeldServer {
  /** host:port */
  readonly host: string;
  readonly uri: string;
  /** File with the certificate that a controller has to trust (NODE_EXTRA_CA_CERTS). */
  readonly certificate: string;
  close(): void;
}

export async function startHeldServer(sighting: Sighting): Promise<HeldServer> {
  const made = await generate([{ name: 'commonName', value: 'lis' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const presence = printPidfLo(sighting, { entity: 'pres:citizen@lis' }).replace(/^<\?xml[^>]*>/, '');
  const server = createServer({ key: made.private, cert: made.cert }, (_request, response) => {
    response.setHeader('content-type', 'application/held+xml');
    response.end(`<locationResponse xmlns="urn:ietf:params:xml:ns:geopriv:held">${presence}</locationResponse>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  const certificate = join(await mkdtemp(join(tmpdir(), 'siaga-lis-')), 'ca.pem');
  await writeFile(certificate, made.cert);
  return { host, uri: `https://${host}/held?token=rahasia`, certificate, close: () => server.close() };
}
