import type { KeyedEffect, KeyedInput } from '../asterisk/keyed-call.ts';
import { longestPin, type Dialled } from './codes.ts';

/** What is said to the operator; the name of the sound. */
export type DeskPrompt =
  | 'enter-pin'
  | 'done'
  | 'logged-in'
  | 'logged-out'
  | 'log-in-refused'
  | 'paused'
  | 'available'
  | 'code-unknown'
  | 'code-refused';

/** A phone on which somebody has dialled something, from then until it is hung up or handed on. Plain JSON. */
export interface DeskCall {
  readonly channelId: string;
  /** The SIP account of the phone. */
  readonly account: string;
  readonly dialled: Dialled;
  /** `dialled`: nothing is done yet; `asking`: for a PIN; `working`: somebody sees to the code; `speaking`: the answer is said; `over`: nothing is left to do. */
  stage: 'dialled' | 'asking' | 'working' | 'speaking' | 'over';
  answered: boolean;
  /** The digits of a PIN so far. */
  typed: string;
  /** The sound that is heard; null when none is. */
  sound: string | null;
  sounds: number;
  /** Epoch milliseconds: when the stage ends by itself, and the whole. */
  stageEndsAt: number;
  endsAt: number;
}

export type DeskInput =
  | KeyedInput
  | { type: 'entered'; at: number }
  /** The code was seen to: what is said of it. Null: the channel has got another owner. */
  | { type: 'answered'; at: number; prompt: DeskPrompt | null };

/** What is carried out is the code; its outcome is the input `answered`. */
export type DeskEffect = KeyedEffect<Dialled>;

/** Milliseconds: for the next key of a PIN, and for a code to be seen to. */
export const stageLimit = 10_000;
/** Whatever happens, no longer than this. */
export const wholeLimit = 60_000;

export function newDeskCall(channelId: string, account: string, dialled: Dialled, at: number): DeskCall {
  return {
    channelId,
    account,
    dialled,
    stage: 'dialled',
    answered: false,
    typed: '',
    sound: null,
    sounds: 0,
    stageEndsAt: at + stageLimit,
    endsAt: at + wholeLimit,
  };
}

/** What follows from an input. Pure; every input may come late, twice or never, and every way ends in `over`. */
export function decideDesk(call: DeskCall, input: DeskInput): { call: DeskCall; effects: DeskEffect[] } {
  if (call.stage === 'over') return { call, effects: [] };
  switch (input.type) {
    case 'entered':
      return entered(call, input.at);
    case 'key-pressed':
      return keyPressed(call, input.key, input.at);
    case 'sound-ended':
      return soundEnded(call, input);
    case 'answered':
      if (call.stage !== 'working') return { call, effects: [] };
      return input.prompt === null ? over(call, []) : say(call, input.prompt, input.at);
    case 'timer':
      return timer(call, input.at);
    case 'gone':
      return over(call, []);
  }
}

type Decision = ReturnType<typeof decideDesk>;

function entered(call: DeskCall, at: number): Decision {
  const { dialled } = call;
  // It may be told twice.
  if (call.stage !== 'dialled') return { call, effects: [] };
  if (dialled.code !== 'log-in' || dialled.pin !== null) return carryOut(call, dialled, at);
  const asked = say(call, 'enter-pin', at);
  return { call: { ...asked.call, stage: 'asking', stageEndsAt: call.endsAt }, effects: asked.effects };
}

function keyPressed(call: DeskCall, key: string, at: number): Decision {
  if (call.stage !== 'asking' || call.dialled.code !== 'log-in') return { call, effects: [] };
  const stop: DeskEffect[] = call.sound === null ? [] : [{ do: 'stop-sound', soundId: call.sound }];
  const quiet = { ...call, sound: null, stageEndsAt: at + stageLimit };
  if (key === '#') {
    const done = carryOut(quiet, { ...call.dialled, pin: call.typed }, at);
    return { call: done.call, effects: [...stop, ...done.effects] };
  }
  // A star begins anew.
  const typed = key === '*' ? '' : `${call.typed}${key}`.slice(0, longestPin + 1);
  return { call: { ...quiet, typed }, effects: stop };
}

function soundEnded(call: DeskCall, { soundId, at }: { soundId: string; at: number }): Decision {
  if (call.sound !== soundId) return { call, effects: [] };
  const quiet = { ...call, sound: null };
  if (call.stage === 'speaking') return over(quiet, [{ do: 'hang-up' }]);
  return { call: call.stage === 'asking' ? { ...quiet, stageEndsAt: at + stageLimit } : quiet, effects: [] };
}

function timer(call: DeskCall, at: number): Decision {
  if (at >= call.endsAt) return over(call, [{ do: 'hang-up' }]);
  if (at < call.stageEndsAt) return { call, effects: [] };
  if (call.stage === 'speaking') return over(call, [{ do: 'hang-up' }]);
  // Whoever types no PIN, and what nobody has seen to.
  return say(call, call.stage === 'asking' ? 'log-in-refused' : 'code-refused', at);
}

function carryOut(call: DeskCall, dialled: Dialled, at: number): Decision {
  return {
    call: { ...call, stage: 'working', typed: '', stageEndsAt: at + stageLimit },
    effects: [{ do: 'carry-out', work: dialled }],
  };
}

function say(call: DeskCall, prompt: DeskPrompt, at: number): Decision {
  const sounds = call.sounds + 1;
  const soundId = `${call.channelId}.d${sounds}`;
  const answer: DeskEffect[] = call.answered ? [] : [{ do: 'answer' }];
  return {
    call: { ...call, stage: 'speaking', answered: true, sound: soundId, sounds, stageEndsAt: at + stageLimit },
    effects: [...answer, { do: 'play', prompt, soundId }],
  };
}

function over(call: DeskCall, effects: DeskEffect[]): Decision {
  return { call: { ...call, stage: 'over' }, effects };
}
