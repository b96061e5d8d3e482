// Whether the caller can be heard, and the question to one who cannot speak. It ends no call and changes nobody's place.

import type { Call } from './call.ts';
import { company, isTalking } from './company.ts';
import type { Prompt } from './prompt.ts';
import type { CallInput, CommandFailure } from './call-input.ts';
import { updateScreen } from './decide-caller.ts';
import { packetsOf, silentKeys, type Silence, type SilentQuestion } from './silence.ts';
import { hushQuestion, nextSoundId, playToCaller, tell, type Step } from './step.ts';

/** No caller's packets are asked for more often than this, in milliseconds. */
const lookEvery = 2_000;
/** Nor, while he speaks or is known to be silent, than this: should his packets stop in mid-speech, nobody says so. */
const slowLookEvery = 10_000;
/** So long after the question, a caller is to have pressed a key. */
const answerWithin = 10_000;
/** Should nobody say when the question has been said, it was by then. */
const saidWithin = 15_000;
/** A silence is told of so long without the count that was asked for. */
const answerLimit = 2_000;
const questionsByLine = 3;
/** Keys that are remembered as answers; each is on the timeline in any case. */
const answersKept = 20;

/** Such an input only moves times and counts, unless facts follow from it. */
export function isRoutine(input: CallInput): boolean {
  return (
    input.type === 'talk-detected' ||
    input.type === 'packets-counted' ||
    (input.type === 'timer' && ['packets', 'silence', 'media'].includes(input.name))
  );
}

/** The caller began or ceased to speak. */
export function talkDetected(step: Step, channelId: string, talking: boolean): void {
  const { call } = step;
  if (channelId !== call.channelId || !call.caller.live || call.endedAt !== null) return;
  const { silence } = call;
  // That he ceased is a word on what was heard before as well, but not after his packets had stopped.
  const heard = talking || isSpeaking(silence);
  silence.talking = talking;
  // Speech comes in packets.
  if (talking) silence.arriving = true;
  if (heard) heardNow(step);
}

/** So many packets have come from the caller; null if it could not be asked. */
export function packetsCounted(step: Step, channelId: string, received: number | null): void {
  const { silence, caller, endedAt } = step.call;
  if (channelId !== step.call.channelId || !silence.looking || !caller.live || endedAt !== null) return;
  silence.looking = false;
  if (received === null) return;
  // A stream that was renegotiated counts anew.
  silence.arriving = received !== (silence.packets ?? 0);
  silence.packets = received;
  if (!silence.arriving) return;
  silence.packetsMovedAt = step.at;
  // Where speech cannot be told from noise, whoever sends anything counts as heard.
  if (silence.talking || silence.detecting === false) heardNow(step);
}

/** Asterisk does not listen for speech on the caller's channel. */
export function notListening(step: Step, failure: CommandFailure): void {
  if (failure !== 'gone') step.call.silence.detecting = false;
}

/**
 * Asks the caller for a key. By a person: as often as he wants. By the line: `questionsByLine` times in a call. Says
 * nothing to a caller who is not here.
 */
export function askSilent(step: Step, by: string): void {
  const { call } = step;
  const { silence } = call;
  if (!canBeAsked(call)) return;
  if (by === 'line') {
    if (isAsking(call) || silence.askedByLine >= questionsByLine) return;
    silence.askedByLine += 1;
  }
  hushQuestion(step);
  const answers = silence.question?.answers ?? [];
  silence.question = { askedAt: step.at, by, stage: 'question', repeats: 1, sound: null, answers };
  tell(step, 'silent.asked', { by, operatorId: call.operator?.operatorId ?? null });
  say(step, silence.question, 'silent-question');
}

/** A key of the caller: in a question it is an answer. Whatever it says, it ends and lowers nothing. */
export function callerPressed(step: Step, key: string): void {
  const { call } = step;
  const { question } = call.silence;
  const known = silentKeys.get(key);
  if (question === null || known === undefined || !canHear(call)) return;
  const { meaning, kind } = known;
  const full = question.answers.length >= answersKept;
  question.answers = [...question.answers, { key, at: step.at, meaning, kind }].slice(-answersKept);
  tell(step, 'silent.answer', { key, meaning, kind });
  updateScreen(step, 'silence');
  const before = question.stage;
  if (key === '1') {
    if (before === 'kinds') return;
    enter(step, question, 'kinds', 1);
    // Somebody who plays with the keys is not answered for ever.
    if (!full) say(step, question, 'silent-kinds');
    return;
  }
  enter(step, question, 'done', 0);
  if (before !== 'done') say(step, question, 'silent-noted');
}

/** A prompt of the question has been said: from now on the caller has his time. */
export function questionPlayed(step: Step, soundId: string): void {
  const { call } = step;
  const { question } = call.silence;
  if (question === null || !canHear(call)) return;
  const { sound } = call.caller;
  const waits = sound?.id === soundId && (sound.name === 'silent-question' || sound.name === 'silent-kinds');
  if (question.sound === soundId) question.sound = null;
  else if (!waits) return;
  if (question.stage !== 'done') call.timers.question = step.at + answerWithin;
}

