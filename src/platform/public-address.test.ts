import { isInNetworks, isNetwork, isPublicAddress } from './public-address.ts';

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

describe('networks', () => {
  const ours = ['10.1.0.0/16', '127.0.0.1/32', 'fd00:112::/32'];

  it.each(['10.1.0.1', '10.1.255.255', '127.0.0.1', 'fd00:112::1', '::ffff:10.1.2.3'])('hold %s', (address) => {
    expect(isInNetworks(address, ours)).toBe(true);
  });

  it.each([
    '10.2.0.1',
    '127.0.0.2',
    'fd00:113::1',
    '::ffff:10.2.0.1',
    '::10.1.2.3',
    'fd00:112::1%eth0',
    '10.1',
    'host',
    '',
  ])('do not hold %j', (address) => {
    expect(isInNetworks(address, ours)).toBe(false);
  });

  it.each([
    ['10.1.0.0/16', true],
    ['::1/128', true],
    ['10.1.0.0', false],
    ['10.1.0.0/33', false],
    ['host/8', false],
  ])('are written as CIDR: %s', (text, valid) => {
    expect(isNetwork(text)).toBe(valid);
  });

  it('a network that is none holds nothing', () => {
    expect(isInNetworks('10.1.2.3', ['10.1.0.0', 'all'])).toBe(false);
  });
});
