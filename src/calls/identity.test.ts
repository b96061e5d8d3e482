import { e164, identityOf, type CallerIdentity, type IdentityParts } from './identity.ts';

const mobile = '+6281234567890';
const contact = '<sip:x@10.0.0.1>;+sip.instance="<urn:gsma:imei:35824005-944763-1>"';
const imei = '358240059447631';

const who = (headers: Record<string, string>, over: Partial<IdentityParts> = {}): CallerIdentity =>
  identityOf({
    headers,
    channelNumber: null,
    trunk: 'carrier-1',
    network: 'Telkomsel',
    placeholders: ['112', '911xxxxxxx', '000*'],
    ...over,
  });
const asserted = (value: string): CallerIdentity => who({ 'P-Asserted-Identity': value });

describe('e164', () => {
  test.each([
    [mobile, mobile],
    ['081234567890', mobile],
    ['6281234567890', mobile],
    ['006281234567890', mobile],
    ['+081234567890', mobile],
    ['+62081234567890', mobile],
    ['81234567890', mobile],
    ['0812-3456-7890', mobile],
    ['＋62 812 3456 7890', mobile],
    ['٠٨١٢٣٤٥٦٧٨٩٠', mobile],
    ['(0761) 21112', '+6276121112'],
    // As the dialplan writes closing brackets.
    ['(0761） 21112', '+6276121112'],
    // A fixed line that comes with its country and no plus.
    ['62271712345', '+62271712345'],
    ['+16502530000', '+16502530000'],
    ['0016502530000', '+16502530000'],
    ['+390612345678', '+390612345678'],
  ])('%s is %s', (text, number) => {
    expect(e164(text)).toBe(number);
  });

  test.each([
    ['nothing', ''],
    ['a short number', '112'],
    ['a service number', '1500'],
    ['an IMSI', '510101234567890'],
    ['an IMEI', imei],
    ['more digits than E.164 has', '+62812345678901234'],
    ['a local number without its area code', '5551234'],
    ['another one', '2345678'],
    ['zeros', '0000000000'],
    ['zeros before a number', '000123456789'],
    ['an area code and too little behind it', '0761112'],
    ['words', 'alice'],
    ['a URI', 'tel:+6281234567890'],
    ['very much', '+62812345678' + '0'.repeat(40)],
  ])('%s is none: %s', (_what, text) => {
    expect(e164(text)).toBeNull();
  });
});

describe('the number', () => {
  it('is that of P-Asserted-Identity before Remote-Party-ID, From and what Asterisk read', () => {
    const from = { From: '<sip:0814@h>, <sip:081400000000@h>' };
    const party = { ...from, 'Remote-Party-ID': '"x" <sip:081300000000@h>;party=calling;privacy=full' };
    const all = { ...party, 'P-Asserted-Identity': `<sip:${mobile}@ims>` };
    const channelNumber = '081500000000';
    expect(who(all, { channelNumber })).toEqual({
      number: mobile,
      numberFrom: 'P-Asserted-Identity',
      imei: null,
      callable: true,
      notCallable: null,
      trunk: 'carrier-1',
      network: 'Telkomsel',
    });
    expect(who(party, { channelNumber })).toMatchObject({ number: '+6281300000000', numberFrom: 'Remote-Party-ID' });
    expect(who(from, { channelNumber })).toMatchObject({ number: '+6281400000000', numberFrom: 'From' });
    expect(who({}, { channelNumber })).toMatchObject({ number: '+6281500000000', numberFrom: 'channel' });
  });

  test.each([
    ['anonymous', '<sip:anonymous@anonymous.invalid>'],
    ['not a number', '<sip:alice@ims>'],
    ['a host only', '<sip:ims.example>'],
    ['cut in the middle of a tel URI', '"Budi" <tel:+62812345678'],
    ['cut in the middle of a name with an address in it', '"Budi <sip:+62811111111@h> and much more of a na'],
    ['broken', '<<<;;,,"'],
  ])('is looked for further on where a header is %s', (_what, header) => {
    expect(who({ 'P-Asserted-Identity': header, From: `<sip:${mobile}@h>` })).toMatchObject({
      number: mobile,
      numberFrom: 'From',
      callable: true,
    });
  });

  test.each([
    ['a sip and a tel URI', `<sip:alice@ims>, <tel:${mobile}>`],
    ['a placeholder beside the number', `<sip:112@ims>, <tel:${mobile}>`],
    ['two headers', `"x" <sip:anonymous@h>, "y" <sip:${mobile}@h>`],
    ['user=phone', `<sip:${mobile}@ims.mnc010.mcc510.3gppnetwork.org;user=phone>`],
    ['no brackets', `sip:${mobile}@h;tag=1`],
    ['a bare tel URI', `TEL:${mobile}`],
    ['separators in a tel URI', '<tel:+62-812-3456-7890>'],
    ['parameters of a tel URI', `<tel:${mobile};cpc=ordinary>`],
    ['spaces in the brackets', `< sip:${mobile}@h >`],
    ['sips', `<sips:${mobile}@h>`],
    ['percent signs', '<sip:%2B6281234567890@h>'],
    ['a lone percent sign beside it', `<sip:%@h>, <sip:${mobile}@h>`],
    ['a password', `<sip:${mobile}:secret@h>`],
    ['an at sign in a parameter', `<sip:${mobile}@h;x=a@b>`],
    ['an at sign in a header of the URI', `<sip:${mobile}@h?Subject=a@b>`],
    ['an unquoted name', `Budi Santoso <sip:${mobile}@h>`],
    ['an address in a name', `"a <sip:+62811111111@h>" <sip:${mobile}@h>`],
    ['an address as a name', `"sip:+62811111111@h" <sip:${mobile}@h>`],
    ['a quote in a name', `"a\\" <sip:+62811111111@h> \\"" <sip:${mobile}@h>`],
    ['a backslash at the end of a name', `"a\\\\" <sip:${mobile}@h>`],
    ['an address in another kind of URI', `<urn:x,sip:+62811111111@h>, <sip:${mobile}@h>`],
    ['national digits in a domain', '<tel:081234567890;phone-context=ims.mnc010.mcc510.3gppnetwork.org>'],
    ['the rest of a prefix', '<tel:34567890;phone-context=+62-812>'],
    ['the rest of a prefix in a sip URI', '<sip:34567890;phone-context=%2B62812@h;user=phone>'],
    ['a global number with a context', `<tel:${mobile};phone-context=+1>`],
    ['a context that makes no number', '<tel:081234567890;phone-context=+999999999999>'],
    ['a cut that leaves the number whole', `<sip:${mobile}@ims.mnc010.mcc510.3gpp`],
  ])('is read with %s', (_what, header) => {
    expect(asserted(header)).toMatchObject({ number: mobile, numberFrom: 'P-Asserted-Identity', callable: true });
  });

  it('is no IMSI that a network asserts', () => {
    const identity = asserted('<sip:510101234567890@ims.mnc010.mcc510.3gppnetwork.org>');
    expect(identity).toMatchObject({ number: null, callable: false, notCallable: 'not-a-number' });
  });

  it('is not looked for behind a quote without an end, but for what Asterisk read', () => {
    const header = { From: '"Budi <sip:+62811111111@h> and more' };
    expect(who(header)).toMatchObject({ number: null, callable: false });
    expect(who(header, { channelNumber: mobile })).toMatchObject({ number: mobile, numberFrom: 'channel' });
  });
});

