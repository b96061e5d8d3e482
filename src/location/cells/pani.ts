import type { Cell } from '../fix.ts';
import { quoted } from '../plain-text.ts';

/** One access network as P-Access-Network-Info or Cellular-Network-Info names it. */
export interface AccessNetwork {
  readonly header: 'P-Access-Network-Info' | 'Cellular-Network-Info';
  /** As sent: 3GPP-E-UTRAN-FDD, IEEE-802.11, xDSL … */
  readonly accessType: string;
  /** The network itself says so, not the phone. */
  readonly networkProvided: boolean;
  /** Mobile country and network code, digits as sent; null where they cannot be told. */
  readonly mcc: string | null;
  readonly mnc: string | null;
  /** As sent: an operator can read it out to the carrier when the tower is unknown. */
  readonly cellId: string | null;
  /** The key of the tower table; null where the cell id does not fit the access type. */
  readonly cell: Cell | null;
  /** MAC address of the Wi-Fi access point: aa:bb:cc:dd:ee:ff. */
  readonly accessPoint: string | null;
  /** How many seconds ago the phone was in the cell; null where it was not said. */
  readonly age: number | null;
}

/** What a header says, and in plain words what of it cannot be used. */
interface AccessNetworkReading {
  readonly networks: AccessNetwork[];
  readonly unusable: string[];
}

/** Lengths in hexadecimal digits behind MCC and MNC: area, then cell. */
interface Layout {
  readonly area: number;
  readonly cell: number;
}

interface Radio {
  readonly radio: Cell['radio'];
  readonly name: string;
  readonly accessType: RegExp;
  readonly layouts: readonly Layout[];
}

// TS 24.229, 7.2A.4.3. A cell of LTE that hangs on a 5G core has a tracking area code of six digits.
const radios: readonly Radio[] = [
  { radio: 'GSM', name: 'GSM', accessType: /^3gpp-geran(?:-|$)/, layouts: [{ area: 4, cell: 4 }] },
  { radio: 'UMTS', name: 'UMTS', accessType: /^3gpp-utran(?:-|$)/, layouts: [{ area: 4, cell: 7 }] },
  {
    radio: 'LTE',
    name: 'LTE',
    accessType: /^3gpp-e-utran(?:-|$)/,
    layouts: [
      { area: 4, cell: 7 },
      { area: 6, cell: 7 },
    ],
  },
  { radio: 'NR', name: '5G', accessType: /^3gpp-nr(?:-|$)/, layouts: [{ area: 6, cell: 9 }] },
];

// Any of these with any radio: senders mix them up, so the access type alone tells the layout.
const cellParameters = ['utran-cell-id-3gpp', 'cgi-3gpp', 'nrcgi-3gpp', 'ncgi-3gpp', 'ncgi', 'ci-3gpp2'];
// A UTRAN service area looks like a GERAN cell but is none; the carrier knows what it covers.
const serviceAreaParameter = 'utran-sai-3gpp';

// Indonesia: where the length does not tell, its network codes still have two digits (ITU-T E.212).
const twoDigitCountries: readonly string[] = ['510'];

const mostRead = 8_192;
const mostNetworks = 16;

/**
 * Reads P-Access-Network-Info (RFC 7315, 3GPP TS 24.229 7.2A.4) or Cellular-Network-Info (7.2.15). Never throws; of a
 * long header only the first 8,192 characters and 16 networks are read. A network whose cell does not fit is still listed,
 * with what can be said of it.
 */
export function readAccessNetworks(header: AccessNetwork['header'], value: string): AccessNetworkReading {
  const unusable: string[] = [];
  const networks: AccessNetwork[] = [];
  const values = splitOutsideQuotes(bounded(value, unusable), ',').filter((part) => part.trim() !== '');
  if (values.length === 0) unusable.push('the header is empty');
  if (values.length > mostNetworks) unusable.push(`only the first ${mostNetworks} access networks were read`);
  for (const part of values.slice(0, mostNetworks)) {
    const network = readNetwork(header, part, unusable);
    if (network !== null) networks.push(network);
  }
  return { networks, unusable };
}

/** The one to trust: said by the network, then P-Access-Network-Info, then with a known cell; the first of equals. */
export function preferredNetwork(networks: readonly AccessNetwork[]): AccessNetwork | null {
  const rank = (network: AccessNetwork): number =>
    (network.networkProvided ? 4 : 0) +
    (network.header === 'P-Access-Network-Info' ? 2 : 0) +
    (network.cell === null ? 0 : 1);
  return networks.reduce<AccessNetwork | null>(
    (best, network) => (best === null || rank(network) > rank(best) ? network : best),
    null,
  );
}

/** One value of the header as a phone or network would send it. */
export function printAccessNetwork(network: AccessNetwork): string {
  const radio = radioOf(network.accessType);
  const parameter = radio?.radio === 'GSM' ? 'cgi-3gpp' : radio === null ? 'ci-3gpp2' : 'utran-cell-id-3gpp';
  return [
    network.accessType,
    ...(network.cellId === null ? [] : [`${parameter}=${network.cellId}`]),
    ...(network.accessPoint === null ? [] : [`i-wlan-node-id=${network.accessPoint.replaceAll(':', '')}`]),
    ...(network.age === null ? [] : [`cell-info-age=${network.age}`]),
    ...(network.networkProvided ? ['network-provided'] : []),
  ].join(';');
}

function bounded(value: string, unusable: string[]): string {
  if (value.length <= mostRead) return value;
  unusable.push(`the header is too long (${value.length} characters): only its beginning was read`);
  const start = value.slice(0, mostRead);
  // What was cut in two is dropped: half a cell id could pass for another cell.
  return start.slice(0, Math.max(start.lastIndexOf(';'), start.lastIndexOf(','), 0));
}

