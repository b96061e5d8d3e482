// Makes the voice prompts from prompts.json with espeak-ng and sox (both from Debian), and the music on hold.
//   node asterisk-config/sounds/make.mjs
// A recording of a real voice replaces a prompt by being dropped in under the same name (WAV, 8 kHz, 16 bit, mono).
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const telephone = ['-r', '8000', '-b', '16', '-c', '1'];
// Said one after another in one breath: without the silence around them. All of an announcement has to fit into the time that
// an agency has for its key.
const joined = /^(announcement-|digit-|district-|kind-|incident-number$)/;
const trimmed = ['silence', '1', '0.01', '1%', 'reverse', 'silence', '1', '0.01', '1%', 'reverse', 'pad', '0', '0.06'];
const prompts = JSON.parse(readFileSync(join(here, 'prompts.json'), 'utf8'));

for (const [name, texts] of Object.entries(prompts)) {
  for (const [language, text] of Object.entries(texts)) {
    const folder = join(here, language, 'siaga');
    mkdirSync(folder, { recursive: true });
    // The names of places are Indonesian in every language.
    const voice = name.startsWith('district-') ? 'id' : language;
    const speech = execFileSync('espeak-ng', ['-v', voice, '-s', '150', '-a', '140', '--stdout', text]);
    const effects = ['norm', '-3', ...(joined.test(name) ? trimmed : [])];
    execFileSync('sox', ['-t', 'wav', '-', ...telephone, join(folder, `${name}.wav`), ...effects], {
      input: speech,
      stdio: ['pipe', 'inherit', 'ignore'],
    });
  }
}

// Four soft chords, a pause between them: a caller in fear needs to hear that the line lives, not a tune.
mkdirSync(join(here, 'moh'), { recursive: true });
const chords = [
  ['C4', 'E4', 'G4'],
  ['A3', 'C4', 'E4'],
  ['F3', 'A3', 'C4'],
  ['G3', 'B3', 'D4'],
];
const parts = chords.flatMap((notes) => {
  const tones = notes.flatMap((note) => ['sine', note]);
  return [
    ':',
    'synth',
    '2.4',
    ...tones,
    'remix',
    '-',
    'fade',
    'h',
    '0.3',
    '2.4',
    '0.9',
    'gain',
    '-n',
    '-20',
    'pad',
    '0',
    '0.3',
  ];
});
execFileSync('sox', ['-n', ...telephone, join(here, 'moh', 'calm.wav'), ...parts.slice(1)]);
