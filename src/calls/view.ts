import { z } from 'zod';
import { incidentNumber } from '../incidents/incident-number.ts';
import { mayKnow } from '../incidents/need-to-know.ts';
import { isConfidential } from '../routing/kind.ts';
import { bestFixView, emptyLocationView, locationView, viewOfBest, viewOfLocation } from '../location/view.ts';
import type { Principal } from '../platform/auth.ts';
import { isoTime, isoTimeOrNull } from '../platform/text.ts';
import type { Call } from './call.ts';
import type { CallerHistory, EarlierCall } from './history.ts';
import { ownerOf, stoppedLegs } from './decide-media.ts';
import { mediaRoles } from './media.ts';
import { packetsOf, type Silence } from './silence.ts';
import type { Monitor } from './monitor.ts';
import { type Party, partyPurposes } from './party.ts';

const identityView = z.object({
  /** E.164. */
  number: z.string().nullable(),
  numberFrom: z.string().nullable(),
  imei: z.string().nullable(),
  callable: z.boolean(),
  notCallable: z.string().nullable(),
  trunk: z.string().nullable(),
  network: z.string().nullable(),
});

const emergencyView = z.object({ callId: z.string(), incidentId: z.string() });

const silenceView = z.object({
  /** Nothing was heard from the caller for as long as the settings say. */
  silent: z.boolean(),
  /** When he was last heard, or since when he could have been. */
  since: z.string(),
  packets: z.enum(['arriving', 'none', 'unknown']),
  /** The latest question for a key. `answers` are those of all questions, oldest first. */
  question: z
    .object({
      askedAt: z.string(),
      by: z.string(),
      stage: z.enum(['question', 'kinds', 'done']),
      answers: z.array(
        z.object({
          key: z.string(),
          at: z.string(),
          meaning: z.string(),
          /** The kind of incident it suggests; the operator classifies. */
          kind: z.string().nullable(),
        }),
      ),
    })
    .nullable(),
});

const mediaView = z.object({
  leg: z.enum(mediaRoles),
  /** Of the operator, supervisor or agency; null for the caller and for somebody outside. */
  id: z.string().nullable(),
  channelId: z.string(),
  since: z.string(),
});

export const monitorView = z.object({
  id: z.string(),
  /** Null while the line looks for a supervisor. */
  operatorId: z.string().nullable(),
  mode: z.enum(['listen', 'whisper', 'barge']),
  state: z.enum(['reserving', 'ringing', 'entered', 'joined']),
  since: z.string(),
  by: z.string(),
});
export type MonitorView = z.output<typeof monitorView>;
const holdView = z.object({ since: z.string(), because: z.enum(['operator', 'consult', 'phone']) });

/** Somebody whom the operator brought, or is bringing. */
export const partyView = z.object({
  id: z.string(),
  purpose: z.enum(partyPurposes),
  state: z.enum(['reserving', 'ringing', 'entered', 'joined']),
  /** Null for somebody outside, and until the line has named one. */
  operatorId: z.string().nullable(),
  number: z.string().nullable(),
  requestedAt: z.string(),
  talkingAt: z.string().nullable(),
});

/** A call in a list. */
export const callView = z.object({
  id: z.string(),
  incidentId: z.string(),
  /** Six digits, as people say them on the telephone. */
  incidentNumber: z.string(),
  stage: z.string(),
  outcome: z.string().nullable(),
  reason: z.string().nullable(),
  arrivedAt: z.string(),
  answeredAt: z.string().nullable(),
  firstTalkAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /** As the network gave it; `identity.number` is what to call back. */
  callerNumber: z.string().nullable(),
  callerName: z.string().nullable(),
  carrier: z.string().nullable(),
  dialled: z.string().nullable(),
  source: z.string().nullable(),
  sipCallId: z.string().nullable(),
  channelId: z.string(),
  node: z.string(),
  operatorId: z.string().nullable(),
  /** Supervisors who are on it now; none on a call that is over. */
  monitors: z.array(monitorView),
  /** The caller waits with music; `phone`: held by the button of the operator's softphone. */
  hold: holdView.nullable(),
  /** The others do not hear the operator. */
  muted: z.boolean(),
  parties: z.array(partyView),
  /** `controller`, or `cel` for a call that no controller saw. */
  recordedBy: z.enum(['controller', 'cel']),
  headers: z.record(z.string(), z.string()),
  /** Null for a call that no controller saw. */
  identity: identityView.nullable(),
  emergency: emergencyView.nullable(),
  bestFix: bestFixView.nullable(),
  /** Null for a call that has ended, which its timeline tells of. */
  silence: silenceView.nullable(),
  /** Of whom no media come, though he talks; none on a call that is over. */
  mediaStopped: z.array(mediaView),
});
export type CallView = z.output<typeof callView>;

const earlierCallView = z.object({
  callId: z.string(),
  incidentId: z.string(),
  arrivedAt: z.string(),
  outcome: z.string().nullable(),
  kind: z.string().nullable(),
  disposition: z.string().nullable(),
  linkedBy: z.enum(['number', 'imei']),
});

export const historyView = z.object({
  calls: z.array(earlierCallView),
  nonUnique: z.array(z.enum(['number', 'imei'])),
});
export type HistoryView = z.output<typeof historyView>;

