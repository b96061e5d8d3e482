import { halfCharacter } from '../../test/support/fixes.ts';
import type { CallOrigin } from '../calls/call.ts';
import { defaultSettings } from '../settings/setting.ts';
import { readDistrictMap } from './districts/read-district-map.ts';
import { introduce, introduceInAnyCase, type Introduction } from './invite.ts';

const ids = {
  callId: '0195f1e0-1111-7000-8000-0000000000aa',
  incidentId: '0195f1e0-2222-7000-8000-0000000000bb',
  arrivedAt: Date.UTC(2026, 4, 1, 3),
};

/** A degree wide and high, north of the equator; its neighbour is everything around. */
const square = (name: object, west: number, east: number) => ({
  type: 'Feature',
  properties: name,
  geometry: { type: 'Polygon', coordinates: [[[west, 0], [east, 0], [east, 1], [west, 1], [west, 0]]] },
}); // prettier-ignore
const { map } = readDistrictMap({
  type: 'FeatureCollection',
  features: [square({ district: 'Sail' }, 101, 102), square({ neighbour: 'Kampar' }, 100, 101)],
});
if (map === null) throw new Error('no map');
const centre = { settings: { ...defaultSettings, domain: 'siaga.example' }, map };

const origin = (headers: Record<string, string>, over: Partial<CallOrigin> = {}): CallOrigin => ({
  sipCallId: 'sip',
  callerNumber: null,
  callerName: null,
  carrier: 'carrier-1',
  dialled: '112',
  source: '127.0.0.1:5060',
  headers,
  location: null,
  ...over,
});
const read = (headers: Record<string, string>, over: Partial<CallOrigin> = {}): Introduction =>
  introduce(origin(headers, over), ids, centre);
/** Of a body that Asterisk read. */
const embedded = (format: string, location: string, confidence = ''): Introduction =>
  read({ Geolocation: '<cid:lokasi@carrier>' }, { location: { format, location, method: 'GPS', confidence } });
const reasons = ({ location }: Introduction): string[] => location.unusable.map(({ reason }) => reason);

const mobile = '<sip:+6281234567890@ims;user=phone>';

test('of a call that says nothing nothing is invented', () => {
  const { identity, emergency, location } = read({});
  expect(identity).toEqual({
    number: null,
    numberFrom: null,
    imei: null,
    callable: false,
    notCallable: 'anonymous',
    trunk: 'carrier-1',
    network: null,
  });
  expect(emergency.callId).toBe('urn:emergency:uid:callid:0195f1e01111700080000000000000aa:siaga.example');
  expect(location).toEqual({ fixes: [], unusable: [], networks: [], best: null });
});

test('a phone on LTE with a location and everything that a network may say', () => {
  const introduction = read(
    {
      'P-Asserted-Identity': mobile,
      'P-Access-Network-Info': '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=5101012340ABCDE1;network-provided',
      Contact: '<sip:x@10.0.0.1>;+sip.instance="<urn:gsma:imei:35824005-944763-1>"',
      'Call-Info': '<urn:emergency:uid:callid:123ABCdefg:ims>;purpose=EmergencyCallData.CallId',
      Geolocation: '<cid:lokasi@carrier>',
    },
    {
      location: {
        format: 'GML',
        location: 'shape="Circle",crs="2d",pos="0.5071 101.4478",radius="45"',
        method: 'GPS',
        confidence: 'pdf="unknown",value="95"',
      },
    },
  );
  expect(introduction.identity).toMatchObject({
    number: '+6281234567890',
    imei: '358240059447631',
    callable: true,
    trunk: 'carrier-1',
    network: 'Telkomsel',
  });
  expect(introduction.emergency.callId).toBe('urn:emergency:uid:callid:123ABCdefg:ims');
  const { fixes, unusable, networks, best } = introduction.location;
  expect(unusable).toEqual([]);
  expect(networks).toHaveLength(1);
  expect(fixes).toMatchObject([
    {
      source: 'pidf-lo',
      method: 'GPS',
      shape: { type: 'circle', centre: { latitude: 0.5071, longitude: 101.4478 }, radius: 45 },
      confidence: 95,
      receivedAt: ids.arrivedAt,
      place: { district: 'Sail', certain: true },
    },
  ]);
  expect(best).toMatchObject({ fixId: fixes[0]?.id, radius: 45, district: 'Sail' });
});

