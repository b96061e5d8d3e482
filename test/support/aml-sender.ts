import { createHmac } from 'node:crypto';
import { printElsForm } from '../../src/location/aml/aml-https.ts';
import { middle } from './citizen-location.ts';

export const amlKey = 'kunci-uji';

/** The fields of a phone's form, of a position in Senapelan unless told. */
export function elsFields(over: Record<string, string> = {}): Record<string, string> {
  return {
    v: '1',
    device_number: '+6281234567890',
    location_latitude: String(middle.latitude),
    location_longitude: String(middle.longitude),
    location_accuracy: '12.5',
    location_source: 'gps',
    ...over,
  };
}

/** Posts a form as it is; the answer's status and code. */
export async function postForm(
  base: string,
  form: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<{ status: number; code: unknown; text: string }> {
  const response = await fetch(`${base}/v1/locations/aml`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: form,
  });
  const text = await response.text();
  const body: unknown = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : null;
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
  return { status: response.status, code, text };
}

/** A phone sends where it is. */
export async function els(base: string, over: Record<string, string> = {}): Promise<number> {
  return (await postForm(base, printElsForm(elsFields(over), amlKey))).status;
}

/** Anything at all, signed. */
export function signed(body: string, key = amlKey): string {
  return `${body}&hmac=${createHmac('sha1', key).update(body).digest('hex')}`;
}

/** An SMS of version 1 from a position in Senapelan. */
export function amlText(over: Record<string, string> = {}): string {
  const fields = {
    lt: '+00.53330',
    lg: '+101.44780',
    rd: '14',
    lc: '90',
    pm: 'G',
    si: '510100000000000',
    ei: '358240059447630',
    mcc: '510',
    mnc: '10',
    ...over,
  };
  return `A"ML=1;${Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(';')}`;
}

/** Text in the packed 7-bit alphabet of GSM (3GPP TS 23.038). */
export function packed7(text: string): Buffer {
  const bits = Array.from(text).flatMap((sign) =>
    Array.from({ length: 7 }, (_one, bit) => (sign.charCodeAt(0) >> bit) & 1),
  );
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
  for (const [at, bit] of bits.entries()) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (bit << (at & 7));
  return bytes;
}
