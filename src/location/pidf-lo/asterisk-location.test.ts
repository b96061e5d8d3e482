import { printAsteriskLocation, readAsteriskLocation } from './asterisk-location.ts';
import type { CivicAddress, Position, Reading, Shape, Sighting } from '../fix.ts';

const pekanbaru: Position = { latitude: 0.5071, longitude: 101.4478 };
const triangle = [
  { latitude: 0.5, longitude: 101.4 },
  { latitude: 0.5, longitude: 101.41 },
  { latitude: 0.51, longitude: 101.41 },
];
const ring = (more = ''): string =>
  ['0.50 101.40', '0.50 101.41', '0.51 101.41', '0.50 101.40'].map((pos) => `pos="${pos}${more}"`).join(',');

function read(location: string, format = 'GML', method = '', confidence = ''): Reading {
  return readAsteriskLocation({ format, location, method, confidence });
}

describe('what Asterisk found in an INVITE', () => {
  it('is read with its method and confidence', () => {
    const location = 'shape="Circle",crs="2d",pos="0.5071 101.4478",radius="45"';
    expect(read(location, 'GML', 'GPS', 'pdf="unknown",value="67"')).toEqual({
      sightings: [
        {
          method: 'GPS',
          shape: { type: 'circle', centre: pekanbaru, radius: 45 },
          civic: null,
          confidence: 67,
          at: null,
        },
      ],
      unusable: [],
    });
  });

  it.each<[string, Shape]>([
    ['shape="Point",crs="2d",pos="0.5071 101.4478"', { type: 'point', position: pekanbaru, altitude: null }],
    ['shape="Point",crs="3d",pos="0.5071 101.4478 12"', { type: 'point', position: pekanbaru, altitude: 12 }],
    ['shape="Point",crs="unknown",pos="0.5071 101.4478"', { type: 'point', position: pekanbaru, altitude: null }],
    [`shape="Polygon",crs="2d",${ring()}`, { type: 'polygon', corners: triangle }],
    [
      'shape="Polygon",crs="2d",posList="0.5 101.4 0.5 101.41 0.51 101.41 0.5 101.4"',
      { type: 'polygon', corners: triangle },
    ],
    [
      'shape="Polygon",crs="3d",posList="0.5 101.4 3 0.5 101.41 3 0.51 101.41 3 0.5 101.4 3"',
      { type: 'polygon', corners: triangle },
    ],
    [
      'shape="Ellipse",crs="2d",pos="0.5071 101.4478",semiMajorAxis="80",semiMinorAxis="40",orientation="20 radians"',
      { type: 'ellipse', centre: pekanbaru, semiMajor: 80, semiMinor: 40, orientation: 20 },
    ],
    [
      'shape="ArcBand",crs="2d",pos="0.5071 101.4478",innerRadius="10",outerRadius="20",startAngle="5 degrees",openingAngle="60"',
      { type: 'arc-band', centre: pekanbaru, innerRadius: 10, outerRadius: 20, startAngle: 5, openingAngle: 60 },
    ],
    [
      'shape="Sphere",crs="3d",pos="0.5071 101.4478 12",radius="45"',
      { type: 'sphere', centre: pekanbaru, altitude: 12, radius: 45 },
    ],
    [
      'shape="Ellipsoid",crs="3d",pos="0.5071 101.4478 12",semiMajorAxis="8",semiMinorAxis="4",verticalAxis="2",orientation="0 degrees"',
      {
        type: 'ellipsoid',
        centre: pekanbaru,
        altitude: 12,
        semiMajor: 8,
        semiMinor: 4,
        verticalAxis: 2,
        orientation: 0,
      },
    ],
    [`shape="Prism",crs="3d",${ring(' 7')},height="3"`, { type: 'prism', corners: triangle, altitude: 7, height: 3 }],
    [
      'shape="Prism",crs="unknown",posList="0.5 101.4 7 0.5 101.41 7 0.51 101.41 7",height="3"',
      { type: 'prism', corners: triangle, altitude: 7, height: 3 },
    ],
    // As older documentation has it, with spaces, and without quotes.
    ['shape=Circle, crs=2d, pos="0.5071 101.4478", radius=45', { type: 'circle', centre: pekanbaru, radius: 45 }],
  ])('%s', (location, shape) => {
    const { sightings, unusable } = read(location);
    expect(unusable).toEqual([]);
    expect(sightings).toMatchObject([{ shape, method: null, confidence: null }]);
  });

  it.each<[string, CivicAddress]>([
    ['country="ID",A1="Riau",RD="Jl. Sudirman"', { country: 'ID', A1: 'Riau', RD: 'Jl. Sudirman' }],
    ['lang="id",country="ID",XX="?"', { country: 'ID' }],
    // Asterisk escapes nothing.
    ['RD="Jl. "Besar", no. 5",HNO="5"', { RD: 'Jl. "Besar", no. 5', HNO: '5' }],
    ['RD="a=b,c=d",HNO=""', { RD: 'a=b,c=d' }],
    ['A1="Riau",A1="Jakarta",__proto__="x"', { A1: 'Riau' }],
  ])('an address: %s', (location, civic) => {
    const { sightings } = read(location, 'civicAddress');
    expect(sightings).toMatchObject([{ shape: null, civic }]);
  });

  it.each<[string, string]>([
    ['lang="",pos="0.5071 101.4478"', 'point'],
    ['pos="0.5071 101.4478",radius="45"', 'circle'],
    ['pos="0.5071 101.4478 3",radius="45"', 'sphere'],
    ['pos="0.5 101",semiMajorAxis="8",semiMinorAxis="4",orientation="3 degrees"', 'ellipse'],
    ['pos="0.5 101 2",semiMajorAxis="8",semiMinorAxis="4",verticalAxis="1",orientation="3 degrees"', 'ellipsoid'],
    ['pos="0.5 101",innerRadius="8",outerRadius="9",startAngle="3",openingAngle="3 degrees"', 'arc-band'],
    [ring(), 'polygon'],
    [`${ring(' 3')},height="3"`, 'prism'],
  ])('a shape and an address in one, of which Asterisk keeps the parts of the first: %s', (location, type) => {
    expect(read(location, 'civicAddress')).toMatchObject({
      sightings: [{ shape: { type }, civic: null }],
      unusable: [],
    });
  });

  it.each(['', 'URI', '<none>'])('is nothing, without a reason, for the format %j', (format) => {
    expect(read('URI="https://ls.example.id/1"', format)).toEqual({ sightings: [], unusable: [] });
  });

  it.each<[string, string, RegExp]>([
    ['GML', '', /empty or broken/],
    ['GML', 'hello', /empty or broken/],
    ['GML', 'shape="Point', /empty or broken/],
    ['GML', 'shape="Point",', /empty or broken/],
    ['GML', 'shape="Point",="1"', /empty or broken|no position|not a shape/],
    ['GML', `shape="${'x'.repeat(70_000)}"`, /too long/],
    ['GML', 'shape="Blob",crs="2d",pos="0.5 101"', /"Blob" is not a shape/],
    ['GML', 'shape="Point",crs="2d"', /no position/],
    ['GML', 'shape="Point",crs="2d",pos="101.4478 0.5071"', /look swapped/],
    ['GML', 'shape="Point",crs="2d",pos="0 0"', /both exactly 0/],
    ['GML', 'shape="Point",crs="2d",pos="0.5"', /not one position/],
    ['GML', 'shape="Point",crs="2d",pos="0.5 nan"', /"nan" is not a coordinate/],
    ['GML', 'shape="Point",crs="utm",pos="0.5 101"', /coordinate system "utm"/],
    ['GML', 'shape="Point",shape="Circle",pos="0.5 101"', /more than one shape/],
    ['GML', 'shape="Circle",crs="2d",pos="0.5 101",pos="1 2",radius="5"', /more than one position/],
    ['GML', 'shape="Circle",crs="2d",pos="0.5 101",radius="5",radius="6"', /more than one radius/],
    ['GML', 'shape="Circle",crs="2d",pos="0.5 101",radius="-5"', /radius is negative/],
    ['GML', 'shape="Circle",crs="2d",pos="0.5 101",radius="five"', /radius "five" is not a number/],
    ['GML', 'shape="Circle",crs="2d",pos="0.5 101",text="45"', /no radius/],
    [
      'GML',
      'shape="Ellipse",crs="2d",pos="0.5 101",semiMajorAxis="8",semiMinorAxis="4",orientation="3 gon"',
      /not a number/,
    ],
    ['civicAddress', 'lang="id"', /civic address is empty/],
    ['KML', 'x="1"', /format that is not known: "KML"/],
  ])('is refused, for its own reason (%#: %s)', (format, location, reason) => {
    const { sightings, unusable } = read(location, format);
    expect(sightings).toEqual([]);
    expect(unusable).toEqual([expect.stringMatching(reason)]);
    expect(unusable.join('').length).toBeLessThan(160);
  });

  it.each<[string, number | null, number]>([
    ['pdf="normal",value="39"', 39, 0],
    ['value=68', 68, 0],
    ['pdf="unknown",value="unknown"', null, 0],
    ['broken"', null, 0],
    ['pdf="unknown",value="120"', null, 1],
  ])('has the confidence %s', (said, confidence, reasons) => {
    const { sightings, unusable } = read('shape="Point",crs="2d",pos="0.5 101"', 'GML', '', said);
    expect(sightings).toMatchObject([{ confidence }]);
    expect(unusable).toHaveLength(reasons);
  });

  it.each(['",', '"', 'a="', 'a=', ' ', ',', '=', '",a="'])('takes linear time for %j', (piece) => {
    const location = `A1="${piece.repeat(65_000 / piece.length)}`;
    expect(read(location)).toMatchObject({ sightings: [], unusable: [expect.any(String)] });
    const { sightings, unusable } = read(location, 'civicAddress');
    expect(sightings.length + unusable.length).toBe(1);
  });
});

