import type { Agency } from '../agencies/agency.ts';
import type { Dispatch, DispatchMode, DispatchReason, DispatchTiming } from './dispatch.ts';

/** The PJSIP endpoint of a trunk. */
export function trunkEndpoint(trunkId: string): string {
  return `agency-${trunkId}`;
}

/** A dispatch as it is asked for: the agency's paths as they are now. */
export function planDispatch(wanted: {
  id: string;
  agency: Agency;
  mode: DispatchMode;
  reason: DispatchReason;
  timing: DispatchTiming;
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
    trunks: agency.trunks.map((trunk) => ({
      id: trunk.id,
      endpoint: trunkEndpoint(trunk.id),
      number: trunk.number,
    })),
    timing: wanted.timing,
    state: 'requested',
    outcome: null,
    acceptedAt: null,
    joinedAt: null,
    endedAt: null,
    attempts: [],
  };
}
