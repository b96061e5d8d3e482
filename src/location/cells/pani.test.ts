import { preferredNetwork, printAccessNetwork, readAccessNetworks, type AccessNetwork } from './pani.ts';

const read = (value: string) => readAccessNetworks('P-Access-Network-Info', value);
const only = (value: string): AccessNetwork => {
  const { networks, unusable } = read(value);
  expect(unusable).toEqual([]);
  expect(networks).toHaveLength(1);
  return networks[0] ?? network({});
};
const network = (fields: Partial<AccessNetwork>): AccessNetwork => ({
  header: 'P-Access-Network-Info',
  accessType: '3GPP-E-UTRAN-FDD',
  networkProvided: false,
  mcc: null,
  mnc: null,
  cellId: null,
  cell: null,
  accessPoint: null,
  age: null,
  ...fields,
});
const lte = { radio: 'LTE', mcc: 510, mnc: 10, area: 0x1a2b, cell: 0x0123abc } as const;

describe('an access network', () => {
  it('is read from the header of an emergency call', () => {
    expect(only('3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=510101A2B0123ABC;network-provided')).toEqual(
      network({ networkProvided: true, mcc: '510', mnc: '10', cellId: '510101A2B0123ABC', cell: lte }),
    );
  });

  it.each([
    ['3GPP-GERAN;cgi-3gpp=510101A2BFFFF', { radio: 'GSM', mcc: 510, mnc: 10, area: 0x1a2b, cell: 0xffff }],
    ['3GPP-GERAN;cgi-3gpp=3104101A2B0001', { radio: 'GSM', mcc: 310, mnc: 410, area: 0x1a2b, cell: 1 }],
    [
      '3GPP-UTRAN-FDD;utran-cell-id-3gpp=510011A2BFFFFFFF',
      { radio: 'UMTS', mcc: 510, mnc: 1, area: 0x1a2b, cell: 0xfffffff },
    ],
    [
      '3GPP-UTRAN-TDD;utran-cell-id-3gpp=3104101A2B0000001',
      { radio: 'UMTS', mcc: 310, mnc: 410, area: 0x1a2b, cell: 1 },
    ],
    [
      '3GPP-E-UTRAN-TDD;utran-cell-id-3gpp=510891A2BFFFFFFF',
      { radio: 'LTE', mcc: 510, mnc: 89, area: 0x1a2b, cell: 0xfffffff },
    ],
    [
      '3GPP-E-UTRAN;utran-cell-id-3gpp=311480a70c0001817',
      { radio: 'LTE', mcc: 311, mnc: 480, area: 0xa70c, cell: 0x1817 },
    ],
    ['3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=51010001A2B0123ABC', lte],
    [
      '3GPP-NR-FDD;utran-cell-id-3gpp=51010001A2BFFFFFFFFF',
      { radio: 'NR', mcc: 510, mnc: 10, area: 0x1a2b, cell: 68_719_476_735 },
    ],
    ['3GPP-NR-TDD;nrcgi-3gpp=310410ABCDEF000000001', { radio: 'NR', mcc: 310, mnc: 410, area: 0xabcdef, cell: 1 }],
    ['3GPP-UTRAN-FDD;cgi-3gpp=510101A2B0123ABC', { ...lte, radio: 'UMTS' }],
  ])('has the cell of its radio: %s', (value, cell) => {
    expect(only(value).cell).toEqual(cell);
  });

  it.each([
    '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp="510101A2B0123ABC"',
    '  3gpp-e-utran-fdd ; UTRAN-Cell-Id-3GPP = 510101a2b0123abc ; x=y ',
    '3GPP-E-UTRAN-FDD; utran-cell-id-3gpp="510101A2B0123ABC',
    '3GPP-E-UTRAN-FDD;note="a;b,c\\",d";utran-cell-id-3gpp=510101A2B0123ABC',
    ',3GPP-E-UTRAN-FDD;;utran-cell-id-3gpp=510101A2B0123ABC,,',
  ])('is read whatever its layout: %s', (value) => {
    expect(only(value).cell).toEqual(lte);
  });

  it('is found behind a quote that never ends', () => {
    const { networks } = read('xDSL;dsl-location="a, 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=510101A2B0123ABC');
    expect(networks).toMatchObject([{ accessType: 'xDSL' }, { cell: lte }]);
  });

  it('has the age of a cell that the phone was in', () => {
    const { networks } = readAccessNetworks(
      'Cellular-Network-Info',
      '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=510101A2B0123ABC;cell-info-age=45',
    );
    expect(networks).toEqual([
      network({
        header: 'Cellular-Network-Info',
        mcc: '510',
        mnc: '10',
        cellId: '510101A2B0123ABC',
        cell: lte,
        age: 45,
      }),
    ]);
  });

  it.each([
    ['IEEE-802.11;i-wlan-node-id=00259C1A2B3F', '00:25:9c:1a:2b:3f'],
    ['IEEE-802.11ac; i-wlan-node-id="00-25-9c-1a-2b-3f"; country=ID', '00:25:9c:1a:2b:3f'],
    ['ieee-802.11n;i-wlan-node-id=00:25:9C:1A:2B:3F', '00:25:9c:1a:2b:3f'],
  ])('has the access point of a Wi-Fi call: %s', (value, accessPoint) => {
    expect(only(value)).toMatchObject({ accessPoint, cell: null });
  });

  it('of another kind is listed with what can be said', () => {
    const { networks, unusable } = read(
      'xDSL;dsl-location="a,b;c";network-provided, 3GPP2-1X;ci-3gpp2=1234ABCD, ADSL;utran-cell-id-3gpp=00000000',
    );
    expect(networks).toEqual([
      network({ accessType: 'xDSL', networkProvided: true }),
      network({ accessType: '3GPP2-1X', cellId: '1234ABCD' }),
      network({ accessType: 'ADSL', cellId: '00000000' }),
    ]);
    expect(unusable).toEqual([]);
  });
});

