import type {
  OutgoingCall,
  OutgoingEffect,
  OutgoingFact,
  OutgoingOutcome,
  OutgoingPrompt,
  ReservationOutcome,
} from './outgoing.ts';

/** A decision in the making: the call's next state, what is to be done, and what is to be told. */
export interface Step {
  readonly call: OutgoingCall;
  readonly at: number;
  readonly effects: OutgoingEffect[];
  readonly facts: OutgoingFact[];
}

/** Tells the operator that nothing comes of it, if he is on the line, and ends. */
export function close(step: Step, outcome: OutgoingOutcome, reason: string, prompt: OutgoingPrompt): void {
  const { call, effects } = step;
  call.outcome = outcome;
  call.reason = reason;
  if (call.operator.state !== 'entered') return finish(step);
  if (call.stage === 'ringing') {
    if (call.sound === null) effects.push({ do: 'stop-ring-tone', channelId: call.operator.channelId });
    else effects.push({ do: 'stop-sound', channelId: call.operator.channelId, soundId: call.sound });
  }
  call.stage = 'closing';
  call.timers = { closing: step.at + call.timing.closing };
  play(step, prompt);
}

/** Ends it at once; `freed` is what the line is told of the operator. */
export function end(step: Step, outcome: OutgoingOutcome, reason: string, freed?: ReservationOutcome): void {
  const { call } = step;
  // What was said already, while the prompt told the operator, stands.
  call.outcome ??= outcome;
  call.reason ??= reason;
  finish(step, freed);
}

/** Hangs up whoever is left, frees the operator and tells the outcome. */
export function finish(step: Step, freed?: ReservationOutcome): void {
  const { call, effects } = step;
  const talked = call.operator.state === 'entered' || call.outside.state !== 'planned';
  report(step, freed ?? (talked || call.operator.state === 'gone' ? 'finished' : 'not-needed'));
  for (const leg of [call.outside, call.operator]) {
    if (leg.state === 'ringing' || leg.state === 'entered') effects.push({ do: 'hang-up', channelId: leg.channelId });
    if (leg.state !== 'planned') leg.state = 'gone';
  }
  if (call.bridgeId !== null) effects.push({ do: 'destroy-bridge', bridgeId: call.bridgeId });
  call.stage = 'ended';
  call.endedAt = step.at;
  call.timers = {};
  call.sound = null;
  tell(step, call.outcome === 'refused' ? 'outgoing.refused' : 'outgoing.ended');
}

/** Tells the line how it goes with the operator whom it reserved. */
export function report({ call, effects }: Step, outcome: ReservationOutcome): void {
  if (call.assignment === null || call.operatorId === null) return;
  const { assignmentId } = call.assignment;
  effects.push({ do: 'operator-outcome', operatorId: call.operatorId, assignmentId, outcome });
}

/** Says something to the operator. */
export function play({ call, effects }: Step, prompt: OutgoingPrompt): void {
  call.sounds += 1;
  const soundId = `${call.id}.s${call.sounds}`;
  call.sound = soundId;
  effects.push({ do: 'play', channelId: call.operator.channelId, soundId, prompt });
}

/** Adds a line to the incident's timeline. */
export function tell({ call, facts, at }: Step, type: OutgoingFact['type']): void {
  const { id, operatorId, purpose, callbackId, outcome, reason, answeredAt } = call;
  const over = type === 'outgoing.ended' || type === 'outgoing.refused';
  const seconds = answeredAt === null ? 0 : Math.round((at - answeredAt) / 1_000);
  facts.push({
    type,
    detail: {
      outgoingId: id,
      operatorId,
      purpose,
      ...(callbackId === null ? {} : { callbackId }),
      ...(over ? { outcome, reason, seconds } : {}),
    },
  });
}
