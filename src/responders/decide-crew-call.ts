import type { KeyedEffect, KeyedInput } from '../asterisk/keyed-call.ts';
import type { ResponseState } from './response.ts';

/** What is said to a crew; the name of the sound. */
export type CrewPrompt =
  | 'crew-number'
  | 'crew-pin'
  | 'crew-wrong'
  | 'crew-locked'
  | 'crew-keys'
  | `crew-${ResponseState}`
  | 'crew-behind'
  | 'crew-called-off'
  | 'crew-unavailable'
  | 'crew-goodbye';

/** A crew on the telephone, from the claim to the hang-up. Plain JSON. */
export interface CrewCall {
  readonly channelId: string;
  /** Its number as the network says it, or the account of an agency's desk: no proof of anything. */
  readonly caller: string;
  /**
   * `number`, `pin`: six digits are keyed; `checking`: somebody looks whether they are right; `keys`: they are, and one key
   * is a step; `noting`: it is written down; `ending`: the last words are said; `over`: nothing is left to do.
   */
  stage: 'new' | 'number' | 'pin' | 'checking' | 'keys' | 'noting' | 'ending' | 'over';
  /** The digits so far. */
  typed: string;
  /** The incident's number, as far as it is known. */
  number: string;
  /** Whose crew it is and on what; null until the PIN was right. */
  dispatchId: string | null;
  wrong: number;
  /** How often it was said what to key, and nothing that helps came. */
  asked: number;
  sound: string | null;
  sounds: number;
  /** Epoch milliseconds. */
  stageEndsAt: number;
  endsAt: number;
}

/** What is to be looked up or written down; the outcome comes as the input of that name. */
export type CrewWork =
  | { readonly what: 'check'; readonly number: string; readonly pin: string }
  | { readonly what: 'note'; readonly dispatchId: string; readonly state: ResponseState };

export type CrewInput =
  | KeyedInput
  /** `locked`: of this caller enough has gone wrong. */
  | { type: 'entered'; at: number; locked: boolean }
  | { type: 'checked'; at: number; outcome: 'wrong' | 'locked' | 'unavailable' | { readonly dispatchId: string } }
  | { type: 'noted'; at: number; outcome: ResponseState | 'behind' | 'called-off' | 'unavailable' };

export type CrewEffect = KeyedEffect<CrewWork>;

/** Milliseconds without a key: while six digits are keyed, and before the first or for a step. */
const nextKey = 5_000;
export const firstKey = 8_000;
/** No prompt is longer; the end of one may never be told. */
const longestSound = 15_000;
const workLimit = 10_000;
/** Whatever happens, no longer than this. */
export const crewLimit = 120_000;
const digits = 6;
const wrongLimit = 3;
const askLimit = 3;
const nothingButZeros = /^0+$/;

const steps: Readonly<Record<string, ResponseState>> = {
  '1': 'acknowledged',
  '2': 'en-route',
  '3': 'on-scene',
  '4': 'done',
};

export function newCrewCall(channelId: string, caller: string, at: number): CrewCall {
  return {
    channelId,
    caller,
    stage: 'new',
    typed: '',
    number: '',
    dispatchId: null,
    wrong: 0,
    asked: 0,
    sound: null,
    sounds: 0,
    stageEndsAt: at + workLimit,
    endsAt: at + crewLimit,
  };
}

type Decision = { call: CrewCall; effects: CrewEffect[] };

/**
 * What follows from an input: number and PIN of six digits each, then a key for each step. Zeros and nothing behind them
 * are an emergency: the call becomes a 112 call. Pure; every input may come late, twice or never, and every way ends in `over`.
 */
export function decideCrewCall(call: CrewCall, input: CrewInput): Decision {
  if (call.stage === 'over') return { call, effects: [] };
  switch (input.type) {
    case 'entered':
      return entered(call, input);
    case 'key-pressed':
      return keyPressed(call, input.key, input.at);
    case 'sound-ended':
      return soundEnded(call, input);
    case 'checked':
      return checked(call, input);
    case 'noted':
      return noted(call, input);
    case 'timer':
      return timer(call, input.at);
    case 'gone':
      return over(call, []);
  }
}

function entered(call: CrewCall, { at, locked }: Extract<CrewInput, { type: 'entered' }>): Decision {
  // It may be told twice.
  if (call.stage !== 'new') return { call, effects: [] };
  const said = locked ? say(call, 'ending', 'crew-locked', at) : say(call, 'number', 'crew-number', at);
  return { call: said.call, effects: [{ do: 'answer' }, ...said.effects] };
}

function keyPressed(call: CrewCall, key: string, at: number): Decision {
  switch (call.stage) {
    case 'number':
    case 'pin':
      return digitPressed(call, key, at);
    case 'keys': {
      const state = steps[key];
      if (key === '0') return emergency(call);
      if (state === undefined || call.dispatchId === null) return ask(call, 'keys', at);
      const work = { what: 'note' as const, dispatchId: call.dispatchId, state };
      return carryOut({ ...call, stage: 'noting', asked: 0 }, work, at);
    }
    case 'ending':
      return key === '0' ? emergency(call) : { call, effects: [] };
    case 'new':
    case 'checking':
    case 'noting':
    case 'over':
      return { call, effects: [] };
  }
}

