/**
 * Tones for the parties of a test call, and the ear that finds them again in a recording.
 * Every party plays its own frequency: what a leg's recording contains says who was heard there.
 */
import { readFileSync, writeFileSync } from 'node:fs';

export const SAMPLE_RATE = 8000;

/** G.711 µ-law of one 16-bit sample. */
export function toUlaw(sample) {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32635) + 132;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

/** G.711 A-law of one 16-bit sample. */
export function toAlaw(sample) {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(sample >= 0 ? sample : -sample - 1, 32767) >> 3;
  const exponent = magnitude < 32 ? 0 : 31 - Math.clz32(magnitude) - 4;
  const mantissa = exponent < 2 ? (magnitude >> 1) & 0x0f : (magnitude >> exponent) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}

/** 16-bit samples of a sine; frequency 0 (or null) is silence. `level` is in dB below full scale. */
export function tone({ frequency, seconds = 1, level = -12 }) {
  const samples = new Int16Array(Math.round(seconds * SAMPLE_RATE));
  const peak = frequency ? 32767 * 10 ** (level / 20) : 0;
  for (let n = 0; n < samples.length; n += 1)
    samples[n] = Math.round(peak * Math.sin((2 * Math.PI * (frequency || 0) * n) / SAMPLE_RATE));
  return samples;
}

/** Writes a raw G.711 file for SIPp's rtp_stream. With whole hertz and whole seconds the loop has no click. */
export function writeToneFile(file, { frequency, seconds = 1, level = -12, law = 'ulaw' }) {
  writeFileSync(file, Uint8Array.from(tone({ frequency, seconds, level }), law === 'alaw' ? toAlaw : toUlaw));
}

/** A minimal WAV file (8 kHz, 16 bit, mono), as Asterisk writes it. */
export function toWav(samples) {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // mono
  head.writeUInt32LE(SAMPLE_RATE, 24);
  head.writeUInt32LE(SAMPLE_RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/**
 * Samples of a WAV file. Asterisk writes the lengths when it closes the file: after a kill -9 they are 0,
 * so a data length that is 0 or too long means "to the end of the file".
 */
export function readWav(file) {
  const bytes = readFileSync(file);
  const name = (at) => bytes.toString('latin1', at, at + 4);
  if (bytes.length < 12 || name(0) !== 'RIFF' || name(8) !== 'WAVE') throw new Error(`${file}: not a WAV file`);
  let at = 12;
  let format;
  while (at + 8 <= bytes.length) {
    const length = bytes.readUInt32LE(at + 4);
    if (name(at) === 'fmt ') {
      if (at + 24 > bytes.length) break;
      format = {
        code: bytes.readUInt16LE(at + 8),
        channels: bytes.readUInt16LE(at + 10),
        rate: bytes.readUInt32LE(at + 12),
        bits: bytes.readUInt16LE(at + 22),
      };
    }
    if (name(at) === 'data') {
      if (!format) throw new Error(`${file}: data before its format`);
      const { code, channels, rate, bits } = format;
      if (code !== 1 || channels !== 1 || rate !== SAMPLE_RATE || bits !== 16)
        throw new Error(`${file}: ${JSON.stringify(format)}, expected 8 kHz 16 bit mono PCM`);
      const left = bytes.length - at - 8;
      const count = (length === 0 || length > left ? left : length) >> 1;
      return Int16Array.from({ length: count }, (_, n) => bytes.readInt16LE(at + 8 + n * 2));
    }
    at += 8 + length + (length & 1);
  }
  throw new Error(`${file}: no audio in it`);
}

/** Share (0..1) of a window's energy that lies at one frequency (Goertzel). */
function share(samples, start, size, frequency, energy) {
  const step = 2 * Math.cos((2 * Math.PI * frequency) / SAMPLE_RATE);
  let before = 0;
  let last = 0;
  for (let n = start; n < start + size; n += 1) {
    const now = samples[n] + step * last - before;
    before = last;
    last = now;
  }
  return Math.min(1, (2 * (last * last + before * before - step * last * before)) / (size * energy));
}

/**
 * Which of these frequencies are in the samples? Windows of 100 ms; a frequency counts in a window that is not
 * silent (above `floor` dBFS) and where it carries at least `threshold` of the energy; it is present when such
 * windows add up to `minSeconds`. `ratio` is its mean share over the windows that are not silent.
 */
export function findTones(samples, frequencies, { threshold = 0.1, minSeconds = 0.5, floor = -50 } = {}) {
  const size = SAMPLE_RATE / 10;
  const loud = (32768 * 10 ** (floor / 20)) ** 2;
  const found = frequencies.map((frequency) => ({ frequency, present: false, seconds: 0, ratio: 0 }));
  let windows = 0;
  for (let start = 0; start + size <= samples.length; start += size) {
    let energy = 0;
    for (let n = start; n < start + size; n += 1) energy += samples[n] * samples[n];
    if (energy / size < loud) continue;
    windows += 1;
    for (const entry of found) {
      const part = share(samples, start, size, entry.frequency, energy);
      entry.ratio += part;
      if (part >= threshold) entry.seconds += size / SAMPLE_RATE;
    }
  }
  for (const entry of found) {
    entry.ratio = windows ? entry.ratio / windows : 0;
    entry.seconds = Math.round(entry.seconds * 10) / 10;
    entry.present = entry.seconds >= minSeconds;
  }
  return found;
}

/** The frequencies heard in a WAV file: `tonesIn(file, [440, 660])` → `[660]`. */
export function tonesIn(file, frequencies, options) {
  return findTones(readWav(file), frequencies, options)
    .filter((entry) => entry.present)
    .map((entry) => entry.frequency);
}
