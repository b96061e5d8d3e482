import { completedDispatch } from '../dispatch/dispatch.ts';
import { nowhere } from '../location/location.ts';
import { defaultSettings } from '../settings/setting.ts';
import type { Call } from './call.ts';
import { emergencyIdentifiers } from './emergency-id.ts';
import { identityOf } from './identity.ts';

/** A call's state as an older version has written it, with what calls have by now. */
export function completedCall(before: Call): Call {
  const state = { ...before, dispatches: before.dispatches.map(completedDispatch) };
  const written: Partial<Call> = state;
  if (written.identity !== undefined) return state;
  const { origin, id, incident } = state;
  const identity = identityOf({
    headers: origin.headers,
    channelNumber: origin.callerNumber,
    trunk: origin.carrier,
    network: null,
    placeholders: [],
  });
  const ids = { callId: id, incidentId: incident.id };
  const emergency = emergencyIdentifiers(origin.headers['Call-Info'] ?? '', ids, defaultSettings.domain);
  const missing: Partial<Call> = { identity, emergency, location: nowhere };
  return { ...missing, ...state };
}