describe('what Asterisk is told to send', () => {
  const sighting: Sighting = { method: null, shape: null, civic: null, confidence: null, at: null };

  it.each<[Shape, string]>([
    [{ type: 'circle', centre: pekanbaru, radius: 45 }, 'shape=Circle,crs=2d,pos="0.5071 101.4478",radius=45'],
    [{ type: 'point', position: pekanbaru, altitude: 12 }, 'shape=Point,crs=2d,pos="0.5071 101.4478"'],
    [
      { type: 'polygon', corners: triangle },
      'shape=Polygon,crs=2d,pos="0.5 101.4",pos="0.5 101.41",pos="0.51 101.41",pos="0.5 101.4"',
    ],
    [
      { type: 'prism', corners: triangle, altitude: 3, height: 2 },
      'shape=Polygon,crs=2d,pos="0.5 101.4",pos="0.5 101.41",pos="0.51 101.41",pos="0.5 101.4"',
    ],
    [
      { type: 'sphere', centre: pekanbaru, altitude: 3, radius: 7 },
      'shape=Circle,crs=2d,pos="0.5071 101.4478",radius=7',
    ],
    [
      { type: 'ellipse', centre: pekanbaru, semiMajor: 80, semiMinor: 40, orientation: 20 },
      'shape=Circle,crs=2d,pos="0.5071 101.4478",radius=80',
    ],
    [
      {
        type: 'ellipsoid',
        centre: pekanbaru,
        altitude: 1,
        semiMajor: 80,
        semiMinor: 40,
        verticalAxis: 9,
        orientation: 20,
      },
      'shape=Circle,crs=2d,pos="0.5071 101.4478",radius=80',
    ],
  ])('%j', (shape, locationInfo) => {
    expect(printAsteriskLocation({ ...sighting, shape, civic: { A1: 'Riau' } })).toEqual({
      format: 'GML',
      locationInfo,
    });
  });

  it('is a circle for an arc band and for a polygon of many corners', () => {
    const corners = Array.from({ length: 16 }, (_, index) => ({
      latitude: Math.sin((index / 8) * Math.PI),
      longitude: 101 + Math.cos((index / 8) * Math.PI),
    }));
    const many = printAsteriskLocation({ ...sighting, shape: { type: 'polygon', corners } });
    expect(many?.locationInfo).toMatch(/^shape=Circle,crs=2d,pos="[-\d.e]+ 10[01][.\d]*",radius=111\d{3}[.\d]*$/);
    const band = printAsteriskLocation({
      ...sighting,
      shape: { type: 'arc-band', centre: pekanbaru, innerRadius: 1, outerRadius: 2, startAngle: 3, openingAngle: 4 },
    });
    expect(band?.locationInfo).toMatch(/^shape=Circle,/);
  });

  it('is an address that cannot break out, nor call a function of Asterisk', () => {
    const civic = {
      country: 'ID',
      RD: 'Jl. "A",HNO="6\\"',
      LMK: '${SHELL(id)}$[1+1]',
      A1: 'x\r\nVia: y',
      FLR: '$',
      XX: '"',
    };
    expect(printAsteriskLocation({ ...sighting, civic })).toEqual({
      format: 'civicAddress',
      locationInfo: `country="ID",A1="x Via: y",RD="Jl. 'A',HNO='6/'",LMK="{SHELL(id)}[1+1]"`,
    });
  });

  it('is nothing where there is nothing to send', () => {
    expect(printAsteriskLocation(sighting)).toBeNull();
    expect(printAsteriskLocation({ ...sighting, civic: { XX: 'a', FLR: '$' } })).toBeNull();
  });
});
