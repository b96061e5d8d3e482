import { imeiOf, normalisedImei } from './imei.ts';

const phone = '358240059447631';
const contact = (urn: string): string => `<sip:x@10.0.0.1:5060>;+sip.instance="<${urn}>";+g.3gpp.icsi-ref="x"`;

describe('the IMEI of a Contact header', () => {
  test.each([
    ['as RFC 7254 writes it', 'urn:gsma:imei:35824005-944763-1'],
    ['with 0 for the check digit', 'urn:gsma:imei:35824005-944763-0'],
    ['with the version of its software', 'urn:gsma:imei:35824005-944763-0;svn=42'],
    ['without separators', 'urn:gsma:imei:358240059447631'],
    ['without a check digit', 'urn:gsma:imei:35824005-944763'],
    ['with the two digits of an IMEISV', 'urn:gsma:imei:35824005-944763-12'],
    ['in capitals', 'URN:GSMA:IMEI:35824005-944763-1'],
  ])('is read %s', (_how, urn) => {
    expect(imeiOf(contact(urn))).toBe(phone);
  });

  test.each([
    ['nothing', ''],
    ['no instance', '<sip:x@10.0.0.1>'],
    ['a UUID', contact('urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6')],
    ['too few digits', contact('urn:gsma:imei:35824005-94476')],
    ['too many digits', contact('urn:gsma:imei:35824005944763123')],
    ['zeros', contact('urn:gsma:imei:00000000-000000-0')],
    ['letters', contact('urn:gsma:imei:3582400X-944763-1')],
    ['a cut', '<sip:x@h>;+sip.instance="<urn:gsma:imei:35824005-9447'],
  ])('is null for %s', (_what, header) => {
    expect(imeiOf(header)).toBeNull();
  });
});

describe('an IMEI', () => {
  test.each([
    ['490154203237518', '490154203237518'],
    ['49015420323751', '490154203237518'],
    ['4901542032375100', '490154203237518'],
    ['49 015420 323751-0', '490154203237518'],
    ['352099001761481', '352099001761481'],
  ])('%s is %s: 15 digits with its check digit (3GPP TS 23.003, annex B)', (text, imei) => {
    expect(normalisedImei(text)).toBe(imei);
  });

  test.each(['', '4901542032375', '49015420323751812', '11111111111111', '123456789012345', 'abc', '٤٩٠١٥٤٢٠٣٢٣٧٥١٨'])(
    '%s names no phone',
    (text) => {
      expect(normalisedImei(text)).toBeNull();
    },
  );
});