describe('the access network', () => {
  test.each([
    ['2G', '3GPP-GERAN;cgi-3gpp=5100112341234', 'Indosat', 'GSM'],
    ['3G', '3GPP-UTRAN-TDD;utran-cell-id-3gpp=5101112340000C01', 'XL', 'UMTS'],
    ['LTE', '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp="5108912340ABCDE1"', 'Tri', 'LTE'],
    ['NR', '3GPP-NR-FDD;nrcgi-3gpp=510090012340ABCDE101', 'Smartfren', 'NR'],
    ['a network without a name', '3GPP-GERAN;cgi-3gpp=5107712341234', '510-77', 'GSM'],
  ])('of %s names the carrier and the cell', (_what, header, network, radio) => {
    const { identity, location } = read({ 'P-Access-Network-Info': header });
    expect(identity.network).toBe(network);
    expect(location).toMatchObject({ fixes: [], unusable: [], networks: [{ cell: { radio } }] });
  });

  test('of several the one that the network provided counts, and all are kept', () => {
    const cni = '3GPP-GERAN;cgi-3gpp=5100112341234;cell-info-age=30';
    const pani = '3GPP-GERAN;cgi-3gpp=5108912341234, 3GPP-GERAN;cgi-3gpp=5101012341234;network-provided';
    const { identity, location } = read({ 'P-Access-Network-Info': pani, 'Cellular-Network-Info': cni });
    expect(identity.network).toBe('Telkomsel');
    expect(location.networks.map(({ header, mnc, age }) => [header, mnc, age])).toEqual([
      ['P-Access-Network-Info', '89', null],
      ['P-Access-Network-Info', '10', null],
      ['Cellular-Network-Info', '01', 30],
    ]);
    expect(read({ 'Cellular-Network-Info': cni }).identity.network).toBe('Indosat');
  });

  test('of WLAN has no cell and no carrier', () => {
    const { identity, location } = read({ 'P-Access-Network-Info': 'IEEE-802.11;i-wlan-node-id=00155d3a2b1c' });
    expect(identity.network).toBeNull();
    expect(location.networks).toMatchObject([{ accessPoint: '00:15:5d:3a:2b:1c', cell: null }]);
  });

  test('that cannot be read is told by the name of its header', () => {
    const introduction = read({ 'P-Access-Network-Info': '3GPP-GERAN;cgi-3gpp=510', 'Cellular-Network-Info': '' });
    expect(introduction.location.unusable).toEqual([
      {
        source: 'P-Access-Network-Info',
        reason: 'the cell id "510" is too short for GSM',
        at: ids.arrivedAt,
      },
      { source: 'Cellular-Network-Info', reason: 'the header is empty', at: ids.arrivedAt },
    ]);
    expect(introduction.location.best).toBeNull();
  });

  test('leaves no half of a character in the reason', () => {
    const introduction = read({ 'P-Access-Network-Info': `${'😀'.repeat(19)}x😀😀😀😀` });
    expect(introduction.location.unusable).toHaveLength(1);
    expect(reasons(introduction)[0]).not.toMatch(halfCharacter);
  });
});

