import type { CallerStory } from '../support/load/exchange.ts';
import { gapsOfMachine, lossesOf, normalSince } from '../support/load/losses.ts';

const window = { from: 1_000, to: 20_000 };

/** A new call that went as it should: answered at once, with a person after a second, hung up after three. */
function story(over: Partial<CallerStory> = {}): CallerStory {
  const invitedAt = over.invitedAt ?? 2_000;
  return {
    callId: `call-${invitedAt}`,
    number: '0812',
    status: 200,
    invitedAt,
    waited: 50,
    answeredAt: invitedAt + 50,
    personAt: invitedAt + 1_000,
    endedAt: invitedAt + 3_000,
    endedBy: 'caller',
    flowing: true,
    silences: [],
    gaps: [],
    ...over,
  };
}

const kinds = (stories: CallerStory[], standing: string[] = []): string[] =>
  lossesOf(stories, new Set(standing), window).map(({ kind }) => kind);
const standing = (over: Partial<CallerStory>): CallerStory =>
  story({ callId: 'standing', invitedAt: 0, flowing: false, endedAt: null, endedBy: null, ...over });

describe('who was lost', () => {
  test.each<[string, Partial<CallerStory>, string[]]>([
    ['who went as he should', {}, []],
    ['who was answered in time', { waited: 3_000 }, []],
    ['who was answered late', { waited: 3_001 }, ['unanswered']],
    ['whom nobody answers', { status: null, waited: 3_001, answeredAt: null, personAt: null }, ['unanswered']],
    ['who is dialling still', { status: null, waited: 2_000, answeredAt: null, endedAt: null, endedBy: null }, []],
    ['who was refused', { status: 503 }, ['unanswered']],
    ['who was hung up', { endedBy: 'centre' }, ['cut off']],
    ['whose call ended before anybody came', { personAt: null }, ['no person']],
    ['who waits in the line', { personAt: null, endedAt: null, endedBy: null }, []],
    ['who heard nothing for too long', { silences: [{ ms: 5_001, at: 4_000 }] }, ['alone']],
    ['who missed words', { gaps: [{ ms: 300, at: 4_000, starved: 0 }] }, ['gap']],
    ['who missed words that Asterisk had no processor for', { gaps: [{ ms: 300, at: 4_000, starved: 150 }] }, []],
    [
      'who was lost in every way',
      { waited: 9_000, endedBy: 'centre', silences: [{ ms: 6_000, at: 9_000 }] },
      ['unanswered'],
    ],
  ])('%s', (_, over, expected) => {
    expect(kinds([story(over)])).toEqual(expected);
  });

  test('a call that stands counts by what befalls it in the window', () => {
    expect(kinds([standing({ waited: 9_000 })], ['standing'])).toEqual([]);
    expect(kinds([standing({ endedAt: 5_000, endedBy: 'centre' })], ['standing'])).toEqual(['cut off']);
    expect(kinds([standing({ endedAt: 25_000, endedBy: 'centre' })], ['standing'])).toEqual([]);
    expect(kinds([standing({ gaps: [{ ms: 900, at: 500, starved: 0 }] })], ['standing'])).toEqual([]);
    expect(kinds([standing({ silences: [{ ms: 6_000, at: 500 }] })], ['standing'])).toEqual(['alone']);
    expect(kinds([standing({ endedAt: 5_000, endedBy: 'centre' })])).toEqual([]);
  });

  test('gaps that are not the centre’s are counted apart', () => {
    const gaps = [
      { ms: 300, at: 4_000, starved: 200 },
      { ms: 300, at: 4_000, starved: 10 },
      { ms: 300, at: 40_000, starved: 200 },
    ];
    expect(gapsOfMachine([story({ gaps })], window)).toBe(1);
  });
});

describe('since when all is normal', () => {
  const every = (count: number, from: number, over: Partial<CallerStory> = {}): CallerStory[] =>
    Array.from({ length: count }, (_, index) =>
      story({ ...over, invitedAt: from + index * 200, ...late(over, from + index * 200) }),
    );
  const late = (over: Partial<CallerStory>, at: number): Partial<CallerStory> =>
    over.personAt === null ? {} : { personAt: at + 1_000 };

  test('from the first call after the last bad one', () => {
    const calls = [...every(3, 2_000, { waited: 2_000 }), ...every(5, 2_600)];
    expect(normalSince(calls, 2_000, 5_000)).toBe(2_600);
  });

  test('not before five have gone well', () => {
    expect(normalSince(every(4, 2_000), 2_000, 5_000)).toBeNull();
    expect(normalSince(every(5, 2_000), 2_000, 5_000)).toBe(2_000);
  });

  test('not while nobody comes', () => {
    expect(normalSince(every(20, 2_000, { personAt: null }), 2_000, 30_000)).toBeNull();
  });

  test('calls of before the mending say nothing', () => {
    expect(normalSince(every(5, 2_000), 2_900, 5_000)).toBeNull();
  });
});
