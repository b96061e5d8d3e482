import fc from 'fast-check';
import { e164, identityOf } from './identity.ts';
import { imeiOf, normalisedImei } from './imei.ts';
import { emergencyIdentifiers } from './emergency-id.ts';
import { sipUsers } from './sip-address.ts';

const piece = fc.constantFrom(
  '<', '>', '"', '\\', ',', ';', ':', '@', '%', '%2', '+', ' ', 'sip:', 'tel:', 'phone-context=+62', '<sip:', '"<',
  'urn:gsma:imei:', '35824005-944763-1', 'purpose=emergency-CallId', '081234567890', '\u0000', '\n', '😀', '\ud800',
); // prettier-ignore
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.array(piece, { maxLength: 60 }).map((all) => all.join('')),
);

const names = ['P-Asserted-Identity', 'Remote-Party-ID', 'From', 'Contact'] as const;
const read = (headers: Record<string, string>, channelNumber: string | null = null) =>
  identityOf({ headers, channelNumber, trunk: null, network: null, placeholders: ['112', '911xxxxxxx', '000*'] });

/** Numbers of Indonesian phones as their networks would write them. */
const numbers = fc
  .tuple(
    fc.constantFrom('811', '812', '852', '896', '761', '343', '401', '21'),
    fc.integer({ min: 2_000_000, max: 9_999_999 }),
  )
  .map(([code, line]) => `+62${code}${line}`);

describe('whatever stands in the headers', () => {
  it('the caller has an identity, and a number only where it is E.164', () => {
    fc.assert(
      fc.property(
        fc.record(Object.fromEntries(names.map((name) => [name, hostile]))),
        fc.option(hostile),
        (headers, channelNumber) => {
          const { number, numberFrom, callable, notCallable, imei } = read(headers, channelNumber);
          expect(number).toEqual(number === null ? null : expect.stringMatching(/^\+[1-9][0-9]{6,14}$/));
          expect([numberFrom !== null, callable, notCallable === null]).toEqual(Array(3).fill(number !== null));
          expect(imei).toEqual(imei === null ? null : expect.stringMatching(/^[0-9]{15}$/));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a number is E.164 already, or it is none', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: fc.constantFrom(...Array.from('+0123456789 -')) })), (text) => {
        const number = e164(text);
        if (number !== null) expect(e164(number)).toBe(number);
      }),
      { numRuns: 1_000 },
    );
  });

  it('E.164 comes out as it went in, by whatever URI and beside whatever name', () => {
    const name = fc.string({ maxLength: 30 }).map((text) => `"${text.replace(/["\\]/g, (sign) => `\\${sign}`)}" `);
    fc.assert(
      fc.property(
        numbers,
        fc.constantFrom('sip', 'sips', 'tel'),
        fc.oneof(name, fc.constant('')),
        (number, scheme, before) => {
          expect(e164(number)).toBe(number);
          const header = `${before}<${scheme}:${number}${scheme === 'tel' ? '' : '@ims.example'}>;tag=1`;
          expect(read({ From: header }).number).toBe(number);
          expect(read({ From: header.replace(number, `0${number.slice(3)}`) }).number).toBe(number);
        },
      ),
    );
  });

  it('an identifier is as given or well-formed, and nothing of the header beside it goes out', () => {
    const own = { callId: '0195f1e0-0000-7000-8000-000000000001', incidentId: '0195f1e0-0000-7000-8000-000000000002' };
    fc.assert(
      fc.property(hostile, (callInfo) => {
        const { callId, incidentId } = emergencyIdentifiers(callInfo, own, 'host.example');
        expect(callId).toMatch(/^urn:emergency:uid:callid:[A-Za-z0-9]{10,32}:[A-Za-z0-9.-]+$/i);
        expect(incidentId).toMatch(/^urn:emergency:uid:incidentid:[A-Za-z0-9]{10,32}:[A-Za-z0-9.-]+$/i);
      }),
    );
  });

  it('an IMEI once normalised stays as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('0123456789- ')), maxLength: 20 }), (text) => {
        const imei = normalisedImei(text);
        if (imei !== null) expect([normalisedImei(imei), imeiOf(`<urn:gsma:imei:${imei}>`)]).toEqual([imei, imei]);
      }),
    );
  });
});

/** A header of four lines of 512 characters is the longest that the dialplan hands over. */
// Fifty times what the dialplan lets through: whatever takes more than linear time would not end before the test does.
describe('a header that is made to take long', () => {
  const length = 100_000;
  const filled = (unit: string): string => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  const worst = [
    '"', '"\\"', '\\', '<', '>', '<sip:', '<tel:1>,', '<tel:081234567890>,', '"a"<', ' ', '\t<', ',sip:', ',sip:1@h', ';',
    '<sip:0812;', '<sip:;phone-context=+62', '%', '<a>;purpose=', '<urn:emergency:uid:callid:', '<>', 'urn:gsma:imei:',
    '35824005-', '<sip:%F0%9F', '< ', '<tel:0812 ',
  ]; // prettier-ignore

  test.each(worst)('%s is read in linear time', (unit) => {
    const header = filled(unit);
    for (const value of [header, `"${header}`]) {
      const { number } = read(Object.fromEntries(names.map((name) => [name, value])), value.slice(0, 40));
      expect(number ?? '+6281234567890').toBe('+6281234567890');
      const { callId } = emergencyIdentifiers(value, { callId: 'a', incidentId: 'b' }, 'h');
      expect(callId).toBe('urn:emergency:uid:callid:a:h');
    }
  });

  it('names four users at most', () => {
    expect(sipUsers(filled('<tel:081234567890>,'))).toHaveLength(4);
  });
});
