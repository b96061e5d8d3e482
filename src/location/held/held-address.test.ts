import { addressesOf, isAllowed, readTarget } from './held-address.ts';

const none: readonly string[] = [];
const neverLookedUp = () => Promise.reject(new Error('looked up'));
async function check(uri: string, found: readonly string[], allowed = none) {
  const target = readTarget(uri);
  if (!target.ok) return target;
  return addressesOf(target, allowed, () => Promise.resolve(found));
}

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
