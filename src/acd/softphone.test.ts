import jsQR from 'jsqr';
import type { StoredDesk } from './desk.ts';
import { provisioningOf, softphoneOf } from './softphone.ts';

const desk: StoredDesk = {
  id: 'd',
  name: 'Desk 1',
  account: 'op-0123456789abcdef',
  passwordDigest: 'x',
  transport: 'udp',
  media: 'rtp',
  owner: null,
};
const side = { host: 'sip.example', port: 5060, tlsPort: 5061 };
const password = 'a b;c=d&"é';

describe("a desk's phone", () => {
  it('is told where to register, by its transport, and never its password', () => {
    expect(softphoneOf(desk, side)).toMatchObject({ username: desk.account, domain: 'sip.example', port: 5060 });
    const secure = softphoneOf({ ...desk, transport: 'tls', media: 'srtp' }, side);
    expect(secure).toMatchObject({ port: 5061, transport: 'tls', media: 'srtp' });
    expect(secure.text).toContain('Transport: TLS');
    expect(secure.text).toContain('SRTP (SDES) is mandatory');
    expect(secure.text).toContain('shown once only');
  });

  it('gets the password once, in words, as a URI and as a code', () => {
    const { text, uri, qr } = provisioningOf({ ...desk, transport: 'tls' }, side, password);
    expect(text).toContain(`Kata sandi / Password: ${password}`);
    const [, ...parameters] = uri.split(';');
    const read = new Map(parameters.map((one) => [one.split('=')[0], decodeURIComponent(one.split('=')[1] ?? '')]));
    expect(uri.startsWith(`sip:${desk.account}@sip.example:5061;`)).toBe(true);
    expect(Object.fromEntries(read)).toEqual({
      transport: 'tls',
      username: desk.account,
      password,
      domain: 'sip.example',
    });
    expect(scanned(qr)).toBe(uri);
  });

  it('has room in the code for the longest host name', () => {
    const host = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(58)}.id`;
    const { uri, qr } = provisioningOf(desk, { ...side, host }, 'x'.repeat(24));
    expect(scanned(qr)).toBe(uri);
  });
});

/** What a phone reads from the picture: its squares drawn as pixels, four a side. */
function scanned(qr: string): string | undefined {
  const svg = Buffer.from(qr.replace('data:image/svg+xml;base64,', ''), 'base64').toString();
  const side = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]) * 4;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  for (const [, x, y] of svg.matchAll(/M(\d+),(\d+)l1,0/g)) {
    for (let row = 0; row < 4; row += 1) {
      const from = ((Number(y) * 4 + row) * side + Number(x) * 4) * 4;
      for (let at = from; at < from + 16; at += 4) pixels.fill(0, at, at + 3);
    }
  }
  return jsQR.default(pixels, side, side)?.data;
}