function readNetwork(header: AccessNetwork['header'], part: string, unusable: string[]): AccessNetwork | null {
  const [first = '', ...rest] = splitOutsideQuotes(part, ';');
  const accessType = unquoted(first);
  if (!/^[a-z0-9.!%*_+`'~-]{1,64}$/i.test(accessType)) {
    unusable.push(`the access type ${quoted(accessType)} is not readable`);
    return null;
  }
  const parameters = readParameters(rest);
  return {
    header,
    accessType,
    networkProvided: parameters.has('network-provided'),
    ...readCell(radioOf(accessType), parameters, unusable),
    accessPoint: readAccessPoint(parameters.get('i-wlan-node-id'), unusable),
    age: readAge(parameters.get('cell-info-age'), unusable),
  };
}

function readParameters(parts: readonly string[]): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== '' && !parameters.has(name)) parameters.set(name, equals < 0 ? '' : unquoted(part.slice(equals + 1)));
  }
  return parameters;
}

type CellPart = Pick<AccessNetwork, 'mcc' | 'mnc' | 'cellId' | 'cell'>;
const noCell: CellPart = { mcc: null, mnc: null, cellId: null, cell: null };

function readCell(radio: Radio | null, parameters: Map<string, string>, unusable: string[]): CellPart {
  const serviceArea = parameters.get(serviceAreaParameter);
  const cellId = cellParameters.map((name) => parameters.get(name)).find((id) => id !== undefined) ?? serviceArea;
  if (cellId === undefined) return noCell;
  if (!/^[0-9a-z:.-]{1,64}$/i.test(cellId)) {
    unusable.push(`the cell id ${quoted(cellId)} is not readable`);
    return noCell;
  }
  if (radio === null) return { ...noCell, cellId };
  const refused = (reason: string): CellPart => {
    unusable.push(`the cell id ${quoted(cellId)} ${reason}`);
    return { ...countryAndNetwork(cellId), cellId, cell: null };
  };
  if (cellId === serviceArea) return refused('is that of a service area, not of a cell');
  if (!/^[0-9a-f]+$/i.test(cellId)) return refused('has characters that are not hexadecimal');
  return readHex(radio, cellId, refused);
}

function readHex(radio: Radio, cellId: string, refused: (reason: string) => CellPart): CellPart {
  const fits = radio.layouts.flatMap((layout) => [2, 3].map((mncLength) => ({ ...layout, mncLength })));
  const fit = fits.find(({ area, cell, mncLength }) => cellId.length === 3 + mncLength + area + cell);
  if (fit === undefined) {
    const longest = Math.max(...fits.map(({ area, cell, mncLength }) => 3 + mncLength + area + cell));
    return refused(`is too ${cellId.length > longest ? 'long' : 'short'} for ${radio.name}`);
  }
  const mcc = cellId.slice(0, 3);
  const mnc = cellId.slice(3, 3 + fit.mncLength);
  if (!/^\d+$/.test(mcc + mnc) || mcc === '000') return refused('does not begin with a country and a network');
  const area = Number.parseInt(cellId.slice(-fit.cell - fit.area, -fit.cell), 16);
  const cell = Number.parseInt(cellId.slice(-fit.cell), 16);
  if (area === 0 && cell === 0) return refused('has only zeros for the cell');
  return { mcc, mnc, cellId, cell: { radio: radio.radio, mcc: Number(mcc), mnc: Number(mnc), area, cell } };
}

function countryAndNetwork(cellId: string): Pick<CellPart, 'mcc' | 'mnc'> {
  const mcc = /^\d{3}/.exec(cellId)?.[0] ?? null;
  if (mcc === null || mcc === '000') return { mcc: null, mnc: null };
  const mnc = twoDigitCountries.includes(mcc) ? (/^\d{2}/.exec(cellId.slice(3))?.[0] ?? null) : null;
  return { mcc, mnc };
}

function readAccessPoint(id: string | undefined, unusable: string[]): string | null {
  if (id === undefined || id === '') return null;
  const digits = id.length > 64 ? '' : id.replace(/[:.-]/g, '').toLowerCase();
  if (!/^[0-9a-f]{12}$/.test(digits)) {
    unusable.push(`the Wi-Fi access point ${quoted(id)} is no MAC address`);
    return null;
  }
  if (digits === '000000000000' || digits === 'ffffffffffff') {
    unusable.push('the address of the Wi-Fi access point is a placeholder');
    return null;
  }
  return digits.match(/../g)?.join(':') ?? null;
}

function readAge(age: string | undefined, unusable: string[]): number | null {
  if (age === undefined) return null;
  if (/^\d{1,9}$/.test(age)) return Number(age);
  unusable.push(`the age of the cell ${quoted(age)} is no number of seconds`);
  return null;
}

function radioOf(accessType: string): Radio | null {
  const type = accessType.toLowerCase();
  return radios.find((radio) => radio.accessType.test(type)) ?? null;
}

/** Splits where the separator is outside quotes; a quote that never ends counts for none, or it would hide the rest. */
function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\' && quoted) at += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  if (quoted) return text.split(separator);
  return [...parts, text.slice(start)];
}

function unquoted(text: string): string {
  const trimmed = text.trim();
  const start = trimmed.startsWith('"') ? 1 : 0;
  const end = trimmed.length > start && trimmed.endsWith('"') ? trimmed.length - 1 : trimmed.length;
  return trimmed.slice(start, end).trim();
}
