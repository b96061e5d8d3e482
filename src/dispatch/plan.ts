import type { Agency, SipTrunk } from '../agencies/agency.ts';
import { backupCentreId } from './backup-centre.ts';
import type { Dispatch, DispatchMode, DispatchReason, DispatchTiming } from './dispatch.ts';

/** The SIP URI of a trunk. Its parts were checked when the agency was stored: nothing in them can open a header. */
function trunkUri({ number, host, port, transport }: SipTrunk): string {
  return `sip:${number.replaceAll('#', '%23')}@${host}:${port}${transport === 'tcp' ? ';transport=tcp' : ''}`;
}

/** Another city's centre, as the agency that it is here: whoever answers there has the caller. */
export function agencyOfBackupCentre({ number, host, port }: { number: string; host: string; port: number }): Agency {
  return {
    id: backupCentreId,
    name: 'Pusat cadangan',
    nameEnglish: 'Backup centre',
    number,
    acceptance: 'answer',
    trunks: [{ id: backupCentreId, type: 'sip', transport: 'udp', host, port, number }],
    hours: [],
    alternates: [],
    districts: [],
    sop: { acceptSeconds: null, departSeconds: null, arriveSeconds: null },
    contacts: [],
    drillTrunk: null,
    version: 1,
  };
}

/** A dispatch as it is asked for: the agency's paths as they are now. */
export function planDispatch(wanted: {
  id: string;
  agency: Agency;
  mode: DispatchMode;
  reason: DispatchReason;
  timing: DispatchTiming;
  after: readonly string[];
  fallback?: Dispatch | null;
  at: number;
}): Dispatch {
  const { agency } = wanted;
  return {
    id: wanted.id,
    agencyId: agency.id,
    agencyName: agency.name,
    mode: wanted.mode,
    requestedAt: wanted.at,
    reason: wanted.reason,
    acceptance: agency.acceptance,
    trunks: agency.trunks.flatMap((trunk) => (trunk.type === 'sip' ? [{ id: trunk.id, uri: trunkUri(trunk) }] : [])),
    timing: wanted.timing,
    after: wanted.after,
    fallback: wanted.fallback ?? null,
    muted: wanted.mode === 'listen',
    state: 'requested',
    outcome: null,
    acceptedAt: null,
    joinedAt: null,
    endedAt: null,
    attempts: [],
  };
}
