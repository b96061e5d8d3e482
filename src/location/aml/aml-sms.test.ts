import { printAmlSms, readAmlSms, smsTextOf } from './aml-sms.ts';
import type { AmlMessage } from './aml.ts';

const now = Date.UTC(2024, 5, 1);
const read = (text: string, sender: string | null = null): AmlMessage => {
  const message = readAmlSms(text, sender, now);
  if (message === null) throw new Error('no AML message');
  return message;
};

const located =
  'A"ML=1;lt=+51.53321;lg=-0.12601;rd=14;top=20220131171748;lc=68;pm=W;si=234159000000000;ei=123456789012345;mcc=234;mnc=15;ml=126';
const nowhere =
  'A"ML=1;lt=+00.00000;lg=+000.00000;rd=N;top=20220131173734;lc=0;pm=N;si=234159000000000;ei=123456789012345;mcc=234;mnc=15;ml=127';
const beta =
  'A"ML=2;en=+15555555555;et=1593187189;lo=-37.42175,-122.08461,2000.1;lt=-9999;lc=68;lz=-100.1,100.1;ls=G;ei=358239059042542;nc=310260;hc=310260;lg=en-US';
const version1 = (attributes: string): AmlMessage => read(`A"ML=1;${attributes}`);

const phone = {
  sender: '+6281234567890',
  imei: '123456789012345',
  imsi: '234159000000000',
  network: { mcc: '234', mnc: '15' },
};
const unsaid = {
  altitude: null,
  floor: null,
  homeNetwork: null,
  cellId: null,
  language: null,
  deviceModel: null,
  emergencyNumber: null,
  sentAt: null,
  crashAt: null,
};

describe('an AML message by SMS', () => {
  it('of version 1 has the place of the phone', () => {
    expect(read(located, '+6281234567890')).toEqual({
      ...unsaid,
      ...phone,
      version: '1',
      sighting: {
        method: '802.11',
        shape: { type: 'circle', centre: { latitude: 51.53321, longitude: -0.12601 }, radius: 14 },
        civic: null,
        confidence: 68,
        at: Date.UTC(2022, 0, 31, 17, 17, 48),
      },
      // Google's own example counts one character less than it has.
      unusable: ['the message is not as long as it says: parts may be missing'],
    });
  });

  it('of version 1 may say that there is no place', () => {
    expect(read(nowhere, '+6281234567890')).toEqual({
      ...unsaid,
      ...phone,
      version: '1',
      sighting: null,
      unusable: ['the phone says that it has no location'],
    });
  });

  it('of version 2 means something else by lt and lg, and has the accuracy in lo', () => {
    expect(read(beta)).toEqual({
      ...unsaid,
      version: '2',
      sender: null,
      imei: '358239059042542',
      imsi: null,
      sighting: {
        method: 'GPS',
        shape: { type: 'circle', centre: { latitude: -37.42175, longitude: -122.08461 }, radius: 2000.1 },
        civic: null,
        confidence: 68,
        at: null,
      },
      altitude: { metres: -100.1, accuracy: 100.1 },
      network: { mcc: '310', mnc: '260' },
      homeNetwork: { mcc: '310', mnc: '260' },
      language: 'en-US',
      emergencyNumber: '+15555555555',
      sentAt: 1_593_187_189_000,
      unusable: ['the phone does not say when it was at the position'],
    });
  });

  it.each([
    ['lt=5', 1_593_187_194_000],
    ['lt=-60', 1_593_187_129_000],
    ['', null],
  ])('of version 2 counts the position from the call: %s', (offset, at) => {
    expect(read(`A"ML=2;et=1593187189;lo=0.5,101.4,0;${offset}`).sighting?.at).toBe(at);
  });

  it('of version 2 has a point with an altitude where the accuracy is 0', () => {
    const { sighting, altitude } = read('A"ML=2;lo=0.5,101.4,0.0;lz=12.5,0.0;ls=F');
    expect(sighting).toMatchObject({
      method: 'DBH',
      shape: { type: 'point', position: { latitude: 0.5, longitude: 101.4 }, altitude: 12.5 },
    });
    expect(altitude).toEqual({ metres: 12.5, accuracy: null });
  });

  it.each([
    ['G', 'GPS'],
    ['w', '802.11'],
    ['C', 'Cell'],
    ['U', null],
    ['constructor', null],
  ])('names the method %s by its registered token', (letter, method) => {
    expect(version1(`lt=0.5;lg=101.4;rd=N;pm=${letter}`).sighting?.method).toBe(method);
  });

  it.each([
    'lt=0.53;lg=101.45;rd=20;pm=G;lc=95;zz=unknown;=;;lt=9;ml=x=y',
    'LT=+00.53000 ; LG = +101.45000;RD=20.0;\r\npm=g;lc=95.0;',
    'lt=5.3E-1;lg=.10145e3;rd=+20;pm=G;lc=95',
  ])('may differ in sign, width, case and order: %s', (attributes) => {
    expect(version1(attributes).sighting).toEqual({
      method: 'GPS',
      shape: { type: 'circle', centre: { latitude: 0.53, longitude: 101.45 }, radius: 20 },
      civic: null,
      confidence: 95,
      at: null,
    });
  });

  it.each(['AML=1;lt=1;lg=2', '  a""ml=1;lt=1;lg=2', 'Pesan: A”ML=1;lt=1;lg=2', "A'ML =1;lt=1;lg=2"])(
    'is known by its beginning, also where a gateway has changed it: %s',
    (text) => {
      expect(read(text).sighting?.shape).toMatchObject({ position: { latitude: 1, longitude: 2 } });
    },
  );

  it.each(['', 'Tolong, kebakaran!', 'lt=1;lg=2', 'about AML=1;lt=1;lg=2', 'A"ML', `${' '.repeat(5_000)}${located}`])(
    'is not every SMS: %p',
    (text) => {
      expect(readAmlSms(text, null, now)).toBeNull();
    },
  );

  it.each(['A"ML=3;lt=1;lg=2;ei=123456789012345', 'A"ML=;lt=1;lg=2;ei=123456789012345'])(
    'of an unknown version has no place, but ties to a call: %s',
    (text) => {
      expect(read(text, '+6281234567890')).toMatchObject({
        sender: '+6281234567890',
        imei: '123456789012345',
        sighting: null,
        unusable: ['this version of AML is not known here, so that its location cannot be read'],
      });
    },
  );
});

