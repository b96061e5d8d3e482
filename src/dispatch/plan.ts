import type { Agency, Trunk, TrunkHealth } from '../agencies/agency.ts';
import type { Way } from '../agencies/way.ts';
import type { Mode } from '../routing/rule.ts';
import { backupCentreId } from './backup-centre.ts';
import type { Dispatch, DispatchReason, DispatchTiming, TrunkPath } from './dispatch.ts';

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

/** The trunks of all agencies, as they are now. */
export interface Trunks {
  wayTo: (trunk: Trunk) => Way | { unusable: string };
  health: (trunkId: string) => TrunkHealth;
}

/** Every trunk that can be rung, in the agency's order; those that are down after all others, for they may ring yet. */
export function pathsTo({ trunks }: Agency, { wayTo, health }: Trunks): TrunkPath[] {
  const paths = trunks.flatMap((trunk): TrunkPath[] => {
    const way = wayTo(trunk);
    if ('unusable' in way) return [];
    const { endpoint, uri, shows } = way;
    return [{ id: trunk.id, endpoint, uri, ...(shows === null ? {} : { shows }) }];
  });
  const isDown = ({ id }: TrunkPath): boolean => health(id) === 'down';
  return [...paths.filter((path) => !isDown(path)), ...paths.filter(isDown)];
}

/** A dispatch as it is asked for: the agency's paths as they are now. */
export function planDispatch(wanted: {
  id: string;
  agency: Agency;
  mode: Mode;
  reason: DispatchReason;
  timing: DispatchTiming;
  after: readonly string[];
  fallback?: Dispatch | null;
  at: number;
  trunks: Trunks;
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
    trunks: pathsTo(agency, wanted.trunks),
    timing: wanted.timing,
    after: wanted.after,
    fallback: wanted.fallback ?? null,
    muted: wanted.mode === 'listen',
    state: 'requested',
    outcome: null,
    startedAt: null,
    acceptedAt: null,
    joinedAt: null,
    endedAt: null,
    attempts: [],
  };
}
