import type { Shape } from './fix.ts';
import { readPidfLo } from './pidf-lo.ts';

const namespaces =
  'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"' +
  ' xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml"' +
  ' xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:con="urn:ietf:params:xml:ns:geopriv:conf"' +
  ' xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" entity="pres:caller@example.id"';
const flat = 'srsName="urn:ogc:def:crs:EPSG::4326"';
const solid = 'srsName="urn:ogc:def:crs:EPSG::4979"';
const metres = 'uom="urn:ogc:def:uom:EPSG::9001"';
const degrees = 'uom="urn:ogc:def:uom:EPSG::9102"';
const pekanbaru = { latitude: 0.5071, longitude: 101.4478 };

/** A presence with these location-infos in one tuple. */
function presence(...infos: string[]): string {
  const all = infos.map((info) => `<gp:location-info>${info}</gp:location-info>`).join('');
  return `<presence ${namespaces}><tuple id="a"><status><gp:geopriv>${all}<gp:usage-rules/></gp:geopriv></status></tuple></presence>`;
}

function shapesIn(xml: string): (Shape | null)[] {
  const { sightings, unusable } = readPidfLo(xml);
  expect(unusable).toEqual([]);
  return sightings.map(({ shape }) => shape);
}

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

const circle = `<gs:Circle ${flat}><gml:pos>0.5071 101.4478</gml:pos><gs:radius ${metres}>45</gs:radius></gs:Circle>`;
const corners = ['0.50 101.40', '0.50 101.41', '0.51 101.41', '0.50 101.40'];
const ring = (parts: string): string => `<gml:exterior><gml:LinearRing>${parts}</gml:LinearRing></gml:exterior>`;
const posOf = (list: string[]): string => list.map((pos) => `<gml:pos>${pos}</gml:pos>`).join('');
const triangle = [
  { latitude: 0.5, longitude: 101.4 },
  { latitude: 0.5, longitude: 101.41 },
  { latitude: 0.51, longitude: 101.41 },
];