describe('a location in the body', () => {
  test.each([
    ['a point', 'shape="Point",crs="2d",pos="0.5 101.5"', 'point', 200, true],
    ['an ellipse', 'shape="Ellipse",crs="2d",pos="0.5 101.5",semiMajorAxis="70",semiMinorAxis="20",orientation="30 degrees"', 'ellipse', 70, true],
    ['a polygon', 'shape="Polygon",crs="2d",posList="0.5 101.5 0.51 101.5 0.51 101.51 0.5 101.5"', 'polygon', 829, true],
    ['a circle over the border', 'shape="Circle",crs="2d",pos="0.5 101.001",radius="500"', 'circle', 500, false],
  ])('as %s', (_what, text, type, radius, certain) => {
    const { location } = embedded('GML', text);
    expect(location.unusable).toEqual([]);
    expect(location.fixes).toMatchObject([{ source: 'pidf-lo', shape: { type } }]);
    expect(location.best).toMatchObject({ radius, district: 'Sail', districtCertain: certain });
  }); // prettier-ignore

  test('as a point near the border is certain of no district, since nobody is exactly at a point', () => {
    const near = embedded('GML', 'shape="Point",crs="2d",pos="0.5 101.0005"');
    expect(near.location.best).toMatchObject({ district: 'Sail', districtCertain: false });
  });

  test('as a civic address', () => {
    const { location } = embedded('civicAddress', 'country="ID",A1="Riau",A3="Pekanbaru",RD="Jl. Melati",HNO="5"');
    expect(location.fixes).toMatchObject([{ shape: null, civic: { country: 'ID', A1: 'Riau', RD: 'Jl. Melati' } }]);
    expect(location.best).toMatchObject({ position: null, address: 'Jl. Melati, 5, Pekanbaru, Riau, ID' });
  });

  test('outside the city names the neighbour', () => {
    const { location } = embedded('GML', 'shape="Circle",crs="2d",pos="0.5 100.5",radius="10"');
    expect(location.best).toMatchObject({ district: null, outside: true, neighbour: 'Kampar' });
  });

  test.each([
    ['GML', 'shape="Circle",crs="2d",pos="95 101.5",radius="10"', 'latitude 95 is out of range'],
    ['GML', 'shape="Circle",crs="2d",pos="101.5 0.5",radius="10"', 'look swapped'],
    ['GML', 'shape="Circle",crs="2d",pos="0 0",radius="10"', 'both exactly 0'],
    ['GML', 'shape="Circle",crs="2d",pos="x y",radius="10"', 'refused'],
    ['GML', 'shape="Circle",crs="2d",pos="0.5 101.5",radius="-10"', 'negative'],
    ['GML', 'shape="Trapeze",crs="2d",pos="0.5 101.5"', 'Trapeze'],
    ['GML', 'shape="Circle', 'empty or broken'],
    ['civicAddress', 'X1="a"', 'the civic address is empty'],
    ['nonsense', 'shape="Circle"', 'format that is not known'],
    ['', '', 'Asterisk could not read'],
    ['GML', '', 'empty or broken'],
  ])('that is none is told: %s %s', (format, text, reason) => {
    const introduction = embedded(format, text);
    expect(introduction.location).toMatchObject({ fixes: [], best: null });
    expect(reasons(introduction)).toEqual([expect.stringContaining(reason)]);
  });

  test('that Asterisk could not read at all is told', () => {
    const introduction = read({ Geolocation: '<cid:lokasi@carrier>' });
    expect(reasons(introduction)).toEqual(['the call brought a location in its body that Asterisk could not read']);
    // A reference is fetched: nothing is lost.
    expect(reasons(read({ Geolocation: '<https://ls.example/x>' }, { location: { format: 'URI', location: 'x', method: '', confidence: '' } }))).toEqual([]);
  }); // prettier-ignore

  test.each(['value="1e-300"', 'value="0"', 'value="-1"', 'value="x"', 'pdf='])(
    'with the confidence %s is no better for it, and can be shown',
    (confidence) => {
      const { location } = embedded('GML', 'shape="Circle",crs="2d",pos="0.5 101.5",radius="45"', confidence);
      expect(location.best?.radius).toBeGreaterThanOrEqual(45);
    },
  );
});

describe('a geo URI', () => {
  test('in the header is a location', () => {
    const { location } = read({ Geolocation: '<geo:0.5,101.5;u=35>, <https://ls.example/x>' });
    expect(location.fixes).toMatchObject([{ source: 'pidf-lo', shape: { type: 'circle', radius: 35 } }]);
    expect(location.best).toMatchObject({ district: 'Sail', radius: 35 });
  });

  test('at 0,0 or broken is none', () => {
    expect(reasons(read({ Geolocation: '<geo:0,0>' }))).toHaveLength(1);
    expect(reasons(read({ Geolocation: '<geo:x>, <http://a.example>, <' }))).toHaveLength(3);
  });
});

