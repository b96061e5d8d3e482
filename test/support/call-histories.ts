import fc from 'fast-check';
import type { Call } from '../../src/calls/call.ts';
import type { CallNuisance } from '../../src/triage/score.ts';
import { kinds, type Kind, type Move } from './call-world.ts';
import { timing } from './calls.ts';

const rare: readonly Kind[] = ['end', 'hand-over', 'caller-gone'];
const upsets = kinds.filter((kind) => !['obey', 'obey-on', 'assign', 'dispatch', ...rare].includes(kind));

const move = fc.tuple(
  fc.oneof(
    {
      weight: 55,
      arbitrary: fc.constantFrom<Kind>(
        'obey-on',
        'obey-on',
        'obey-on',
        'obey',
        'assign',
        'dispatch',
        'monitor',
        'party',
        'talk-command',
        'agency',
      ),
    },
    { weight: 31, arbitrary: fc.constantFrom(...upsets) },
    { weight: 12, arbitrary: fc.constantFrom<Kind>('timer-due', 'recent-command-failed') },
    { weight: 2, arbitrary: fc.constantFrom<Kind>(...rare, 'caller-gone') },
  ),
  fc.nat(1000),
  fc.nat(1000),
);

const talking: Move[] = [
  ['obey-on', 0, 0],
  ['assign', 0, 0],
  ['obey-on', 0, 0],
];
/** Where much meets: chance alone comes there seldom. */
const beginnings: Move[][] = [
  talking,
  [...talking, ['talk-command', 0, 0]],
  [...talking, ['talk-command', 6, 0]],
  [...talking, ['party', 3, 3], ['obey-on', 0, 0]],
  [...talking, ['party', 4, 2], ['obey-on', 0, 0]],
  [...talking, ['party', 4, 2], ['obey-on', 0, 0], ['operator-hangs-up', 0, 0]],
  [...talking, ['party', 5, 4]],
  [...talking, ['party', 0, 1]],
  [...talking, ['party', 0, 3], ['obey', 0, 0], ['obey', 0, 0]],
  [...talking, ['monitor', 1, 5], ['obey-on', 0, 0]],
  [...talking, ['monitor', 2, 5], ['obey-on', 0, 0]],
  [...talking, ['monitor', 2, 5], ['obey-on', 0, 0], ['talk-command', 0, 0]],
  [...talking, ['monitor', 0, 5], ['obey-on', 0, 0], ['take-over', 0, 0]],
  [...talking, ['dispatch', 1, 1], ['obey-on', 0, 0]],
  [...talking, ['dispatch', 1, 3], ['obey-on', 0, 0]],
  [...talking, ['dispatch', 1, 3], ['obey-on', 0, 0], ['agency', 0, 1]],
  [...talking, ['dispatch', 1, 0], ['obey-on', 0, 0], ['agency', 0, 0]],
  [...talking, ['dispatch', 1, 0], ['obey-on', 0, 0], ['agency', 0, 2]],
  [...talking, ['dispatch', 1, 0], ['obey-on', 0, 0], ['agency', 0, 2], ['agency', 1, 3], ['obey-one', 11, 0]],
  [...talking, ['dispatch', 1, 3], ['obey-on', 0, 0], ['dispatch', 2, 1], ['obey-on', 0, 0], ['somebody-goes', 0, 1]],
  [...talking, ['dispatch', 1, 6]],
  [...talking, ['staged', 1, 1]],
  [...talking, ['ask', 0, 0]],
  [
    ['obey-on', 0, 0],
    ['backup-centre', 0, 0],
    ['assign', 0, 0],
  ],
  [
    ['obey-on', 0, 0],
    ['assign', 0, 0],
    ['assign-together', 0, 0],
  ],
  [
    ['obey-on', 0, 0],
    ['assign', 0, 0],
    ['assign-together', 0, 0],
    ['assign-together', 1, 0],
    ['staged', 0, 0],
  ],
];

export const sequences = fc
  .tuple(
    fc.oneof(
      { weight: 1, arbitrary: fc.constant<Move[]>([]) },
      { weight: 3, arbitrary: fc.constantFrom(...beginnings) },
    ),
    fc.array(move, { maxLength: 60, size: 'max' }),
  )
  .map(([beginning, moves]): Move[] => [...beginning, ...moves]);

/** What callers and settings there are: with a score that matters or none, asked for a key by the line or by a person. */
export const circumstances: fc.Arbitrary<Partial<Call>> = fc
  .record({
    measure: fc.constantFrom('none', 'none', 'none', 'lower', 'challenge'),
    silentQuestion: fc.constantFrom('line', 'operator'),
  })
  .map(({ measure, silentQuestion }) => ({
    ...scored(measure),
    timing: { ...timing, silentQuestion, mediaStops: 5_000 },
  }));

/** A caller whose number or phone has a nuisance score. */
export function scored(measure: CallNuisance['measure']): Pick<Call, 'nuisance'> {
  const nuisance = { score: 40, reasons: 'prank ×4', measure, steps: 4, loweredFrom: null };
  return { nuisance: measure === 'none' ? null : nuisance };
}
