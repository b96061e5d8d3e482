import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findTones, readWav, SAMPLE_RATE, tonesIn } from '../../scripts/sip/tones.mjs';

const sounds = fileURLToPath(new URL('../../asterisk-config/sounds/', import.meta.url));

/** Samples of a prompt that are looked for at a time. */
const longestPiece = SAMPLE_RATE / 2;

/** Which of the tones (by name) were heard in a recording; none in one that was never made. */
export function heardIn(file: string, tones: Readonly<Record<string, number>>): string[] {
  if (!existsSync(file)) return [];
  const found = tonesIn(file, Object.values(tones));
  return Object.entries(tones)
    .filter(([, frequency]) => found.includes(frequency))
    .map(([name]) => name);
}

/** Of a recording and a prompt, so many samples have been looked through in vain. */
const lookedThrough = new Map<string, number>();

/**
 * Is the beginning of a prompt (Indonesian) in the recording? Compared wave by wave, whatever else there is; what was looked
 * through in vain before is not again, for a recording only grows.
 */
export function hearsPrompt(file: string, prompt: string): boolean {
  if (!existsSync(file)) return false;
  const key = `${prompt} ${file}`;
  const samples = readWav(file);
  const from = Math.max(0, (lookedThrough.get(key) ?? 0) - longestPiece);
  if (samplesHavePrompt(samples.subarray(from), prompt)) return true;
  lookedThrough.set(key, samples.length);
  return false;
}

/** The same of samples, 8,000 a second; of a prompt that is said over a tone, that tone (Hz) is taken out first. */
export function samplesHavePrompt(samples: Int16Array, prompt: string, over: number | null = null): boolean {
  const voice = readWav(`${sounds}id/siaga/${prompt}.wav`);
  // From where the voice begins: silence resembles everything.
  const start = voice.findIndex((sample) => Math.abs(sample) > 2_000);
  const [recording, spoken] = over === null ? [samples, voice] : [without(samples, over), without(voice, over)];
  // A machine with much to do swallows a packet here and there: a piece from further on is as good.
  return [0, 1, 2].some((quarters) => {
    const from = start + (quarters * SAMPLE_RATE) / 4;
    const piece = spoken.subarray(from, from + longestPiece);
    return (quarters < 2 || piece.length === longestPiece) && holds(recording, piece);
  });
}

/** How many samples a prompt (Indonesian) has. */
export function promptLength(prompt: string): number {
  return readWav(`${sounds}id/siaga/${prompt}.wav`).length;
}

/** Is the end of a prompt in the samples? Names of places begin alike: "Kecamatan …". */
export function samplesHaveEnd(recording: Int16Array, prompt: string): boolean {
  const spoken = readWav(`${sounds}id/siaga/${prompt}.wav`);
  const end = spoken.findLastIndex((sample) => Math.abs(sample) > 2_000);
  return [0, 1].some((quarters) => {
    const to = end - (quarters * SAMPLE_RATE) / 4;
    const piece = spoken.subarray(Math.max(0, to - SAMPLE_RATE / 2), Math.max(0, to));
    return (quarters === 0 || piece.length === SAMPLE_RATE / 2) && holds(recording, piece);
  });
}

function holds(recording: Int16Array, piece: Int16Array): boolean {
  // Roughly first: to look closely everywhere would take minutes.
  for (let at = 0; at + piece.length <= recording.length; at += 1) {
    if (Math.abs(likeness(recording, at, piece, 16)) < 0.5) continue;
    if (Math.abs(likeness(recording, at, piece, 1)) > 0.8) return true;
  }
  return false;
}

/** Is the music on hold in the recording for at least a second? Its first chord is C, E and G; a voice holds no chord. */
export function hearsMusic(file: string): boolean {
  if (!existsSync(file)) return false;
  const chords = [
    [261.63, 329.63, 392],
    [220, 261.63, 329.63],
    [174.61, 220, 261.63],
    [196, 246.94, 293.66],
  ];
  const samples = readWav(file);
  return chords.some((chord) =>
    findTones(samples, chord, { threshold: 0.15, minSeconds: 1 }).every(({ present }) => present),
  );
}

/** What is left of the samples when a narrow band about the frequency is taken out. */
function without(samples: Int16Array, frequency: number): Int16Array {
  const twice = 2 * Math.cos((2 * Math.PI * frequency) / SAMPLE_RATE);
  const narrow = 0.97;
  const left = new Int16Array(samples.length);
  let [in1, in2, out1, out2] = [0, 0, 0, 0];
  samples.forEach((sample, index) => {
    const out = sample - twice * in1 + in2 + narrow * twice * out1 - narrow * narrow * out2;
    [in2, in1, out2, out1] = [in1, sample, out1, out];
    left[index] = Math.max(-32_768, Math.min(32_767, Math.round(out)));
  });
  return left;
}

/** Correlation (-1 to 1) of a piece with the recording from `at` on, over every `step`th sample. */
function likeness(recording: Int16Array, at: number, piece: Int16Array, step: number): number {
  let product = 0;
  let own = 0;
  let other = 0;
  for (let n = 0; n < piece.length; n += step) {
    const a = recording[at + n] ?? 0;
    const b = piece[n] ?? 0;
    product += a * b;
    own += a * a;
    other += b * b;
  }
  return own === 0 || other === 0 ? 0 : product / Math.sqrt(own * other);
}
