import { assign, ringing, talking, withAgency, type Story, type Told } from '../../test/support/calls.ts';
import { decideFault, namedBy } from './decide-fault.ts';

const at = 1_000_500;
const timer: Told = { type: 'timer', name: 'ring' };

describe('a decision that threw', () => {
  it('gives who is not talking to the human path, and nobody is left behind', () => {
    const givenUp = decideFault(ringing().call, { ...timer, at });
    expect(givenUp).toMatchObject({
      state: { stage: 'returned', outcome: 'returned', endedAt: at, timers: {}, monitors: [] },
      facts: [{ type: 'call.returned', detail: { reason: 'a decision failed' } }],
      freed: [{ operatorId: 'op1', assignmentId: 'a1' }],
    });
    expect(givenUp?.effects).toEqual([
      { do: 'hang-up', channelId: 'call.o1', cause: 'normal' },
      { do: 'return-to-dialplan', channelId: 'caller' },
      { do: 'destroy-bridge', bridgeId: 'call.b1' },
    ]);
  });

  it.each<[string, () => Story]>([
    ['operator', talking],
    ['agency as well', withAgency],
  ])('lets a caller go on who talks with his %s', (_, make) => {
    expect(decideFault(make().call, { ...timer, at })).toBeNull();
  });

  it('about one who has gone leaves nobody to talk with the dead', () => {
    const gone = { type: 'leg-gone', at, channelId: 'call.o1', cause: 41 } as const;
    expect(decideFault(talking().call, gone)?.state.outcome).toBe('returned');
  });

  it('frees whom the line named meanwhile', () => {
    expect(
      namedBy([
        { ...timer, at },
        { ...assign('a7', 'op7'), at },
      ]),
    ).toMatchObject([{ operatorId: 'op7', assignmentId: 'a7' }]);
  });
});
