import { namespaces, pekanbaru, presence, circle } from '../../../test/support/pidf-lo-text.ts';
import { readPidfLo } from './pidf-lo.ts';

/** The one reason for which nothing was found. */
function refusal(xml: string): string {
  const { sightings, unusable } = readPidfLo(xml);
  expect(sightings).toEqual([]);
  expect(unusable).toHaveLength(1);
  const [reason = ''] = unusable;
  expect(reason.length).toBeLessThan(160);
  expect(reason).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/);
  return reason;
}

describe('a document', () => {
  it('with other prefixes reads the same', () => {
    const other =
      '<p:presence xmlns:p="urn:ietf:params:xml:ns:pidf" entity="x"><p:tuple id="a"><p:status>' +
      '<geopriv xmlns="urn:ietf:params:xml:ns:pidf:geopriv10"><location-info><Circle xmlns="http://www.opengis.net/pidflo/1.0">' +
      '<pos xmlns="http://www.opengis.net/gml">0.5071 101.4478</pos><radius>45</radius></Circle></location-info>' +
      '<method>GPS</method></geopriv></p:status><p:timestamp>2026-01-02T03:04:05+07:00</p:timestamp></p:tuple></p:presence>';
    expect(readPidfLo(other)).toEqual({
      sightings: [
        {
          method: 'GPS',
          shape: { type: 'circle', centre: pekanbaru, radius: 45 },
          civic: null,
          confidence: null,
          at: Date.UTC(2026, 0, 1, 20, 4, 5),
        },
      ],
      unusable: [],
    });
  });

  it.each(['device', 'person'])('may have the location in a %s, within a HELD answer', (holder) => {
    const document =
      '<?xml version="1.0" encoding="UTF-8"?><locationResponse xmlns="urn:ietf:params:xml:ns:geopriv:held">' +
      '<locationUriSet expires="2026-01-01T13:00:00.0Z"><locationURI>https://ls.example.id/1</locationURI></locationUriSet>' +
      `<presence ${namespaces}><dm:${holder} id="d"><gp:geopriv><gp:location-info>${circle}</gp:location-info>` +
      '<gp:usage-rules><gp:retention-expiry>2001-01-01T00:00:00Z</gp:retention-expiry></gp:usage-rules>' +
      '<gp:method> Wifi </gp:method></gp:geopriv><dm:deviceID>mac:1</dm:deviceID>' +
      `<dm:timestamp>2026-06-22T20:57:29.5Z</dm:timestamp></dm:${holder}></presence></locationResponse>`;
    expect(readPidfLo(document)).toMatchObject({
      sightings: [{ method: 'Wifi', at: Date.UTC(2026, 5, 22, 20, 57, 29, 500), shape: { type: 'circle' } }],
      unusable: [],
    });
  });

  it('with many locations gives them in order, shape and address of one location-info together', () => {
    const point = '<gml:Point><gml:pos>1 100</gml:pos></gml:Point>';
    const civic = '<ca:civicAddress><ca:A1>Riau</ca:A1></ca:civicAddress>';
    const bad = '<gml:Point><gml:pos>95 100</gml:pos></gml:Point>';
    const { sightings, unusable } = readPidfLo(presence(civic + bad + circle + point, civic, point));
    expect(sightings.map(({ shape, civic: address }) => [shape?.type, address?.['A1']])).toEqual([
      ['circle', 'Riau'],
      ['point', undefined],
      [undefined, 'Riau'],
      ['point', undefined],
    ]);
    expect(unusable).toEqual([expect.stringMatching('latitude 95')]);
  });

  it('keeps method and time of one tuple out of the next', () => {
    const tuple = (rest: string): string =>
      `<tuple id="a"><status><gp:geopriv><gp:location-info>${circle}</gp:location-info>${rest}</status></tuple>`;
    const { sightings } = readPidfLo(
      `<presence ${namespaces}>${tuple('<gp:method>GPS</gp:method></gp:geopriv>')}${tuple('</gp:geopriv>')}</presence>`,
    );
    expect(sightings.map(({ method }) => method)).toEqual(['GPS', null]);
  });

  it('gives at most twenty locations and reasons', () => {
    const { sightings, unusable } = readPidfLo(presence(circle.repeat(30)));
    expect(sightings).toHaveLength(20);
    expect(unusable).toEqual(['only the first 20 locations are read']);
    const faults = Array.from(
      { length: 300 },
      (_, index) => `<gml:Point><gml:pos>${91 + index} 0</gml:pos></gml:Point>`,
    );
    expect(readPidfLo(presence(faults.join(''))).unusable).toHaveLength(20);
  });

  it.each<[string, number | null, RegExp | null]>([
    ['67', 67, null],
    [' 99.5 ', 99.5, null],
    ['0', 0, null],
    ['100', 100, null],
    ['unknown', null, null],
    ['', null, null],
    ['101', null, /confidence "101" is not between/],
    ['-1', null, /confidence "-1"/],
    ['high', null, /confidence "high"/],
  ])('with the confidence %j', (said, confidence, reason) => {
    const reading = readPidfLo(presence(`${circle}<con:confidence pdf="normal">${said}</con:confidence>`));
    expect(reading.sightings).toMatchObject([{ confidence, shape: { type: 'circle' } }]);
    expect(reading.unusable).toEqual(reason === null ? [] : [expect.stringMatching(reason)]);
  });

  it.each(['yesterday', '2026-13-01T00:00:00Z', '2026-01-01T00:00:00', '2026-01-01', ''])(
    'with the time stamp %j has the location without a time, and says so',
    (time) => {
      const reading = readPidfLo(presence(circle).replace('</status>', `</status><timestamp>${time}</timestamp>`));
      expect(reading.sightings).toMatchObject([{ at: null, shape: { type: 'circle' } }]);
      expect(reading.unusable).toEqual([expect.stringMatching(/time stamp/)]);
    },
  );

  it('has civic addresses by the names of RFC 5139 and nothing else, cleaned and cut', () => {
    const document = presence(
      '<ca:civicAddress xml:lang="id"><ca:country>ID</ca:country><ca:A1>Riau</ca:A1><ca:RD>  Jl.&#10; Sudirman&#x202E;</ca:RD>' +
        `<ca:HNO><![CDATA[12<A>]]></ca:HNO><ca:A1>Jakarta</ca:A1><ca:XX>?</ca:XX><ca:toString>?</ca:toString>` +
        `<ca:LOC>${'a'.repeat(500)}</ca:LOC></ca:civicAddress>`,
    );
    expect(readPidfLo(document)).toEqual({
      sightings: [
        {
          method: null,
          shape: null,
          civic: { country: 'ID', A1: 'Riau', RD: 'Jl. Sudirman', HNO: '12<A>', LOC: 'a'.repeat(200) },
          confidence: null,
          at: null,
        },
      ],
      unusable: [],
    });
  });

  it('has addresses by the namespace of RFC 4119 too', () => {
    const old =
      '<c:civicAddress xmlns:c="urn:ietf:params:xml:ns:pidf:geopriv10:civicLoc"><c:A3>Dumai</c:A3></c:civicAddress>';
    expect(readPidfLo(presence(old)).sightings).toMatchObject([{ civic: { A3: 'Dumai' } }]);
  });

  it('reads through comments, CDATA, instructions, a byte order mark and any declared encoding', () => {
    const decorated = presence(circle)
      .replace('0.5071 ', '<!-- 9 -->0.5071<?x 8?> <![CDATA[]]>')
      .replace('>45<', '><![CDATA[45]]><!-- </gs:radius> --><');
    const document = `\uFEFF<?xml version="1.0" encoding="UTF-16"?><!-- <!x --><?y z?>${decorated}<!-- end -->`;
    expect(readPidfLo(document)).toEqual(readPidfLo(presence(circle)));
  });

  it.each<[string, string, RegExp]>([
    [
      'entity bomb',
      `<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]>${presence(circle.replace('45', '&b;'))}`,
      /entities/,
    ],
    ['external entity', `<!DOCTYPE x SYSTEM "file:///etc/passwd">${presence(circle)}`, /entities/],
    ['undeclared entity', presence(circle.replace('45', '&xxe;')), /radius "&xxe;" is not a number/],
    ['deep nesting', presence('<gp:x>'.repeat(5_000) + '</gp:x>'.repeat(5_000)), /nested too deeply/],
    ['10 MB', presence(circle + ' '.repeat(10_000_000)), /too long/],
    ['another document', '<html><body>404</body></html>', /no location/],
    ['HELD error', '<error xmlns="urn:ietf:params:xml:ns:geopriv:held" code="locationUnknown"/>', /no location/],
    ['JSON', '{"lat":0.5}', /root/],
    ['nothing', '', /empty/],
    ['undeclared prefixes', presence(circle).replace('xmlns:gp=', 'xmlns:gq='), /no location/],
  ])('that is an attack or none: %s', (_, document, reason) => {
    expect(refusal(document)).toMatch(reason);
  });

  it('cut off at any place is refused', () => {
    const whole = presence(circle, '<ca:civicAddress><ca:A1>Riau</ca:A1></ca:civicAddress>');
    for (let length = 0; length < whole.length; length += 50) {
      expect(refusal(whole.slice(0, length))).toMatch(/well-formed|empty/);
    }
  });
});
