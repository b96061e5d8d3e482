import fc from 'fast-check';
import { agencyBody, directoryOf, isHost, isOpen, serves, trunkSchema } from './agency.ts';

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
    expect(directory.findTrunk('damkar-1')).toEqual({ agency, trunk: { ...trunk, type: 'sip' } });
    expect(directory.find('bpbd')).toBeUndefined();
    expect(directory.findTrunk('bpbd-1')).toBeUndefined();
  });
});

describe('a trunk', () => {
  test.each([
    [{ id: 'a', type: 'carrier', number: '0761113' }],
    [{ id: 'a', type: 'desk', name: 'Meja piket' }],
    [{ ...trunk, type: 'sip' }],
  ])('%j passes', (way) => {
    expect(trunkSchema.parse(way)).toEqual(way);
  });

  test.each([
    ['host', { ...trunk, host: 'a b' }],
    ['number', { id: 'a', type: 'carrier', number: 'x' }],
    ['name', { id: 'a', type: 'desk' }],
    ['type', { id: 'a', type: 'pigeon' }],
  ])('with a fault says where: %s', (field, way) => {
    const faults = trunkSchema.safeParse(way).error?.issues.map(({ path }) => path.join('.'));
    expect(faults).toEqual([field]);
  });

  test('of one kind has no fields of another', () => {
    expect(trunkSchema.safeParse({ id: 'a', type: 'desk', name: 'Meja', host: '192.0.2.1' }).success).toBe(false);
  });
});

describe('opening hours', () => {
  const office = { hours: [{ weekdays: [1, 2, 3, 4, 5], from: '08:00', to: '16:00' }] };
  const night = { hours: [{ weekdays: [7], from: '22:00', to: '06:00' }] };
  const round = { hours: [{ weekdays: [6], from: '07:00', to: '07:00' }] };

  test.each([
    [office, 1, '08:00', true],
    [office, 1, '07:59', false],
    [office, 5, '15:59', true],
    [office, 5, '16:00', false],
    [office, 6, '12:00', false],
    [night, 7, '23:00', true],
    [night, 1, '05:59', true],
    [night, 1, '06:00', false],
    [night, 7, '05:00', false],
    [round, 6, '07:00', true],
    [round, 7, '06:59', true],
    [round, 7, '07:00', false],
    [{ hours: [] }, 3, '03:00', true],
  ])('%j on weekday %i at %s: %s', (agency, weekday, time, open) => {
    expect(isOpen(agency, weekday, time)).toBe(open);
  });
});

test('an agency serves its districts however they are spelt, all where it names none, and what nobody knows', () => {
  const some = { districts: ['Kendari Barat', 'Abeli'] };
  expect(serves(some, ' kendari  barat')).toBe(true);
  expect(serves(some, 'Kadia')).toBe(false);
  expect(serves(some, null)).toBe(true);
  expect(serves({ districts: [] }, 'Kadia')).toBe(true);
});