describe('a shape in PIDF-LO', () => {
  it.each<[string, string, Shape]>([
    [
      'Point',
      `<gml:Point ${flat}><gml:pos>0.5071 101.4478</gml:pos></gml:Point>`,
      { type: 'point', position: pekanbaru, altitude: null },
    ],
    [
      'Point with altitude',
      `<gml:Point ${solid}><gml:pos>0.5071\n 101.4478 12.5</gml:pos></gml:Point>`,
      { type: 'point', position: pekanbaru, altitude: 12.5 },
    ],
    [
      'Point in the other schema',
      `<gs:Point><gs:pos> +0.5071 1.014478e2 </gs:pos></gs:Point>`,
      { type: 'point', position: pekanbaru, altitude: null },
    ],
    ['Circle', circle, { type: 'circle', centre: pekanbaru, radius: 45 }],
    ['Circle in GML', circle.replaceAll('gs:', 'gml:'), { type: 'circle', centre: pekanbaru, radius: 45 }],
    [
      'Circle without units',
      circle.replace(metres, '').replace(flat, ''),
      { type: 'circle', centre: pekanbaru, radius: 45 },
    ],
    [
      'Ellipse',
      `<gs:Ellipse ${flat}><gml:pos>0.5071 101.4478</gml:pos><gs:semiMajorAxis ${metres}>7.156</gs:semiMajorAxis>` +
        `<gs:semiMinorAxis ${metres}>3.31</gs:semiMinorAxis><gs:orientation ${degrees}>143</gs:orientation></gs:Ellipse>`,
      { type: 'ellipse', centre: pekanbaru, semiMajor: 7.156, semiMinor: 3.31, orientation: 143 },
    ],
    [
      'ArcBand',
      `<gs:ArcBand ${flat}><gml:pos>0.5071 101.4478</gml:pos><gs:innerRadius ${metres}>3594</gs:innerRadius>` +
        `<gs:outerRadius ${metres}>4148</gs:outerRadius><gs:startAngle ${degrees}>20</gs:startAngle>` +
        `<gs:openingAngle ${degrees}>20</gs:openingAngle></gs:ArcBand>`,
      { type: 'arc-band', centre: pekanbaru, innerRadius: 3594, outerRadius: 4148, startAngle: 20, openingAngle: 20 },
    ],
    [
      'Sphere',
      `<gs:Sphere ${solid}><gml:pos>0.5071 101.4478 26</gml:pos><gs:radius ${metres}>850.24</gs:radius></gs:Sphere>`,
      { type: 'sphere', centre: pekanbaru, altitude: 26, radius: 850.24 },
    ],
    [
      'Sphere without altitude',
      `<gs:Sphere ${flat}><gml:pos>0.5071 101.4478</gml:pos><gs:radius ${metres}>850.24</gs:radius></gs:Sphere>`,
      { type: 'circle', centre: pekanbaru, radius: 850.24 },
    ],
    [
      'Ellipsoid',
      `<gs:Ellipsoid ${solid}><gml:pos>0.5071 101.4478 26</gml:pos><gs:semiMajorAxis ${metres}>7.7156</gs:semiMajorAxis>` +
        `<gs:semiMinorAxis ${metres}>3.31</gs:semiMinorAxis><gs:verticalAxis ${metres}>28.7</gs:verticalAxis>` +
        `<gs:orientation ${degrees}>90</gs:orientation></gs:Ellipsoid>`,
      {
        type: 'ellipsoid',
        centre: pekanbaru,
        altitude: 26,
        semiMajor: 7.7156,
        semiMinor: 3.31,
        verticalAxis: 28.7,
        orientation: 90,
      },
    ],
    [
      'Polygon of pos',
      `<gml:Polygon ${flat}>${ring(posOf(corners))}</gml:Polygon>`,
      { type: 'polygon', corners: triangle },
    ],
    [
      'Polygon of posList',
      `<gml:Polygon ${flat}>${ring(`<gml:posList>${corners.join(' ')}</gml:posList>`)}</gml:Polygon>`,
      { type: 'polygon', corners: triangle },
    ],
    [
      'Polygon that is not closed',
      `<gml:Polygon ${flat}>${ring(posOf(corners.slice(0, 3)))}</gml:Polygon>`,
      { type: 'polygon', corners: triangle },
    ],
    [
      'Polygon with altitudes and a hole',
      `<gml:Polygon ${solid}>${ring(`<gml:posList>${corners.map((pos) => `${pos} 43`).join(' ')}</gml:posList>`)}` +
        `<gml:interior><gml:LinearRing>${posOf(corners)}</gml:LinearRing></gml:interior></gml:Polygon>`,
      { type: 'polygon', corners: triangle },
    ],
    [
      'Polygon with a dimension of its own',
      `<gml:Polygon>${ring(`<gml:posList srsDimension="3">${corners.map((pos) => `${pos} 43`).join(' ')}</gml:posList>`)}</gml:Polygon>`,
      { type: 'polygon', corners: triangle },
    ],
    [
      'Prism of pos',
      `<gs:Prism ${solid}><gs:base><gml:Polygon>${ring(posOf(corners.map((pos) => `${pos} 2.5`)))}</gml:Polygon></gs:base>` +
        `<gs:height ${metres}>2.4</gs:height></gs:Prism>`,
      { type: 'prism', corners: triangle, altitude: 2.5, height: 2.4 },
    ],
    [
      'Prism of posList, its system on the base only',
      `<gs:Prism><gs:base><gml:Polygon ${solid}>${ring(`<gml:posList>${corners.map((pos) => `${pos} 2.5`).join(' ')}</gml:posList>`)}` +
        `</gml:Polygon></gs:base><gs:height ${metres}>2.4</gs:height></gs:Prism>`,
      { type: 'prism', corners: triangle, altitude: 2.5, height: 2.4 },
    ],
  ])('%s', (_, info, shape) => {
    expect(shapesIn(presence(info))).toEqual([shape]);
  });

  it('may have angles in radians', () => {
    const [shape] = shapesIn(
      presence(
        `<gs:Ellipse ${flat}><gml:pos>0.5071 101.4478</gml:pos><gs:semiMajorAxis>7</gs:semiMajorAxis><gs:semiMinorAxis>3` +
          '</gs:semiMinorAxis><gs:orientation uom="urn:ogc:def:uom:EPSG::9101">1.5707963267948966</gs:orientation></gs:Ellipse>',
      ),
    );
    expect(shape).toMatchObject({ orientation: 90 });
  });

  it.each([
    'urn:ogc:def:crs:EPSG::4326',
    'urn:ogc:def:crs:EPSG:6.6:4326',
    'EPSG:4326',
    'epsg::4326',
    'urn:EPSG:geographicCRS:4326',
    'http://www.opengis.net/def/crs/EPSG/0/4326',
    'http://www.opengis.net/gml/srs/epsg.xml#4326',
    'EPSG:4979',
  ])('is WGS 84 by %s', (name) => {
    expect(shapesIn(presence(circle.replace('urn:ogc:def:crs:EPSG::4326', name)))).toHaveLength(1);
  });

  it.each<[string, RegExp]>([
    [circle.replace('4326', '3857'), /coordinate system "urn:ogc:def:crs:EPSG::3857" is not WGS 84/],
    [circle.replace('urn:ogc:def:crs:EPSG::4326', 'CRS84'), /coordinate system/],
    [circle.replace('urn:ogc:def:crs:EPSG::4326', ''), /coordinate system "" is not/],
    [circle.replace('urn:ogc:def:crs:EPSG::4326', `${'x'.repeat(90)}&#10;EPSG:4326`), /coordinate system "x+…"/],
    [circle.replace('<gml:pos>', '<gml:pos srsName="EPSG:9999">'), /coordinate system/],
    [circle.replace('EPSG::9001', 'EPSG::9002'), /unit "urn:ogc:def:uom:EPSG::9002" of its radius/],
    [circle.replace('EPSG::9001', 'EPSG::9102'), /unit .* of its radius/],
    [circle.replace('>45<', '>-45<'), /radius is negative/],
    [circle.replace('>45<', '>NaN<'), /radius "NaN" is not a number/],
    [circle.replace('>45<', '>INF<'), /is not a number/],
    [circle.replace('>45<', '>1e999<'), /is not a number/],
    [circle.replace('>45<', '>0x10<'), /is not a number/],
    [circle.replace('>45<', '>&#x202E;54&#0;<'), /radius "54" is not a number/],
    [circle.replace('>45<', '><'), /is not a number/],
    [circle.replace('>45<', '>45 m<'), /is not a number/],
    [circle.replace(/<gs:radius.*radius>/, ''), /the Circle has no radius/],
    [circle.replace(/<gml:pos.*pos>/, ''), /the Circle has no position/],
    [circle.replace('</gml:pos>', '</gml:pos><gml:pos>1 2</gml:pos>'), /more than one position/],
    [circle.replace('0.5071 101.4478', ''), /no coordinates/],
    [circle.replace('0.5071 101.4478', '0.5071'), /1 numbers are not one position/],
    [circle.replace('0.5071 101.4478', '0.5071,101.4478'), /"0.5071,101.4478" is not a coordinate/],
    [circle.replace('0.5071 101.4478', '91 101.4478'), /latitude 91 is out of range/],
    [circle.replace('0.5071 101.4478', '101.4478 0.5071'), /look swapped/],
    [circle.replace('0.5071 101.4478', '0 181'), /longitude 181/],
    [circle.replace('0.5071 101.4478', '0.0 -0'), /both exactly 0/],
    [`<gml:Polygon>${ring(posOf(corners.slice(2)))}</gml:Polygon>`, /fewer than three/],
    [`<gml:Polygon>${ring('<gml:posList>1 2 3</gml:posList>')}</gml:Polygon>`, /3 numbers are no positions of 2/],
    [`<gml:Polygon>${ring(`<gml:posList>${'0 '.repeat(20_000)}</gml:posList>`)}</gml:Polygon>`, /corners/],
    [`<gml:Polygon>${ring(`<gml:posList srsDimension="9">1 2</gml:posList>`)}</gml:Polygon>`, /not of 2 or 3/],
    [
      `<gs:Prism ${solid}><gs:base><gml:Polygon>${ring(posOf(corners.map((pos) => `${pos} 1`)))}</gml:Polygon></gs:base></gs:Prism>`,
      /no height/,
    ],
    ['<gml:LineString><gml:posList>1 2 3 4</gml:posList></gml:LineString>', /"LineString" is not a shape/],
    ['<Circle><pos>1 2</pos></Circle>', /no location/],
    ['<ca:civicAddress><ca:A1> </ca:A1></ca:civicAddress>', /civic address is empty/],
    ['', /no location/],
  ])('is refused, for its own reason (%#)', (info, reason) => {
    expect(refusal(presence(info))).toMatch(reason);
  });
});

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
    expect(shapesIn(document)).toEqual([{ type: 'circle', centre: pekanbaru, radius: 45 }]);
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