describe('who cannot be called back', () => {
  const nobody = { number: null, numberFrom: null, callable: false };

  test.each(['anonymous', 'Anonymous', 'unknown', 'Restricted', 'unavailable', ''])('is anonymous as "%s"', (user) => {
    const headers = { From: `"Anonymous" <sip:${user}@anonymous.invalid>` };
    expect(who(headers)).toMatchObject({ ...nobody, imei: null, notCallable: 'anonymous' });
    expect(who({}, { channelNumber: user })).toMatchObject({ ...nobody, notCallable: 'anonymous' });
  });

  it('is one without a SIM where an IMEI came', () => {
    const headers = { From: '"Anonymous" <sip:anonymous@anonymous.invalid>', Contact: contact };
    expect(who(headers)).toMatchObject({ ...nobody, imei, notCallable: 'no-sim' });
    expect(who({ Contact: contact })).toMatchObject({ ...nobody, imei, notCallable: 'no-sim' });
  });

  test.each(['112', '+112', '9115944763', '00012345678', '000'])(
    'is the placeholder %s, which is no number',
    (user) => {
      expect(asserted(`<sip:${user}@h>`)).toMatchObject({ ...nobody, notCallable: 'placeholder' });
    },
  );

  it('is a placeholder by its E.164 form, and with the IMEI as the key', () => {
    const placeholders = ['62811000*'];
    const headers = { 'P-Asserted-Identity': '<sip:08110001234@h>', Contact: contact };
    expect(who(headers, { placeholders })).toMatchObject({ ...nobody, imei, notCallable: 'placeholder' });
  });

  it('is not helped by From where the network asserts a placeholder', () => {
    const headers = { 'P-Asserted-Identity': '<sip:112@h>', From: `<sip:${mobile}@h>` };
    expect(who(headers)).toMatchObject({ ...nobody, notCallable: 'placeholder' });
  });

  test.each(['911594476', '91159447631', '1120', '+62112345678', 'alice112'])('is no placeholder as %s', (user) => {
    expect(asserted(`<tel:${user}>`).notCallable).not.toBe('placeholder');
  });

  it('is told by patterns without any effect of others', () => {
    expect(who({ From: '<sip:112@h>' }, { placeholders: [] })).toMatchObject({ notCallable: 'not-a-number' });
    expect(who({ From: '<tel:alice>', Contact: contact })).toMatchObject({
      ...nobody,
      imei,
      notCallable: 'not-a-number',
    });
  });
});