describe('no place', () => {
  it.each([
    [
      'lt=+00.00000;lg=+000.00000;rd=14;pm=G',
      'latitude and longitude are both exactly 0, which devices send when they know no location',
    ],
    [
      'lt=-0;lg=0;rd=14;pm=W',
      'latitude and longitude are both exactly 0, which devices send when they know no location',
    ],
    ['lt=0.5;lg=101.4;rd=14;pm=N', 'the phone says that it has no location'],
    ['lt=91;lg=101.4;rd=14;pm=G', 'latitude 91 is out of range'],
    ['lt=91;lg=1.4;rd=14;pm=G', 'latitude 91 is out of range; latitude and longitude look swapped'],
    ['lt=101.4;lg=0.5;rd=14;pm=G', 'latitude 101.4 is out of range; latitude and longitude look swapped'],
    ['lt=0.5;lg=-180.1;rd=14;pm=G', 'longitude -180.1 is out of range'],
    ['lt=NaN;lg=101.4;rd=14;pm=G', 'the latitude is not a number'],
    ['lt=0.5;lg=101.4x;rd=14;pm=G', 'the longitude is not a number'],
    ['lt=0.5;lg=Infinity;rd=14;pm=G', 'the longitude is not a number'],
    ['lt=0.5;rd=14;pm=G', 'the longitude is missing'],
    ['lg=101.4;rd=14;pm=G', 'the latitude is missing'],
    ['pm=G', 'the message has no position'],
    ['lt=0.5;lg=101.4;rd=-14;pm=G', 'the radius is negative'],
    ['lt=0.5;lg=101.4;rd=99999999;pm=G', 'the radius is larger than the earth'],
  ])('comes of %s', (attributes, reason) => {
    expect(version1(attributes)).toMatchObject({ sighting: null, unusable: [reason] });
  });

  it.each([
    ['lo=0,0,5', 'latitude and longitude are both exactly 0, which devices send when they know no location'],
    ['lo=0.5,101.4,-5', 'the radius is negative'],
    ['lo=101.4,0.5,5', 'latitude 101.4 is out of range; latitude and longitude look swapped'],
    ['lo=0.5', 'the longitude is missing'],
    ['lt=0.5;lg=101.4', 'the message has no position'],
  ])('comes of %s in version 2', (attributes, reason) => {
    expect(read(`A"ML=2;${attributes}`)).toMatchObject({ sighting: null, unusable: [reason] });
  });
});

