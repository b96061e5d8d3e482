import { nobodyYet, servicePicture, tallyOf, type HandledCall } from './service-level.ts';

const call = (over: Partial<HandledCall> & { wait?: number }): HandledCall => {
  const at = over.at ?? 100_000;
  return { callId: 'c', at, arrivedAt: at - (over.wait ?? 0), answered: over.answered ?? true };
};
const targets = [
  { percent: 90, seconds: 15 },
  { percent: 50, seconds: 20 },
];

describe('the service level', () => {
  it('counts the answered by their wait, and the abandoned apart', () => {
    const calls = [
      call({ wait: 15_000 }),
      call({ wait: 15_001 }),
      call({ wait: 20_000 }),
      call({ wait: 60_000 }),
      call({ wait: 1_000, answered: false }),
    ];
    expect(servicePicture(tallyOf(calls, 0), targets)).toEqual({
      abandoned: 1,
      levels: [
        { percent: 90, seconds: 15, answeredWithin: 1, answered: 4, met: false },
        { percent: 50, seconds: 20, answeredWithin: 3, answered: 4, met: true },
      ],
    });
  });

  it('is met at its percentage exactly', () => {
    const calls = Array.from({ length: 10 }, (_, index) => call({ wait: index === 0 ? 99_000 : 1_000 }));
    const { levels } = servicePicture(tallyOf(calls, 0), targets);
    expect(levels[0]).toMatchObject({ answeredWithin: 9, answered: 10, met: true });
  });

  it('looks at calls whose wait ended from then on', () => {
    const calls = [call({ at: 99, wait: 10 }), call({ at: 100, wait: 90 }), call({ at: 99, answered: false })];
    expect(servicePicture(tallyOf(calls, 100), targets)).toMatchObject({ abandoned: 0, levels: [{ answered: 1 }, {}] });
    // Of no call nobody knows.
    expect(servicePicture(nobodyYet, targets).levels.map(({ met }) => met)).toEqual([null, null]);
  });

  it('adds calls to those that are counted already', () => {
    const [first, second] = [call({ wait: 15_000 }), call({ wait: 14_500 })];
    const counted = tallyOf([first, call({ answered: false })], 0);
    expect(tallyOf([second], 0, counted)).toEqual({ answered: new Map([[15, 2]]), abandoned: 1 });
    expect(counted).toEqual({ answered: new Map([[15, 1]]), abandoned: 1 });
  });
});
