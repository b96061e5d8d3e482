import type { CallOrigin } from './call.ts';

/** A caller's channel with the variables that the dialplan set, decoded. */
export interface NotedChannel {
  readonly sipCallId: string | null;
  readonly callerNumber: string | null;
  readonly callerName: string | null;
  readonly variables: Readonly<Record<string, string>>;
}

/** The variables of the dialplan that carry a SIP header, by the header's name. */
const headerVariables: Record<string, string> = {
  SIAGA_PAI: 'P-Asserted-Identity',
  SIAGA_RPID: 'Remote-Party-ID',
  SIAGA_FROM: 'From',
  SIAGA_CONTACT: 'Contact',
  SIAGA_PANI: 'P-Access-Network-Info',
  SIAGA_CNI: 'Cellular-Network-Info',
  SIAGA_GEOLOCATION: 'Geolocation',
  SIAGA_CALL_INFO: 'Call-Info',
};

/** What the dialplan noted of an INVITE, out of the channel's variables. */
export function originOf(channel: NotedChannel): CallOrigin {
  const headers: Record<string, string> = {};
  for (const [variable, header] of Object.entries(headerVariables)) {
    const value = channel.variables[variable];
    if (value !== undefined) headers[header] = value;
  }
  const anonymous = channel.callerNumber === null || /^(anonymous|unknown)?$/i.test(channel.callerNumber);
  return {
    sipCallId: channel.sipCallId,
    callerNumber: anonymous ? null : channel.callerNumber,
    callerName: channel.callerName,
    carrier: channel.variables['SIAGA_CARRIER'] ?? null,
    dialled: channel.variables['SIAGA_DIALLED'] ?? null,
    source: channel.variables['SIAGA_SOURCE'] ?? null,
    headers,
    location: locationOf(channel.variables),
  };
}

function locationOf(variables: NotedChannel['variables']): CallOrigin['location'] {
  const format = variables['SIAGA_LOCATION_FORMAT'];
  const location = variables['SIAGA_LOCATION'];
  if (format === undefined || location === undefined) return null;
  const confidence = variables['SIAGA_LOCATION_CONFIDENCE'] ?? '';
  return { format, location, method: variables['SIAGA_LOCATION_METHOD'] ?? '', confidence };
}