describe('what is odd beside the place', () => {
  const place = 'lt=0.5;lg=101.4;rd=14;pm=G';
  it.each([
    [`${place};ml=999`, 'the message is not as long as it says: parts may be missing', {}],
    [`${place};ei=12345`, 'the IMEI is not one', { imei: null }],
    [`${place};ei=000000000000000`, 'the IMEI is not one', { imei: null }],
    [`${place};si=<script>`, 'the IMSI is not one', { imsi: null }],
    [`${place};mcc=51;mnc=10`, 'the network is not named by country and network code', { network: null }],
    [`${place};lc=101`, 'the confidence is out of range', { sighting: { confidence: null } }],
    [`${place};top=19990101000000`, 'the time of the position is not plausible', { sighting: { at: null } }],
    [`${place};top=20240602000001`, 'the time of the position is not plausible', { sighting: { at: null } }],
    [`${place};top=20240230000000`, 'the time of the position is not plausible', { sighting: { at: null } }],
    [`${place};top=now`, 'the time of the position is not plausible', { sighting: { at: null } }],
  ])('is noted: %s', (attributes, reason, rest) => {
    expect(version1(attributes)).toMatchObject({
      sighting: { shape: { type: 'circle', radius: 14 } },
      unusable: [reason],
      ...rest,
    });
  });

  it('leaves a point where the radius is no number', () => {
    expect(version1('lt=0.5;lg=101.4;rd=abc')).toMatchObject({
      sighting: { shape: { type: 'point', position: { latitude: 0.5, longitude: 101.4 } } },
      unusable: ['the radius is not a number: how exact the position is, is not known'],
    });
  });

  it.each(['Telkomsel', '+', '+62812345678901234567', '1;DROP'])('drops a sender that is no number: %s', (sender) => {
    expect(readAmlSms(`A"ML=1;${place}`, sender, now)).toMatchObject({
      sender: null,
      unusable: ['the sender is not a phone number'],
    });
  });

  it('keeps a masked IMSI and an IMEI with separators', () => {
    expect(version1(`${place};si=51010xxxxxxxxxx;ei=35824005-944763-1`)).toMatchObject({
      imsi: '51010xxxxxxxxxx',
      imei: '358240059447631',
      unusable: [],
    });
  });

  it('is read only at the beginning of a long text', () => {
    const message = version1(`${place};${'x'.repeat(60_000)};mcc=510;mnc=10`);
    expect(message).toMatchObject({ sighting: { method: 'GPS' }, network: null });
  });
});

describe('an AML message is printed', () => {
  it('as version 1 was sent, but for its right length', () => {
    expect(printAmlSms(read(located), '1')).toBe(located.replace('lg=-0.', 'lg=-000.').replace('ml=126', 'ml=129'));
    expect(printAmlSms(read(nowhere), '1')).toBe(
      'A"ML=1;lt=+00.00000;lg=+000.00000;rd=N;lc=0;pm=N;si=234159000000000;ei=123456789012345;mcc=234;mnc=15;ml=108',
    );
  });

  it('as version 2 was sent', () => {
    expect(printAmlSms(read(beta.replace('-9999', '-60')), '2')).toBe(beta.replace('-9999', '-60'));
    expect(printAmlSms(read('A"ML=2;ei=123456789012345'), '2')).toBe('A"ML=2;ei=123456789012345');
  });

  it('with its own length whatever the number of its digits', () => {
    for (const imei of [null, '123456789012345'])
      for (const imsi of [null, '23415', '234159000000000']) {
        const text = printAmlSms({ ...read(nowhere), imei, imsi }, '1');
        expect(text).toMatch(new RegExp(`;ml=${text.length}$`));
      }
  });
});

describe('a data SMS', () => {
  // Packed by another hand: the example of Google's ELS documents.
  const packed =
    '415193D98BEDD8F4DEECE6A2C962B7DA8E7DEEB56232990B86A3D9623B39B92783EDE86F784F068BD560B6D80C1683E568B81D7BDCB3E176F0' +
    '76EFB89BA77B39DCCD56A3C966B15D39DD9BD570B2590E56CBC168B21A4DB66B8FC7BD590CB66BBBC73D990DB66BB37B31D90C';
  const header = Buffer.from('06050400001f40', 'hex');
  const bytes = Buffer.from(packed, 'hex');
  const ucs2 = Buffer.from(located, 'utf16le').swap16();

  it.each([
    ['of packed text', bytes],
    ['of packed text behind its header', Buffer.concat([header, bytes])],
    ['of packed text that is followed by padding', Buffer.concat([bytes, Buffer.alloc(3)])],
  ])('%s is unpacked', (_, data) => {
    expect(smsTextOf(data)).toBe(
      'A"ML=1;lt=37.42175;lg=-122.08461;rd=20;top=20150613010948;lc=68;pm=G;si=987654231;ei=358239059042542;mcc=310;mnc=260;ml=123',
    );
  });

  it.each([
    ['8-bit text', Buffer.from(located)],
    ['8-bit text behind a header', Buffer.concat([header, Buffer.from(located), Buffer.from([0, 0])])],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${located}\r\n`)],
    ['UCS-2', ucs2],
    ['UCS-2 behind a header of odd length', Buffer.concat([header, ucs2])],
    ['UCS-2 behind a header of even length', Buffer.concat([header, Buffer.alloc(1), ucs2])],
  ])('of %s is read', (_, data) => {
    expect(smsTextOf(data)).toBe(located);
  });

  it.each([[''], ['Tolong, kebakaran!'], ['A"MK=1']])('without AML has no text: %p', (text) => {
    expect(smsTextOf(Buffer.from(text))).toBe('');
  });
});