describe('what cannot be used', () => {
  it.each([
    ['3GPP-GERAN;cgi-3gpp=510101A2B', 'the cell id "510101A2B" is too short for GSM', '510', '10'],
    ['3GPP-UTRAN-FDD;cgi-3gpp=510101A2B0123', 'the cell id "510101A2B0123" is too short for UMTS', '510', '10'],
    ['3GPP-NR-FDD;utran-cell-id-3gpp=31041000123401', 'the cell id "31041000123401" is too short for 5G', '310', null],
    ['3GPP-GERAN;cgi-3gpp=510101A2B0123ABC', 'the cell id "510101A2B0123ABC" is too long for GSM', '510', '10'],
    ['3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=510101A2B0123ABX', 'has characters that are not hexadecimal', '510', '10'],
    ['3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=51A101A2B0123ABC', 'does not begin with a country and a network', null, null],
    ['3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0000000000000000', 'does not begin with a country and a network', null, null],
    ['3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=5101000000000000', 'has only zeros for the cell', '510', '10'],
    ['3GPP-UTRAN;utran-sai-3gpp=510101A2B0123', 'is that of a service area, not of a cell', '510', '10'],
  ])('%s: says why, and keeps the network', (value, reason, mcc, mnc) => {
    const { networks, unusable } = read(value);
    expect(networks).toMatchObject([{ mcc, mnc, cell: null, cellId: value.split('=')[1] }]);
    expect(unusable).toEqual([expect.stringContaining(reason)]);
  });

  it.each([
    ['', 'the header is empty'],
    [' , ', 'the header is empty'],
    ['<script>', 'the access type "<script>" is not readable'],
    [';utran-cell-id-3gpp=510101A2B0123ABC', 'the access type "" is not readable'],
  ])('%p is no network', (value, reason) => {
    expect(read(value)).toEqual({ networks: [], unusable: [reason] });
  });

  it.each([
    ['3GPP-GERAN;cgi-3gpp=5 1', 'the cell id "5 1" is not readable'],
    ['3GPP-GERAN;cgi-3gpp=\u0007\u202e<b>', 'the cell id "<b>" is not readable'],
    [`3GPP-GERAN;cgi-3gpp=${'<'.repeat(90)}`, `the cell id "${'<'.repeat(40)}…" is not readable`],
    ['IEEE-802.11;i-wlan-node-id=00259c', 'the Wi-Fi access point "00259c" is no MAC address'],
    ['IEEE-802.11;i-wlan-node-id=000000000000', 'the address of the Wi-Fi access point is a placeholder'],
    ['3GPP-GERAN;cell-info-age=-3', 'the age of the cell "-3" is no number of seconds'],
  ])('%p leaves the rest', (value, reason) => {
    const { networks, unusable } = read(value);
    expect(networks).toMatchObject([{ cellId: null, cell: null, accessPoint: null, age: null }]);
    expect(unusable).toEqual([reason]);
  });
});

describe('a header of 60 KB', () => {
  const tail = 'x'.repeat(60_000);
  it.each([
    `3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=510101A2B0123ABC;x=${tail}`,
    `3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=510101A2B0123ABC;x="${tail}"`,
    `3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=510101A2B0123ABC, ${tail}`,
  ])('is read at its beginning', (value) => {
    const { networks, unusable } = read(value);
    expect(networks).toMatchObject([{ cell: lte }]);
    expect(unusable).toEqual([`the header is too long (${value.length} characters): only its beginning was read`]);
  });

  it('never gives half a cell id', () => {
    const cell = '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=3104101A2B0123ABC';
    const found = Array.from({ length: cell.length + 1 }, (_, index) => {
      const cut = index - 1;
      const value = `${'x'.repeat(8_192 - cell.length - 1 + cut)},${cell},${tail}`;
      return read(value).networks.flatMap((network) => network.cell?.mnc ?? []);
    });
    expect(found).toEqual([[410], ...found.slice(1).map(() => [])]);
  });

  it('lists few networks of many', () => {
    const { networks, unusable } = read('a,'.repeat(30_000));
    expect(networks).toHaveLength(16);
    expect(unusable).toHaveLength(2);
  });

  it.each(['"', ',', ';', '=', '\\', '" ', '",', ';"'])('is bounded, of nothing but %p', (piece) => {
    expect(read(piece.repeat(3_000_000)).networks.length).toBeLessThanOrEqual(16);
  });
});

describe('of several networks', () => {
  const cellular = network({ header: 'Cellular-Network-Info', cell: lte });
  const bare = network({ accessType: 'IEEE-802.11' });
  const withCell = network({ cell: lte });
  const provided = network({ networkProvided: true });
  const cellularProvided = network({ header: 'Cellular-Network-Info', networkProvided: true, cell: lte });

  it.each([
    ['what the network says', [withCell, cellularProvided], cellularProvided],
    ['P-Access-Network-Info', [cellular, bare], bare],
    ['P-Access-Network-Info that the network says', [cellularProvided, provided], provided],
    ['the one with a cell', [bare, withCell], withCell],
    ['the first', [withCell, { ...withCell, age: 1 }], withCell],
  ])('prefers %s', (_, networks, best) => {
    expect(preferredNetwork(networks)).toBe(best);
  });

  it('has none of none', () => {
    expect(preferredNetwork([])).toBeNull();
  });
});

it('prints a network as it is sent', () => {
  const value = '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=510101A2B0123ABC;network-provided';
  expect(printAccessNetwork(only(value))).toBe(value);
});
