/** The identifiers under which the centres and agencies of a call speak of it (NENA-STA-010, 3.1.5; ETSI TS 103 479). */
export interface EmergencyIdentifiers {
  /** `urn:emergency:uid:callid:…` */
  readonly callId: string;
  /** `urn:emergency:uid:incidentid:…` */
  readonly incidentId: string;
}

const purposes = {
  callId: /^(emergency-callid|emergencycalldata\.callid)$/i,
  incidentId: /^(emergency-incidentid|emergencycalldata\.incidentid)$/i,
};
const urn = {
  callId: /^urn:emergency:uid:callid:[a-z0-9]{10,32}:[a-z0-9.-]{1,253}$/i,
  incidentId: /^urn:emergency:uid:incidentid:[a-z0-9]{10,32}:[a-z0-9.-]{1,253}$/i,
};

/**
 * Reads the identifiers of a Call-Info header (several values joined by commas); one that is absent or malformed is minted:
 * our own id's digits, at our host.
 * @param own UUIDs of the call and of its incident
 * @param host the centre's host name
 */
export function emergencyIdentifiers(
  callInfo: string,
  own: { readonly callId: string; readonly incidentId: string },
  host: string,
): EmergencyIdentifiers {
  const given: { callId: string | null; incidentId: string | null } = { callId: null, incidentId: null };
  for (const [, uri = '', parameters = ''] of callInfo.matchAll(/<([^<>]{1,400})>([^<]{0,200})/g)) {
    const purpose = /;\s*purpose\s*=\s*"?([A-Za-z0-9.-]{1,60})(?![^\s",;])/i.exec(parameters)?.[1] ?? '';
    if (purposes.callId.test(purpose) && urn.callId.test(uri)) given.callId ??= uri;
    if (purposes.incidentId.test(purpose) && urn.incidentId.test(uri)) given.incidentId ??= uri;
  }
  return {
    callId: given.callId ?? `urn:emergency:uid:callid:${own.callId.replaceAll('-', '')}:${host}`,
    incidentId: given.incidentId ?? `urn:emergency:uid:incidentid:${own.incidentId.replaceAll('-', '')}:${host}`,
  };
}

/**
 * The identifiers of a redial: where the network named no incident, the one of the call that it joins.
 * @param mintedFrom the incident's UUID that an identifier would have been minted from
 */
export function emergencyOfRedial(
  own: EmergencyIdentifiers,
  mintedFrom: string,
  earlier: { readonly relation: string; readonly emergencyIncidentId?: string | null } | null,
): EmergencyIdentifiers {
  const joined = earlier?.relation === 'joined' ? (earlier.emergencyIncidentId ?? null) : null;
  const minted = own.incidentId.startsWith(`urn:emergency:uid:incidentid:${mintedFrom.replaceAll('-', '')}:`);
  return joined === null || !minted ? own : { ...own, incidentId: joined };
}

/** One Call-Info header that names both, for an agency. */
export function callInfoOf({ callId, incidentId }: EmergencyIdentifiers): string {
  return `<${callId}>;purpose=emergency-CallId,<${incidentId}>;purpose=emergency-IncidentId`;
}
