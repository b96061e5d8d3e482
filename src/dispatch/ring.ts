import type { AriCommands } from '../asterisk/commands.ts';
import { callerId, ringLeg } from '../asterisk/legs.ts';
import { incidentNumber } from '../incidents/incident-number.ts';
import { findKind } from '../routing/kind.ts';
import type { RingJob, RingResult } from './dispatch.ts';

/**
 * Rings one trunk of an agency; the same in a worker and in line. Late, it does nothing: the call's owner has gone on by
 * then. Done twice, it rings once: the channel's id is the attempt's.
 */
export async function ringTrunk(ari: AriCommands, job: RingJob, now: number): Promise<RingResult> {
  if (now > job.expiresAt) return { result: 'expired' };
  const kind = findKind(job.kind ?? '');
  const answer = await ringLeg(ari, {
    channelId: job.channelId,
    endpoint: job.endpoint,
    ...(job.uri === null ? {} : { uri: job.uri }),
    // The dialplan throws one who listens at nobody.
    role: job.mode === 'listen' ? 'monitor' : 'agency',
    application: job.application,
    callId: job.callId,
    callerChannelId: job.callerChannelId,
    callerId: callerId(null, job.callerNumber),
    ring: job.ring,
    variables: {
      // Without a caller nobody has this leg once its controller has died.
      ...(job.callerChannelId === null && job.mode !== 'listen' ? { SIAGA_OUTGOING: '1' } : {}),
      ...(job.mode === 'listen' ? { SIAGA_ROLE: 'monitor' } : {}),
      ...(job.location === null
        ? {}
        : {
            // Without it Asterisk leaves out everything around the location, and the document is no PIDF-LO.
            'GEOLOC_PROFILE(pidf_element)': 'device',
            'GEOLOC_PROFILE(format)': job.location.format,
            'GEOLOC_PROFILE(location_info)': job.location.locationInfo,
          }),
      ...(job.callInfo === '' ? {} : { 'PJSIP_HEADER(add,Call-Info)': job.callInfo }),
      'PJSIP_HEADER(add,X-Siaga-Incident)': job.incidentId,
      'PJSIP_HEADER(add,X-Siaga-Dispatch)': job.dispatchId,
      'PJSIP_HEADER(add,X-Siaga-Incident-Number)': incidentNumber(job.incidentId),
      // A kind of ours, or none: nothing else gets into a header.
      ...(kind === undefined ? {} : { 'PJSIP_HEADER(add,X-Siaga-Kind)': kind.id }),
    },
  });
  if (answer.ok) return { result: 'taken' };
  return answer.failure === 'gone' ? { result: 'gone' } : { result: 'refused', reason: answer.reason };
}
