import {
  isRealKind,
  judgedOf,
  keysOf,
  measureOf,
  nuisanceOf,
  scoreOf,
  type Contribution,
  type NuisanceReason,
} from './score.ts';

const day = 86_400_000;
const noted = (reason: NuisanceReason, points: number, at = 0): Contribution => ({
  kind: 'number',
  key: '+62811',
  reason,
  points,
  at,
  callId: `call-${at}`,
});
const limits = { lowerAt: 10, challengeAt: 30 };

describe('a nuisance score', () => {
  it('halves with every half-life and names what it is made of, the newest first', () => {
    const { score, contributions } = scoreOf(
      [noted('prank', 10), noted('ghost', 2, 7 * day)],
      { halfLifeHours: 168, lowerAt: 10 },
      7 * day,
    );
    expect(score).toBe(7);
    expect(contributions.map(({ reason, counts }) => [reason, counts])).toEqual([
      ['ghost', 2],
      ['prank', 5],
    ]);
  });

  it.each([
    [0, 'none'],
    [9.9, 'none'],
    [9.96, 'lower'],
    [29.9, 'lower'],
    [30, 'challenge'],
    [1_000, 'challenge'],
  ])('of %d means: %s', (score, measure) => {
    expect(measureOf(score, limits)).toBe(measure);
  });

  it('lowers nobody for calls that no person has judged, however many: who is cut off redials', () => {
    const cutOff = Array.from({ length: 200 }, (_, n) => noted(n % 2 === 0 ? 'repeat' : 'short-call', 1, n));
    const { score, contributions } = scoreOf(cutOff, { halfLifeHours: 168, lowerAt: 10 }, 200);
    expect(measureOf(score, limits)).toBe('none');
    expect(score).toBeCloseTo(9);
    expect(contributions).toHaveLength(200);
    // With one person's word they count.
    const judged = scoreOf([...cutOff, noted('ghost', 2, 200)], { halfLifeHours: 168, lowerAt: 10 }, 200);
    expect(measureOf(judged.score, limits)).toBe('lower');
  });

  it('asks nobody for a key where that is not wanted', () => {
    expect(measureOf(1_000, { lowerAt: 10, challengeAt: null })).toBe('lower');
  });

  it('takes a call further back the higher it is, and tells why', () => {
    const many = Array.from({ length: 3 }, (_, n) => noted('prank', 8, n));
    expect(nuisanceOf(scoreOf(many, { halfLifeHours: 168, lowerAt: 10 }, 3), limits)).toEqual({
      score: 24,
      reasons: 'prank ×3',
      measure: 'lower',
      steps: 2,
      loweredFrom: null,
    });
    expect(nuisanceOf(scoreOf([noted('ghost', 2)], { halfLifeHours: 168, lowerAt: 10 }, 0), limits)).toBeNull();
  });
});

describe('who is scored', () => {
  it.each([
    ['a number and a phone', { number: '+62811', callable: true, imei: '1' }, [], ['number', 'imei']],
    ['a phone without a number', { number: null, callable: false, imei: '1' }, [], ['imei']],
    ['a number that cannot be called', { number: '+62811', callable: false, imei: null }, [], []],
    ['a switchboard', { number: '+62811', callable: true, imei: '1' }, ['number' as const], ['imei']],
    ['nobody', { number: null, callable: false, imei: null }, [], []],
  ])('%s', (_, identity, nonUnique, kinds) => {
    expect(keysOf(identity, nonUnique).map(({ kind }) => kind)).toEqual(kinds);
  });
});

describe('what an incident says of its calls', () => {
  it.each([
    ['closed', 'prank', 'prank'],
    ['closed', 'ghost', 'ghost'],
    ['closed', 'silent', 'silent'],
    ['closed', 'abandoned', null],
    ['closed', null, null],
    ['open', 'prank', null],
  ])('%s as %s counts as %s', (status, disposition, reason) => {
    expect(judgedOf({ status, disposition })).toBe(reason);
  });

  it.each([
    ['fire', true],
    [null, false],
    ['no such kind', false],
  ])('of kind %s, it is one to which somebody is sent: %s', (kind, real) => {
    expect(isRealKind(kind)).toBe(real);
  });
});
