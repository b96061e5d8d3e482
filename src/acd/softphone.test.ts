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
    const svg = Buffer.from((qr ?? '').replace('data:image/svg+xml;base64,', ''), 'base64').toString();
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 \d+ \d+"/);
  });

  it('has room in the code for the longest host name that is usual', () => {
    const named = (host: string) => provisioningOf(desk, { ...side, host }, 'x'.repeat(24));
    expect(named(`${'a'.repeat(40)}.id`).qr).toMatch(/^data:image/);
    const long = named(`${'a'.repeat(60)}.id`);
    expect(long.qr).toBeNull();
    expect(long.uri).toContain('password=xxx');
  });
});
