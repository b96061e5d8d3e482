import fc from 'fast-check';
import { preferredNetwork, printAccessNetwork, readAccessNetworks, type AccessNetwork } from './pani.ts';

const headers = fc.constantFrom<AccessNetwork['header']>('P-Access-Network-Info', 'Cellular-Network-Info');
const digits = (length: number) =>
  fc.integer({ min: 0, max: 10 ** length - 1 }).map((number) => String(number).padStart(length, '0'));
const hex = (number: number, length: number): string => number.toString(16).padStart(length, '0');

const kinds = [
  { radio: 'GSM', accessType: '3GPP-GERAN', area: 4, cell: 4 },
  { radio: 'UMTS', accessType: '3GPP-UTRAN-TDD', area: 4, cell: 7 },
  { radio: 'LTE', accessType: '3GPP-E-UTRAN-FDD', area: 4, cell: 7 },
  { radio: 'NR', accessType: '3GPP-NR-FDD', area: 6, cell: 9 },
] as const;

const cellular: fc.Arbitrary<AccessNetwork> = fc.constantFrom(...kinds).chain((kind) =>
  fc
    .record({
      header: headers,
      networkProvided: fc.boolean(),
      mcc: digits(3).filter((mcc) => mcc !== '000'),
      mnc: fc.oneof(digits(2), digits(3)),
      area: fc.integer({ min: 1, max: 16 ** kind.area - 1 }),
      cell: fc.integer({ min: 0, max: 16 ** kind.cell - 1 }),
      age: fc.option(fc.nat()),
    })
    .map(({ header, networkProvided, mcc, mnc, area, cell, age }) => ({
      header,
      accessType: kind.accessType,
      networkProvided,
      mcc,
      mnc,
      cellId: mcc + mnc + hex(area, kind.area) + hex(cell, kind.cell),
      cell: { radio: kind.radio, mcc: Number(mcc), mnc: Number(mnc), area, cell },
      accessPoint: null,
      age: age === null || age > 999_999_999 ? null : age,
    })),
);

const wifi: fc.Arbitrary<AccessNetwork> = fc
  .record({ header: headers, networkProvided: fc.boolean(), address: fc.integer({ min: 1, max: 2 ** 48 - 2 }) })
  .map(({ header, networkProvided, address }) => ({
    header,
    accessType: 'IEEE-802.11ac',
    networkProvided,
    mcc: null,
    mnc: null,
    cellId: null,
    cell: null,
    accessPoint: hex(address, 12).replace(/..(?!$)/g, '$&:'),
    age: null,
  }));

const networks = fc.oneof(cellular, wifi);

describe('whatever an access network header says', () => {
  it('is read back as it was printed, among others', () => {
    fc.assert(
      fc.property(fc.array(networks, { minLength: 1, maxLength: 16 }), headers, (list, header) => {
        const sent = list.map((network) => ({ ...network, header }));
        const { networks: read, unusable } = readAccessNetworks(header, sent.map(printAccessNetwork).join(', '));
        expect(read).toEqual(sent);
        expect(unusable).toEqual([]);
        expect(sent).toContainEqual(preferredNetwork(read));
      }),
    );
  });

  it('never throws, and its reasons are short and clean', () => {
    const pieces = fc.constantFrom(
      ';',
      ',',
      '=',
      '"',
      '\\',
      ' ',
      '\u0000',
      '\u202e',
      'network-provided',
      'utran-cell-id-3gpp=',
      '3GPP-NR',
      '510',
    );
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(fc.oneof(pieces, fc.string()), { maxLength: 60 }).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(headers, hostile, (header, value) => {
        for (const reason of readAccessNetworks(header, value).unusable) {
          expect(reason.length).toBeLessThan(120);
          expect(reason).not.toMatch(/\p{Cc}|\p{Cf}/u);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('has a cell only where every character of its id was sent', () => {
    let cells = 0;
    fc.assert(
      fc.property(cellular, fc.nat(), fc.string({ maxLength: 2 }), (network, at, piece) => {
        const printed = printAccessNetwork(network);
        const place = at % printed.length;
        const value = printed.slice(0, place) + piece + printed.slice(place + 1);
        for (const { cell, cellId, mcc, mnc } of readAccessNetworks(network.header, value).networks) {
          if (cell === null || cellId === null) continue;
          cells += 1;
          expect(value).toContain(cellId);
          expect([cell.mcc, cell.mnc]).toEqual([Number(mcc), Number(mnc)]);
          expect(Number.isSafeInteger(cell.cell)).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
    // The property would hold for nothing if every cell were lost.
    expect(cells).toBeGreaterThan(100);
  });
});
