import { printElsForm, readElsForm, verifyElsHmac } from './aml-https.ts';

const now = Date.UTC(2024, 5, 1);
const vector =
  'v=1&device_number=%2B33611223344&location_latitude=0.85732&location_longitude=-4.26325&location_time=1604912121000&location_accuracy=10.4&location_source=GPS&location_certainty=83&hmac=f64c70eb238bb239e00e8ac8c023bf2b5d3c41dd';
const full =
  'v=3&emergency_number=112&source=CALL&thunderbird_version=2800&time=1476189440000&location_latitude=55.85732&location_longitude=-4.26325&location_time=1476189444435&location_altitude=4.5&location_floor=2+B&location_source=wifi&location_accuracy=10.4&location_vertical_accuracy=2.5&location_confidence=0.6827&location_bearing=1&location_speed=2&device_number=%2B447477593102&device_model=ABC+ABC+Detente+530&device_imsi=234159176307582&device_imei=354773072099116&device_iccid=89148000001466362977&device_languages=id-ID%2Cen-US&device_os=AOS&cell_home_mcc=510&cell_home_mnc=10&cell_network_mcc=234&cell_network_mnc=15&cell_carrier=x&cell_id=0213454321&adr_carcrash_time=1476189430000&hmac=00';
const place = 'location_latitude=0.5&location_longitude=101.4&location_accuracy=20';

describe('an AML message by HTTPS', () => {
  it('has the place of the phone', () => {
    expect(readElsForm(vector, now)).toEqual({
      version: '1',
      sender: '+33611223344',
      imei: null,
      imsi: null,
      sighting: {
        method: 'GPS',
        shape: { type: 'circle', centre: { latitude: 0.85732, longitude: -4.26325 }, radius: 10.4 },
        civic: null,
        confidence: 83,
        at: 1_604_912_121_000,
      },
      altitude: null,
      floor: null,
      network: null,
      homeNetwork: null,
      cellId: null,
      language: null,
      deviceModel: null,
      emergencyNumber: null,
      sentAt: null,
      crashAt: null,
      unusable: [],
    });
  });

  it('has what an operator may use', () => {
    const message = readElsForm(Buffer.from(full), now);
    expect(message).toEqual({
      version: '3',
      sender: '+447477593102',
      imei: '354773072099116',
      imsi: '234159176307582',
      sighting: {
        method: '802.11',
        shape: { type: 'circle', centre: { latitude: 55.85732, longitude: -4.26325 }, radius: 10.4 },
        civic: null,
        confidence: 68.27,
        at: 1_476_189_444_435,
      },
      altitude: { metres: 4.5, accuracy: 2.5 },
      floor: '2 B',
      network: { mcc: '234', mnc: '15' },
      homeNetwork: { mcc: '510', mnc: '10' },
      cellId: '0213454321',
      language: 'id-ID,en-US',
      deviceModel: 'ABC ABC Detente 530',
      emergencyNumber: '112',
      sentAt: 1_476_189_440_000,
      crashAt: 1_476_189_430_000,
      unusable: [],
    });
  });

  it.each([
    ['gps', 'GPS'],
    ['WiFi', '802.11'],
    ['CELL', 'Cell'],
    ['Unknown', null],
    ['constructor', null],
    ['', null],
  ])('names the source %p by its registered token', (source, method) => {
    expect(readElsForm(`${place}&location_source=${source}`, now).sighting?.method).toBe(method);
  });

  it.each([
    ['location_certainty=83&location_confidence=0.5', 83, []],
    ['location_confidence=0.5', 50, []],
    ['location_confidence=1', 100, []],
    ['location_certainty=0&location_confidence=0.5', 0, []],
    ['location_certainty=150&location_confidence=0.5', 50, ['the confidence is out of range']],
    ['location_confidence=68', null, ['the confidence is out of range']],
    ['', null, []],
  ])('takes the certainty before the confidence: %s', (fields, confidence, unusable) => {
    expect(readElsForm(`${place}&${fields}`, now)).toMatchObject({ sighting: { confidence }, unusable });
  });

  it('has a point with an altitude where no accuracy is said', () => {
    const shape = { type: 'point', position: { latitude: 0.5, longitude: 1e-4 }, altitude: 12 };
    const fields = 'location_latitude=0.5&location_longitude=1.0E-4&location_altitude=12';
    expect(readElsForm(fields, now).sighting?.shape).toEqual(shape);
    expect(readElsForm(`${fields}&location_accuracy=0.0`, now).sighting?.shape).toEqual(shape);
  });

  it('has a number whose plus was not encoded', () => {
    expect(readElsForm('device_number=+6281234567890', now).sender).toBe('+6281234567890');
  });

  it.each([
    ['', 'the message has no position'],
    [
      'location_latitude=0&location_longitude=0.0',
      'latitude and longitude are both exactly 0, which devices send when they know no location',
    ],
    ['location_latitude=91&location_longitude=101', 'latitude 91 is out of range'],
    [
      'location_latitude=101.4&location_longitude=0.5',
      'latitude 101.4 is out of range; latitude and longitude look swapped',
    ],
    ['location_latitude=NaN&location_longitude=101', 'the latitude is not a number'],
    ['location_latitude=0.5', 'the longitude is missing'],
    ['location_latitude=0.5&location_longitude=101&location_accuracy=-1', 'the radius is negative'],
  ])('has no place: %p', (fields, reason) => {
    expect(readElsForm(fields, now)).toMatchObject({ sighting: null, unusable: [reason] });
  });

  it.each([
    ['location_time=946684799999', 'the time of the position is not plausible'],
    [`location_time=${now + 86_400_001}`, 'the time of the position is not plausible'],
    ['location_time=yesterday', 'the time of the position is not plausible'],
    ['time=1', 'the time of the call is not plausible'],
    ['adr_carcrash_time=-5', 'the time of the crash is not plausible'],
    ['device_imei=%00%01', 'the IMEI is not one'],
    ['device_imsi=abc', 'the IMSI is not one'],
    ['device_number=unknown', "the phone's number is not a phone number"],
    ['emergency_number=%3Cb%3E', 'the emergency number is not a phone number'],
    ['cell_network_mcc=000&cell_network_mnc=10', 'the network is not named by country and network code'],
    ['cell_home_mcc=510', "the SIM's network is not named by country and network code"],
    ['cell_id=%0a', null],
    ['cell_id=a%20b', 'the cell id is not readable'],
    ['location_altitude=99999', 'the altitude is not plausible'],
    ['location_altitude=5&location_vertical_accuracy=-1', 'the accuracy of the altitude is not a number of metres'],
  ])('keeps its place beside %s', (fields, reason) => {
    const message = readElsForm(`${place}&${fields}`, now);
    expect(message.sighting?.shape).toMatchObject({ type: 'circle', radius: 20 });
    expect(message.sighting?.at ?? message.sentAt ?? message.crashAt ?? message.sender ?? message.cellId).toBeNull();
    expect(message.unusable).toEqual(reason === null ? [] : [reason]);
  });

  it('is read up to a day ahead of us, by phones whose clock is wrong', () => {
    expect(readElsForm(`${place}&location_time=${now + 86_400_000}`, now).sighting?.at).toBe(now + 86_400_000);
  });

  it('shows words without what disturbs a screen', () => {
    const { deviceModel, floor } = readElsForm(
      `device_model=%00a%E2%80%AEb%0A${'c'.repeat(200)}&location_floor=${'9'.repeat(60_000)}`,
      now,
    );
    expect(deviceModel).toBe(`ab${'c'.repeat(78)}`);
    expect(floor).toBeNull();
  });

  it.each([`${place}&x=${'y'.repeat(60_000)}`, Buffer.from(`${place}&location_floor=${'1'.repeat(60_000)}`)])(
    'is read at its beginning where it is long',
    (body) => {
      const message = readElsForm(body, now);
      expect(message.sighting?.shape).toMatchObject({ type: 'circle', radius: 20 });
      expect(message.floor).toBeNull();
      expect(message.unusable).toEqual(['the message is too long: only its beginning was read']);
    },
  );
});

