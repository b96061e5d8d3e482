import fc from 'fast-check';
import { agencyBody, directoryOf, isHost, trunkSchema } from './agency.ts';

const trunk = { id: 'damkar-1', host: '192.0.2.10', port: 5060, transport: 'udp', number: '113' } as const;

describe('what may become SIP configuration', () => {
  test.each(['192.0.2.1', 'trunk.example.org', 'a', 'sip-1', '127.0.0.1', '10.0.0.255'])('host %s passes', (host) => {
    expect(isHost(host)).toBe(true);
  });

  test.each([
    '',
    '256.1.1.1',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.4.5',
    '-a.example',
    'a-.example',
    'a..b',
    'a b',
    'a;transport=tcp',
    'a\r\nendpoint=x',
    'a\u0000',
    '[::1]',
    'sip:a',
    'a@b',
    'a/b',
    'x'.repeat(64),
    `${'a.'.repeat(130)}b`,
  ])('host %j is refused', (host) => {
    expect(isHost(host)).toBe(false);
  });

  test('no text with a sign outside letters, digits, dot and dash is a host', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(/[^A-Za-z0-9.-]/.test(text));
        return !isHost(text);
      }),
    );
  });

  test.each(['113', '+62761112', '*112#'])('number %s passes', (number) => {
    expect(trunkSchema.safeParse({ ...trunk, number }).success).toBe(true);
  });

  test.each(['', '113;x', '113\n', '1 1', 'abc', '1'.repeat(21), '11+3'])('number %j is refused', (number) => {
    expect(trunkSchema.safeParse({ ...trunk, number }).success).toBe(false);
  });

  test.each([0, 65_536, 1.5, -1, '5060'])('port %j is refused', (port) => {
    expect(trunkSchema.safeParse({ ...trunk, port }).success).toBe(false);
  });
});

describe('an agency', () => {
  const body = { name: 'Damkar', nameEnglish: 'Fire', number: '113', acceptance: 'key', trunks: [trunk] };

  test('may have no trunk yet, but no two of one id', () => {
    expect(agencyBody.safeParse({ ...body, trunks: [] }).success).toBe(true);
    expect(agencyBody.safeParse({ ...body, trunks: [trunk, trunk] }).success).toBe(false);
  });

  test.each(['', '  ', 'a\nb', 'a\u0007', 'a\u202eb', 'x'.repeat(101)])('the name %j is refused', (name) => {
    expect(agencyBody.safeParse({ ...body, name }).success).toBe(false);
  });

  test('is found in the directory by its id and by its trunks', () => {
    const agency = { ...agencyBody.parse(body), id: 'damkar', version: 1 };
    const directory = directoryOf([agency]);
    expect(directory.find('damkar')).toBe(agency);
    expect(directory.findTrunk('damkar-1')).toEqual({ agency, trunk });
    expect(directory.find('bpbd')).toBeUndefined();
    expect(directory.findTrunk('bpbd-1')).toBeUndefined();
  });
});
