import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findTones,
  readWav,
  SAMPLE_RATE,
  toAlaw,
  tone,
  tonesIn,
  toUlaw,
  toWav,
  writeToneFile,
} from '../../scripts/sip/tones.mjs';

const folder = mkdtempSync(join(tmpdir(), 'siaga-tones-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The G.711 tables of the standard, the other way round, to check what the phones send. */
function fromUlaw(byte: number): number {
  const value = ~byte & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + 132) << ((value >> 4) & 7)) - 132;
  return value & 0x80 ? -magnitude : magnitude;
}

function fromAlaw(byte: number): number {
  const value = byte ^ 0x55;
  const exponent = (value >> 4) & 7;
  const mantissa = ((value & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1);
  return value & 0x80 ? magnitude : -magnitude;
}

const mix = (...parts: Int16Array[]): Int16Array =>
  Int16Array.from({ length: Math.max(...parts.map((p) => p.length)) }, (_, n) =>
    parts.reduce((sum, p) => sum + (p[n] ?? 0), 0),
  );

/** Noise that is the same in every run. */
function noise(seconds: number, peak: number): Int16Array {
  let seed = 112;
  return Int16Array.from({ length: seconds * SAMPLE_RATE }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return Math.round((seed / 0x3fffffff - 1) * peak);
  });
}

const present = (samples: Int16Array): number[] =>
  findTones(samples, [440, 660, 880]).flatMap((found) => (found.present ? [found.frequency] : []));

describe('the tone files the phones play', () => {
  test.each([
    ['ulaw', toUlaw, fromUlaw],
    ['alaw', toAlaw, fromAlaw],
  ] as const)('%s keeps every sample within the step of G.711', (_law, encode, decode) => {
    const wrong: number[] = [];
    for (let sample = -32768; sample <= 32767; sample += 1) {
      const error = Math.abs(decode(encode(sample)) - sample);
      if (error > Math.max(16, Math.abs(sample) / 16)) wrong.push(sample);
    }
    expect(wrong).toEqual([]);
  });

  test.each(['ulaw', 'alaw'] as const)('a %s file holds the tone it was asked for', (law) => {
    const file = join(folder, `tone.${law}`);
    writeToneFile(file, { frequency: 660, seconds: 1, law });
    const bytes = readFileSync(file);
    expect(bytes).toHaveLength(SAMPLE_RATE);
    expect(present(Int16Array.from(bytes, law === 'ulaw' ? fromUlaw : fromAlaw))).toEqual([660]);
  });
});

describe('finding tones', () => {
  test('each alone, all three together, and none in silence', () => {
    for (const frequency of [440, 660, 880]) expect(present(tone({ frequency, seconds: 2 }))).toEqual([frequency]);
    expect(present(mix(...[440, 660, 880].map((frequency) => tone({ frequency, seconds: 2 }))))).toEqual([
      440, 660, 880,
    ]);
    expect(present(tone({ frequency: 0, seconds: 2 }))).toEqual([]);
  });

  test('noise alone is no tone; a tone under noise of its own strength is found', () => {
    expect(present(noise(3, 8000))).toEqual([]);
    expect(present(mix(noise(3, 8000), tone({ frequency: 880, seconds: 3, level: -14 })))).toEqual([880]);
  });

  test('comfort noise and a tone too quiet to be speech do not count', () => {
    expect(present(noise(3, 60))).toEqual([]);
    expect(present(tone({ frequency: 440, seconds: 3, level: -60 }))).toEqual([]);
  });

  test('says for how long, and does not take a blip for a tone', () => {
    const samples = new Int16Array(SAMPLE_RATE * 4);
    samples.set(tone({ frequency: 440, seconds: 1.5 }), SAMPLE_RATE);
    samples.set(tone({ frequency: 660, seconds: 0.2 }), SAMPLE_RATE * 3);
    const [citizen, operator] = findTones(samples, [440, 660]);
    expect(citizen).toMatchObject({ present: true, seconds: 1.5 });
    expect(operator).toMatchObject({ present: false, seconds: 0.2 });
    expect(citizen?.ratio).toBeGreaterThan(0.8);
  });
});

describe('reading a recording', () => {
  const samples = tone({ frequency: 440, seconds: 1 });

  test('a finished WAV file', () => {
    const file = join(folder, 'finished.wav');
    writeFileSync(file, toWav(samples));
    expect(readWav(file)).toEqual(samples);
    expect(tonesIn(file, [440, 660])).toEqual([440]);
  });

  test('one that was never closed: lengths of 0 in its header, half a sample at its end', () => {
    const file = join(folder, 'killed.wav');
    const bytes = toWav(samples);
    bytes.writeUInt32LE(0, 4);
    bytes.writeUInt32LE(0, 40);
    writeFileSync(file, Buffer.concat([bytes, Buffer.from([1])]));
    expect(readWav(file)).toEqual(samples);
  });

  test('chunks before the audio are passed over; anything after it is not audio', () => {
    const bytes = toWav(samples);
    const list = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
    const file = join(folder, 'list.wav');
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 36), list, bytes.subarray(36), list]));
    expect(readWav(file)).toEqual(samples);
  });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['header cut off', toWav(samples).subarray(0, 30)],
    ['no WAV', Buffer.from('hello, this is no recording')],
  ])('%s: an error that names the file', (_name, bytes) => {
    const file = join(folder, 'bad.wav');
    writeFileSync(file, bytes);
    expect(() => readWav(file)).toThrow(/bad\.wav/);
  });
});
