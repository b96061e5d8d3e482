import { flat, solid, metres, degrees, pekanbaru, presence, circle } from '../../../test/support/pidf-lo-text.ts';
import type { Shape } from '../fix.ts';
import { readPidfLo } from './pidf-lo.ts';

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