describe('the area code of a fixed line', () => {
  test('says where to begin', () => {
    const { location } = read({ From: '<sip:076121112@carrier>' });
    expect(location.fixes).toMatchObject([
      { source: 'area-code', shape: null, civic: { text: 'Pekanbaru (area code 0761)' }, place: null },
    ]);
    expect(location.best).toMatchObject({ source: 'area-code', position: null, district: null });
  });

  test.each([
    ['a mobile', mobile],
    ['another country', '<sip:+16502530000@h>'],
    ['an area of which nothing is set', '<sip:+62211500123@h>'],
    ['a placeholder that looks like one', '<sip:9111234567@h>'],
    ['nobody', '<sip:anonymous@h>'],
  ])('says nothing of %s', (_what, header) => {
    const settings = { ...centre.settings, areaCodes: [...centre.settings.areaCodes, { code: '0911', name: 'Ambon' }] };
    const { location } = introduce(origin({ 'P-Asserted-Identity': header }), ids, { ...centre, settings });
    expect(location.fixes).toEqual([]);
  });
});

test('the same INVITE read again is the same, also by another process', () => {
  const headers = { Geolocation: '<geo:0.5,101.5;u=35>', From: '<sip:076121112@h>' };
  expect(read(headers)).toEqual(read(headers));
});

describe('garbage everywhere', () => {
  const names = [
    'P-Asserted-Identity', 'Remote-Party-ID', 'From', 'Contact', 'P-Access-Network-Info', 'Cellular-Network-Info',
    'Geolocation', 'Call-Info',
  ]; // prettier-ignore

  test.each(['"', '<', '<sip:', '%', '\\"', ';', ',', '\u0000', '😀', '3GPP-GERAN;', '<geo:1,1>,', 'shape="', '{}', "'; drop table calls; --"])(
    '%j gives neither a number nor more than it says, and each refusal is short',
    (unit) => {
      const text = unit.repeat(200);
      const location = { format: 'GML', location: text, method: text, confidence: text };
      const introduction = read(Object.fromEntries(names.map((name) => [name, text])), { callerNumber: text, location });
      expect(introduction.identity).toMatchObject({ number: null, callable: false });
      expect(introduction.emergency.callId).toMatch(/^urn:emergency:uid:callid:[0-9a-f]{32}:siaga\.example$/);
      const given = unit.startsWith('<geo') ? 1 : 0;
      expect(introduction.location.fixes).toHaveLength(given);
      for (const { reason } of introduction.location.unusable) {
        expect(reason).toMatch(/^[^\p{Cc}\p{Cs}]{5,300}$/u);
      }
    },
  ); // prettier-ignore
});

test('a call that cannot be introduced is taken all the same, and says so', () => {
  const broken = {
    settings: centre.settings,
    get map(): never {
      throw new Error('a fault of ours');
    },
  };
  const failures: unknown[] = [];
  const call = origin({ 'P-Asserted-Identity': mobile }, { location: someCircle });
  const { identity, emergency, location } = introduceInAnyCase(call, ids, broken, (error) => failures.push(error));
  expect(failures).toEqual([new Error('a fault of ours')]);
  expect(identity).toMatchObject({ number: null, callable: false, trunk: 'carrier-1' });
  expect(emergency.callId).toContain(ids.callId.replaceAll('-', ''));
  expect(location).toMatchObject({ fixes: [], best: null, unusable: [{ source: 'INVITE', at: ids.arrivedAt }] });
  expect(introduceInAnyCase(call, ids, centre, (error) => failures.push(error))).toEqual(introduce(call, ids, centre));
  expect(failures).toHaveLength(1);
});

const someCircle = {
  format: 'GML',
  location: 'shape="Circle",crs="2d",pos="0.5 101.5",radius="45"',
  method: 'GPS',
  confidence: '',
};
