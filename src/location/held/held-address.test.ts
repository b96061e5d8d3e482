import { addressesOf, isAllowed, isPublicAddress, readTarget } from './held-address.ts';

const none: readonly string[] = [];
const neverLookedUp = () => Promise.reject(new Error('looked up'));
async function check(uri: string, found: readonly string[], allowed = none) {
  const target = readTarget(uri);
  if (!target.ok) return target;
  return addressesOf(target, allowed, () => Promise.resolve(found));
}

describe('an address', () => {
  it.each(['8.8.8.8', '103.28.12.1', '172.15.0.1', '172.32.0.1', '100.63.255.255', '100.128.0.1', '198.20.0.1'])(
    'is public: %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each(['2606:4700::1111', '2001:4860:4860::8888', '64:ff9b::8.8.8.8', '2400:cb00::1'])(
    'is public: %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each(
    // prettier-ignore
    ['0.0.0.0', '0.1.2.3', '10.1.2.3', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.0.1', '169.254.169.254',
      '172.16.0.1', '172.31.255.255', '192.0.0.8', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.19.255.255',
      '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
  )('is not public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(
    // prettier-ignore
    ['::', '::1', '::127.0.0.1', '::8.8.8.8', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::ffff:0:127.0.0.1',
      '64:ff9b::127.0.0.1', '64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::8.8.8.8', '2002:7f00:1::', '2002:808:808::',
      '2001::1', '2001:2::1', '2001:db8::1', '3fff::1', '100::1', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%eth0',
      '2606:4700::1111%eth0', 'fec0::1', 'ff02::1', '4000::1', '5f00::1'],
  )('is not public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['', 'lis.example', '127.1', '0x7f.1', '2130706433', '8.8.8.8.', ' 8.8.8.8', '[::1]'])(
    'is none at all: %j',
    (address) => {
      expect(isPublicAddress(address)).toBe(false);
    },
  );
});

describe('the URI of a location server', () => {
  it.each([
    ['http://lis.example/secret', 'only https locations can be fetched'],
    ['ftp://lis.example/secret', 'only https locations can be fetched'],
    [
      'https://user:pass@lis.example/secret',
      'the address of the location server lis.example carries a user or a password',
    ],
    ['https://user@lis.example/secret', 'the address of the location server lis.example carries a user or a password'],
    ['https://lis.example\\@10.0.0.1/secret', 'the address of a location server cannot be read'],
    ['https://lis.exa\tmple/secret', 'the address of a location server cannot be read'],
    [' https://lis.example/secret', 'the address of a location server cannot be read'],
    ['https://[fe80::1%25eth0]/secret', 'the address of a location server cannot be read'],
    ['https://lis.example:99999/secret', 'the address of a location server cannot be read'],
    ['https://1.2.3.4.5/secret', 'the address of a location server cannot be read'],
    ['https://', 'the address of a location server cannot be read'],
    ['lis.example/secret', 'the address of a location server cannot be read'],
    [`https://lis.example/${'secret'.repeat(400)}`, 'the address of a location server cannot be read'],
  ])('is refused: %j', (uri, reason) => {
    expect(readTarget(uri)).toEqual({ ok: false, reason });
  });

  it('is named by its host alone, cut short', () => {
    expect(readTarget('https://LIS.Example.:8443/secret?token=1')).toMatchObject({ ok: true, server: 'lis.example' });
    expect(readTarget(`https://${'a'.repeat(60)}.${'b'.repeat(60)}/secret`)).toMatchObject({
      server: `${'a'.repeat(60)}.${'b'.repeat(19)}`,
    });
  });

  it('may be relative to the one that redirected, which carries nothing else over', () => {
    const base = new URL('https://lis.example/a?token=1');
    const target = readTarget('../b', base);
    expect(target.ok && target.url.href).toBe('https://lis.example/b');
    expect(readTarget('//other.example/', base)).toMatchObject({ ok: true, server: 'other.example' });
    expect(readTarget('http://lis.example/', base)).toMatchObject({ ok: false });
  });
});

describe('where a location server is', () => {
  const refused = { ok: false, reason: expect.stringContaining('is not on the public Internet') as unknown };

  it('is at every address that was found, when all are public', async () => {
    const addresses = ['8.8.8.8', '2606:4700::1111'];
    expect(await check('https://lis.example/', addresses)).toEqual({ ok: true, addresses });
    expect(await check('https://lis.example/', ['8.8.8.8', '10.0.0.1'])).toMatchObject(refused);
    expect(await check('https://lis.example/', ['::1', '8.8.8.8'])).toMatchObject(refused);
  });

  it.each(
    // prettier-ignore
    ['127.0.0.1', '127.0.0.1.', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0x7f.0x1', '0', '[::1]', '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]', '[64:ff9b::7f00:1]', '[0:0:0:0:0:0:0:1]', '%31%32%37.0.0.1'],
  )('is refused for a private address however it is written: %s', async (host) => {
    const target = readTarget(`https://${host}/`);
    expect(target.ok && (await addressesOf(target, none, neverLookedUp))).toMatchObject(refused);
  });

  it('is unknown without an answer of the name server', async () => {
    const target = readTarget('https://lis.example/');
    const reason = 'the location server lis.example has no known address';
    expect(target.ok && (await addressesOf(target, none, neverLookedUp))).toEqual({ ok: false, reason });
    expect(await check('https://lis.example/', [])).toEqual({ ok: false, reason });
  });

  it('may be anywhere when the centre named it, with or without its port', async () => {
    const inside = { ok: true, addresses: ['10.1.2.3'] };
    expect(await check('https://lis.example:8443/', ['10.1.2.3'], ['LIS.example'])).toEqual(inside);
    expect(await check('https://lis.example:8443/', ['10.1.2.3'], ['lis.example:8443'])).toEqual(inside);
    expect(await check('https://10.1.2.3/', [], ['10.1.2.3:443'])).toEqual(inside);
    expect(await check('https://lis.example:8444/', ['10.1.2.3'], ['lis.example:8443'])).toMatchObject(refused);
    expect(await check('https://a.lis.example/', ['10.1.2.3'], ['lis.example', ''])).toMatchObject(refused);
    expect(isAllowed(new URL('https://[fd00::1]/'), ['[fd00::1]'])).toBe(true);
  });
});