/** No key came in time. */
export function questionUnanswered(step: Step): void {
  const { call } = step;
  const { question } = call.silence;
  if (question === null || question.stage === 'done') return;
  const { stage } = question;
  if (question.repeats > 0 && canBeAsked(call)) {
    question.repeats -= 1;
    tell(step, 'silent.asked-again', { stage });
    return say(step, question, stage === 'question' ? 'silent-question' : 'silent-kinds');
  }
  tell(step, 'silent.no-answer', { stage, by: question.by });
  enter(step, question, 'done', 0);
  if (stage === 'kinds') say(step, question, 'silent-noted');
}

/** A question is put to the caller and not answered yet. */
export function isAsking({ silence: { question } }: Call): boolean {
  return question !== null && question.stage !== 'done';
}

/** What has to hold after every input: whoever can be heard is listened to, and told of when he is not. */
export function watchSilence(step: Step): void {
  const { call, at } = step;
  const { silence, timers } = call;
  if (!isTalking(call)) hushQuestion(step);
  const watched = watchedIn(call);
  if (watched !== silence.watched) watchAnew(step, watched);
  endQuestionOfBefore(call);
  if (watched === null) {
    delete timers.silence;
    delete timers.packets;
    return;
  }
  if (silence.detecting === null) {
    silence.detecting = true;
    step.effects.push({ do: 'detect-talk', channelId: call.channelId });
  }
  if (nextLook(call) <= at) {
    silence.lookedAt = at;
    silence.looking = true;
    step.effects.push({ do: 'count-packets', channelId: call.channelId });
  }
  const due = silence.since + call.timing.silence;
  // Whether packets come is told with it, and is being asked just now.
  const declaredAt = silence.looking ? due + answerLimit : due;
  if (silence.silent || isSpeaking(silence)) delete timers.silence;
  else if (at < due) timers.silence = due;
  else if (at < declaredAt) timers.silence = declaredAt;
  else declare(step);
  timers.packets = nextLook(call);
}

/** Whom nobody hears any more is not asked on; nor is he who was with the dialplan meanwhile. */
function endQuestionOfBefore(call: Call): void {
  const { question } = call.silence;
  if (!call.caller.live) delete call.timers.question;
  if (question !== null && call.timers.question === undefined) question.stage = 'done';
}

/** In a conversation always; while he waits, only where the line is to ask him; never while his operator lets him wait. */
function watchedIn(call: Call): Silence['watched'] {
  if (!canBeAsked(call) || call.phoneHold !== null) return null;
  if (isTalking(call)) return 'talking';
  return call.timing.silentQuestion === 'line' && company(call).length === 0 ? 'waiting' : null;
}

function canHear({ caller, endedAt, answeredAt, timers }: Call): boolean {
  return caller.live && endedAt === null && answeredAt !== null && timers.left === undefined;
}

/** Who is on hold is spoken to when he is back. */
export function canBeAsked(call: Call): boolean {
  return canHear(call) && call.hold === null;
}

function watchAnew(step: Step, watched: Silence['watched']): void {
  const { silence } = step.call;
  silence.watched = watched;
  if (watched === null) return;
  // Who listened to music is not to have said anything: his time begins when there is somebody to speak to.
  if (!silence.silent) silence.since = Math.max(silence.since, step.at);
  // From here on it is the operator who asks again.
  if (watched === 'talking' && silence.question?.by === 'line') silence.question.repeats = 0;
}

function declare(step: Step): void {
  const { call, at } = step;
  const { silence } = call;
  silence.silent = true;
  delete call.timers.silence;
  const seconds = Math.round((at - silence.since) / 1_000);
  tell(step, 'caller.silent', { seconds, packets: packetsOf(silence) });
  updateScreen(step, 'silence');
  if (call.timing.silentQuestion === 'line') askSilent(step, 'line');
}

function heardNow(step: Step): void {
  const { silence } = step.call;
  silence.heardAt = step.at;
  silence.since = step.at;
  if (silence.question?.by === 'line') silence.question.repeats = 0;
  if (!silence.silent) return;
  silence.silent = false;
  tell(step, 'caller.heard');
  updateScreen(step, 'silence');
}

/** Asterisk says so, and his packets do not belie it. */
function isSpeaking({ talking, arriving }: Silence): boolean {
  return talking && arriving !== false;
}

function nextLook({ silence, timing }: Call): number {
  const { lookedAt, since, silent } = silence;
  if (lookedAt === null) return 0;
  if (silent || isSpeaking(silence)) return lookedAt + slowLookEvery;
  // A pause in a conversation is none to look into.
  return Math.max(lookedAt + lookEvery, since + timing.silence / 2);
}

function enter(step: Step, question: SilentQuestion, stage: SilentQuestion['stage'], repeats: number): void {
  question.stage = stage;
  question.repeats = repeats;
  if (stage === 'done') delete step.call.timers.question;
  else step.call.timers.question = step.at + answerWithin;
}

/** Says a prompt to the caller: to one who waits in place of what he hears, to one who talks into his conversation. */
function say(step: Step, question: SilentQuestion, prompt: Prompt): void {
  const { call } = step;
  hushQuestion(step);
  if (question.stage !== 'done') call.timers.question = step.at + saidWithin + answerWithin;
  if (company(call).length === 0) return playToCaller(step, prompt);
  if (!isTalking(call)) return;
  question.sound = nextSoundId(call);
  step.effects.push({ do: 'play', channelId: call.channelId, soundId: question.sound, prompt });
}
