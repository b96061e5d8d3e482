/** Hand-written PIDF-LO for tests, by the examples of RFC 5491. */
export const namespaces =
  'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"' +
  ' xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:gml="http://www.opengis.net/gml"' +
  ' xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:con="urn:ietf:params:xml:ns:geopriv:conf"' +
  ' xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" entity="pres:caller@example.id"';
export const flat = 'srsName="urn:ogc:def:crs:EPSG::4326"';
export const solid = 'srsName="urn:ogc:def:crs:EPSG::4979"';
export const metres = 'uom="urn:ogc:def:uom:EPSG::9001"';
export const degrees = 'uom="urn:ogc:def:uom:EPSG::9102"';
export const pekanbaru = { latitude: 0.5071, longitude: 101.4478 };

/** A presence with these location-infos in one tuple. */
export function presence(...infos: string[]): string {
  const all = infos.map((info) => `<gp:location-info>${info}</gp:location-info>`).join('');
  return `<presence ${namespaces}><tuple id="a"><status><gp:geopriv>${all}<gp:usage-rules/></gp:geopriv></status></tuple></presence>`;
}

export const circle = `<gs:Circle ${flat}><gml:pos>0.5071 101.4478</gml:pos><gs:radius ${metres}>45</gs:radius></gs:Circle>`;