describe('the HMAC of a form', () => {
  const verify = (body: string, key = 'AML'): boolean => verifyElsHmac(Buffer.from(body), key);

  it('proves that its sender has the key', () => {
    expect(verify(vector)).toBe(true);
  });

  it.each([
    ['another key', vector, 'aml'],
    ['no key', printElsForm({ v: '1' }, ''), ''],
    ['another body', vector.replace('GPS', 'gps'), 'AML'],
    ['something behind it', `${vector}&x=1`, 'AML'],
    ['a line end behind it', `${vector}\n`, 'AML'],
    ['capitals', vector.replace(/[0-9a-f]{40}$/, (hmac) => hmac.toUpperCase()), 'AML'],
    ['a digit too few', vector.slice(0, -1), 'AML'],
    ['none', vector.replace(/&hmac=.*/, ''), 'AML'],
    ['an empty one', vector.replace(/hmac=.*/, 'hmac='), 'AML'],
    ['a second one behind it', `${vector}&hmac=${'0'.repeat(40)}`, 'AML'],
    ['one at the beginning', 'hmac=f64c70eb238bb239e00e8ac8c023bf2b5d3c41dd', 'AML'],
    ['nothing at all', '', 'AML'],
  ])('fails with %s', (_, body, key) => {
    expect(verify(body, key)).toBe(false);
  });

  it('is what we sign with', () => {
    const fields = {
      v: '1',
      device_number: '+33611223344',
      location_latitude: '0.85732',
      location_longitude: '-4.26325',
      location_time: '1604912121000',
      location_accuracy: '10.4',
      location_source: 'GPS',
      location_certainty: '83',
    };
    expect(printElsForm(fields, 'AML')).toBe(vector);
  });
});