/** A call by itself: with every location, and what is on record of the caller. */
export const callDetailView = callView.extend({
  location: locationView,
  /** Null while it is not known. Confidential incidents are in it for those only who may know of them. */
  history: historyView.nullable(),
});
export type CallDetailView = z.output<typeof callDetailView>;

/** A live call as REST lists it. */
export function viewOfCall(call: Call): CallView {
  const { origin } = call;
  return {
    id: call.id,
    incidentId: call.incident.id,
    incidentNumber: incidentNumber(call.incident.id),
    stage: call.stage,
    outcome: call.outcome,
    reason: call.reason,
    arrivedAt: isoTime(call.arrivedAt),
    answeredAt: isoTimeOrNull(call.answeredAt),
    firstTalkAt: isoTimeOrNull(call.firstTalkAt),
    endedAt: isoTimeOrNull(call.endedAt),
    callerNumber: origin.callerNumber,
    callerName: origin.callerName,
    carrier: origin.carrier,
    dialled: origin.dialled,
    source: origin.source,
    sipCallId: origin.sipCallId,
    channelId: call.channelId,
    node: call.node,
    // Who talked with a live caller, and has gone, is on the call no more.
    operatorId: call.operator?.operatorId ?? (call.endedAt === null ? null : call.talkedWith),
    monitors: call.monitors.map(viewOfMonitor),
    hold: viewOfHold(call),
    muted: call.muted,
    parties: call.parties.map(viewOfParty),
    recordedBy: 'controller',
    headers: origin.headers,
    identity: call.identity,
    emergency: call.emergency,
    bestFix: call.location.best === null ? null : viewOfBest(call.location.best),
    silence: call.endedAt === null ? viewOfSilence(call.silence) : null,
    mediaStopped: stoppedLegs(call).map(({ channelId, since }) => ({
      ...ownerOf(call, channelId),
      channelId,
      since: isoTime(since),
    })),
  };
}

function viewOfSilence(silence: Silence): z.output<typeof silenceView> {
  const { silent, since, question } = silence;
  return {
    silent,
    since: isoTime(since),
    packets: packetsOf(silence),
    question:
      question === null
        ? null
        : {
            askedAt: isoTime(question.askedAt),
            by: question.by,
            stage: question.stage,
            answers: question.answers.map((answer) => ({ ...answer, at: isoTime(answer.at) })),
          },
  };
}

/** A supervisor on a live call. */
export function viewOfMonitor({ id, operatorId, mode, state, since, by }: Monitor): MonitorView {
  return { id, operatorId, mode, state, since: isoTime(since), by };
}

function viewOfHold({ hold, phoneHold }: Call): CallView['hold'] {
  if (hold !== null) return { since: isoTime(hold.since), because: hold.because };
  return phoneHold === null ? null : { since: isoTime(phoneHold.since), because: 'phone' };
}

export function viewOfParty(party: Party): z.output<typeof partyView> {
  const { id, purpose, state, operatorId, target, requestedAt, talkingAt } = party;
  const number = 'number' in target ? target.number : null;
  const times = { requestedAt: isoTime(requestedAt), talkingAt: isoTimeOrNull(talkingAt) };
  return { id, purpose, state, operatorId, number, ...times };
}

/** What a call that has ended has no more. */
export const nothingUnderWay = { hold: null, muted: false, parties: [], monitors: [], silence: null, mediaStopped: [] };

/** A live call by itself with a history, as the one who asks may see it. */
export function detailOfCall(
  call: Call,
  history: CallerHistory | null,
  who: Pick<Principal, 'role' | 'operatorId'>,
): CallDetailView {
  return {
    ...viewOfCall(call),
    location: viewOfLocation(call.location),
    history: history === null ? null : viewOfHistory(history, knownTo(history.calls, who)),
  };
}

/**
 * What a screen pop and its updates carry: the call, and of its history nothing confidential. An event reaches many
 * screens and no reading of it is audited: whoever may know more asks for the call.
 */
export function screenOfCall(call: Call): CallDetailView {
  const { history } = call;
  return {
    ...viewOfCall(call),
    location: viewOfLocation(call.location),
    history:
      history === null
        ? null
        : viewOfHistory(
            history,
            history.calls.filter(({ kind }) => !isConfidential(kind)),
          ),
  };
}

/** Those of the earlier calls that somebody may know of. */
export function knownTo(calls: readonly EarlierCall[], who: Pick<Principal, 'role' | 'operatorId'>): EarlierCall[] {
  return calls.filter((earlier) => mayKnow(who, circleOf(earlier)));
}

export function viewOfHistory({ nonUnique }: CallerHistory, shown: readonly EarlierCall[]): HistoryView {
  return {
    calls: shown.map((earlier) => earlierCallView.parse({ ...earlier, arrivedAt: isoTime(earlier.arrivedAt) })),
    nonUnique: [...nonUnique],
  };
}

/** What is left of a call for somebody who may know that it was, and not who called from where. */
export function withoutCaller(view: CallDetailView): CallDetailView {
  return { ...view, ...hiddenCaller, location: emptyLocationView, history: null };
}

/** The fields of a list that tell who called, emptied. */
export const hiddenCaller = {
  callerNumber: null,
  callerName: null,
  headers: {},
  identity: null,
  emergency: null,
  bestFix: null,
  silence: null,
  parties: [],
};

function circleOf({ kind, operatorIds }: EarlierCall): { kind: string | null; operatorIds: readonly string[] } {
  return { kind, operatorIds };
}