function digitPressed(call: CrewCall, key: string, at: number): Decision {
  // A star begins anew, with the incident.
  if (key === '*') return say({ ...call, number: '' }, 'number', 'crew-number', at);
  // Some press the hash key behind every number.
  if (!/^\d$/.test(key)) return { call, effects: [] };
  const typed = call.typed + key;
  const { call: quiet, effects } = hush({ ...call, typed, stageEndsAt: at + nextKey });
  if (typed.length < digits) return { call: quiet, effects };
  // More zeros than a number has: he presses on, and nobody is to ask him for a PIN.
  if (call.stage === 'number' && nothingButZeros.test(typed)) return emergency({ ...call, typed });
  if (call.stage === 'number') return say({ ...quiet, number: typed, asked: 0 }, 'pin', 'crew-pin', at, effects);
  const done = carryOut(
    { ...quiet, stage: 'checking', asked: 0 },
    { what: 'check', number: call.number, pin: typed },
    at,
  );
  return { call: done.call, effects: [...effects, ...done.effects] };
}

function soundEnded(call: CrewCall, { soundId, at }: Extract<CrewInput, { type: 'sound-ended' }>): Decision {
  if (call.sound !== soundId) return { call, effects: [] };
  const quiet = { ...call, sound: null };
  if (call.stage === 'ending') return over(quiet, [{ do: 'hang-up' }]);
  const waits = call.stage === 'number' || call.stage === 'pin' || call.stage === 'keys';
  return { call: waits ? { ...quiet, stageEndsAt: at + firstKey } : quiet, effects: [] };
}

function checked(call: CrewCall, { outcome, at }: Extract<CrewInput, { type: 'checked' }>): Decision {
  if (call.stage !== 'checking') return { call, effects: [] };
  if (outcome === 'unavailable') return say(call, 'ending', 'crew-unavailable', at);
  if (outcome === 'locked') return say(call, 'ending', 'crew-locked', at);
  if (outcome !== 'wrong') return say({ ...call, dispatchId: outcome.dispatchId }, 'keys', 'crew-keys', at);
  const wrong = call.wrong + 1;
  if (wrong >= wrongLimit) return say({ ...call, wrong }, 'ending', 'crew-locked', at);
  return say({ ...call, wrong, number: '' }, 'number', 'crew-wrong', at);
}

function noted(call: CrewCall, { outcome, at }: Extract<CrewInput, { type: 'noted' }>): Decision {
  if (call.stage !== 'noting') return { call, effects: [] };
  const last = outcome === 'done' || outcome === 'called-off';
  return say(call, last ? 'ending' : 'keys', `crew-${outcome}`, at);
}

function timer(call: CrewCall, at: number): Decision {
  if (at >= call.endsAt) return over(call, [{ do: 'hang-up' }]);
  if (at < call.stageEndsAt) return { call, effects: [] };
  switch (call.stage) {
    case 'number':
    case 'pin':
      // Whoever is afraid may press it more than once.
      return nothingButZeros.test(call.typed) ? emergency(call) : ask(call, call.stage, at);
    case 'keys':
      return ask(call, 'keys', at);
    case 'new':
    case 'checking':
      return say(call, 'ending', 'crew-unavailable', at);
    case 'noting':
      // It may have been written down all the same: a step told twice is one.
      return say(call, 'keys', 'crew-unavailable', at);
    case 'ending':
    case 'over':
      return over(call, [{ do: 'hang-up' }]);
  }
}

const questions = { number: 'crew-number', pin: 'crew-pin', keys: 'crew-keys' } as const;

/** Says once more what is to be keyed, until that is enough. */
function ask(call: CrewCall, stage: keyof typeof questions, at: number): Decision {
  const asked = call.asked + 1;
  if (asked >= askLimit) return say({ ...call, asked }, 'ending', 'crew-goodbye', at);
  return say({ ...call, asked }, stage, questions[stage], at);
}

/** To the operators, as somebody who dialled 112. */
function emergency(call: CrewCall): Decision {
  const { call: quiet, effects } = hush(call);
  return over(quiet, [...effects, { do: 'hand-on', context: 'crews', extension: 'emergency' }]);
}

function carryOut(call: CrewCall, work: CrewWork, at: number): Decision {
  const { call: quiet, effects } = hush(call);
  return {
    call: { ...quiet, typed: '', stageEndsAt: at + workLimit },
    effects: [...effects, { do: 'carry-out', work }],
  };
}

/** Says it, and is in that stage from now on. */
function say(
  call: CrewCall,
  stage: CrewCall['stage'],
  prompt: CrewPrompt,
  at: number,
  before: readonly CrewEffect[] = [],
): Decision {
  const { call: quiet, effects } = hush(call);
  const sounds = call.sounds + 1;
  const soundId = `${call.channelId}.k${sounds}`;
  return {
    call: { ...quiet, stage, typed: '', sound: soundId, sounds, stageEndsAt: at + longestSound },
    effects: [...before, ...effects, { do: 'play', prompt, soundId }],
  };
}

function hush(call: CrewCall): { call: CrewCall; effects: CrewEffect[] } {
  if (call.sound === null) return { call, effects: [] };
  return { call: { ...call, sound: null }, effects: [{ do: 'stop-sound', soundId: call.sound }] };
}

function over(call: CrewCall, effects: CrewEffect[]): Decision {
  return { call: { ...call, stage: 'over' }, effects };
}
