import { readGeolocationHeader, type GeolocationHeader } from './geolocation-header.ts';

const read = readGeolocationHeader;
const empty: GeolocationHeader = { references: [], embedded: [], sightings: [], unusable: [] };
const shapeOf = (header: string) => read(header).sightings[0]?.shape;

describe('the Geolocation header', () => {
  it('says nothing when it is empty', () => {
    expect([read(''), read(' , ,, ')]).toEqual([empty, empty]);
  });

  it('refers to the body and to a location server, in any order and with parameters', () => {
    expect(
      read('<cid:pidf@example>;inserted-by="edge, <one>.example";used-for-routing , <https://lis.example/a,b;c?d=1,2>'),
    ).toEqual({ ...empty, embedded: ['pidf@example'], references: ['https://lis.example/a,b;c?d=1,2'] });
  });

  it('reads a quoted parameter with escapes as one', () => {
    expect(read('<cid:a@b>;x="\\",<cid:evil@b>,\\\\",<cid:c@d>').embedded).toEqual(['a@b', 'c@d']);
  });

  it('reads schemes in capital letters, percent signs of a cid, and each URI once', () => {
    const { references, embedded } = read('<HTTPS://LIS.example/x>,<CID:a%2Bb@c>,<cid:a+b@c>,<HTTPS://LIS.example/x>');
    expect([references, embedded]).toEqual([['HTTPS://LIS.example/x'], ['a+b@c']]);
  });

  it('takes a URI without brackets when nothing follows it', () => {
    expect(read('https://lis.example/x').references).toEqual(['https://lis.example/x']);
    expect(read('https://lis.example/x;inserted-by=a')).toEqual({
      ...empty,
      unusable: ['a value of the Geolocation header has no URI in angle brackets'],
    });
  });

  it.each([
    ['<sip:caller@example>', 'only https locations can be fetched, and this one is a sip reference'],
    ['<SIPS:caller@example>', 'only https locations can be fetched, and this one is a sips reference'],
    ['<pres:caller@example>', 'only https locations can be fetched, and this one is a pres reference'],
    ['<http://lis.example/x>', 'a location over http is not fetched, since anybody on the way could change it'],
    ['<file:///etc/passwd>', 'a value of the Geolocation header is a URI of a kind that cannot be read'],
    ['<nothing>', 'a value of the Geolocation header is a URI of a kind that cannot be read'],
    ['<>', 'a value of the Geolocation header has an empty URI'],
    ['"Name" <https://lis.example/x>', 'a value of the Geolocation header has no URI in angle brackets'],
    ['<https://lis.example/a b>', 'a URI of the Geolocation header has characters that no URI may have'],
    ['<https://lis.example/\u0007>', 'a URI of the Geolocation header has characters that no URI may have'],
    [`<https://lis.example/${'x'.repeat(2_048)}>`, 'a URI of the Geolocation header is too long'],
    ['<cid:%>', 'a cid URI of the Geolocation header has broken percent signs'],
    ['<cid:>', 'a cid URI of the Geolocation header names no body part'],
    ['<cid:a%0ab>', 'a cid URI of the Geolocation header names no body part'],
    ['<https://lis.example/x', 'the Geolocation header ends in the middle of a value'],
    ['<cid:a@b', 'the Geolocation header ends in the middle of a value'],
    ['x'.repeat(8_193), 'the Geolocation header is too long'],
  ])('does not use %j', (header, reason) => {
    expect(read(header)).toEqual({ ...empty, unusable: [reason] });
  });

  it('keeps what stands before a value that is cut off', () => {
    expect(read('<cid:a@b>, <https://lis.ex').embedded).toEqual(['a@b']);
    expect(read('<cid:a@b>;x="y').unusable).toEqual(['the Geolocation header ends in the middle of a value']);
  });

  it('reads five values and says that there were more', () => {
    const { embedded, unusable } = read('1234567'.replace(/\d/g, '<cid:$&@x>,'));
    expect(embedded).toEqual(['1@x', '2@x', '3@x', '4@x', '5@x']);
    expect(unusable).toEqual(['only the first 5 values of the Geolocation header were read']);
  });
});

describe('a geo URI', () => {
  const position = { latitude: -6.2, longitude: 106.816666 };

  it('is a point, a circle or a sphere', () => {
    expect(read('<geo:-6.2,106.816666>;inserted-by=x').sightings).toEqual([
      { method: null, shape: { type: 'point', position, altitude: null }, civic: null, confidence: null, at: null },
    ]);
    expect(shapeOf('<geo:-6.2,106.816666;crs=WGS84;u=35;x=y>')).toEqual({
      type: 'circle',
      centre: position,
      radius: 35,
    });
    expect(shapeOf('<GEO:-6.2,106.816666,12.5;U=0>')).toEqual({ type: 'point', position, altitude: 12.5 });
    expect(shapeOf('<geo:-6.2,106.816666,12.5;u=35>')).toEqual({
      type: 'sphere',
      centre: position,
      altitude: 12.5,
      radius: 35,
    });
  });

  it.each([
    ['geo:0,0', 'a geo location at 0,0 is of a phone that does not know it'],
    ['geo:-0.000,0.0;u=5', 'a geo location at 0,0 is of a phone that does not know it'],
    ['geo:90.1,0', 'a geo location lies outside the Earth'],
    ['geo:1,-180.5', 'a geo location lies outside the Earth'],
    ['geo:-6.2', 'a geo location has no readable latitude and longitude'],
    ['geo:', 'a geo location has no readable latitude and longitude'],
    ['geo:-6.2,', 'a geo location has no readable latitude and longitude'],
    ['geo:-6.2,1e2', 'a geo location has no readable latitude and longitude'],
    ['geo:-6.2,0x10', 'a geo location has no readable latitude and longitude'],
    ['geo:-6.2,NaN', 'a geo location has no readable latitude and longitude'],
    ['geo:-6.2,106,', 'a geo location has no readable latitude and longitude'],
    ['geo:-6.2,106,1,2', 'a geo location has no readable latitude and longitude'],
    ['geo:-6.2,106;crs=nad27', 'a geo location is not in WGS 84'],
    ['geo:-6.2,106;crs', 'a geo location is not in WGS 84'],
    ['geo:-6.2,106;u=-5', 'a geo location has an unreadable uncertainty'],
    ['geo:-6.2,106;u', 'a geo location has an unreadable uncertainty'],
    ['geo:-6.2,106;u=20000001', 'a geo location has an unreadable uncertainty'],
    ['geo:-6.2,106;u=1;U=2', 'a geo location says the same thing twice'],
  ])('is no location: %s', (uri, reason) => {
    expect(read(`<${uri}>`)).toEqual({ ...empty, unusable: [reason] });
  });
});
