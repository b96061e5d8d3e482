import { engage, entered, gone } from '../../test/support/call-inputs.ts';
import { joined, talking, withAgency, type Story, type Told } from '../../test/support/calls.ts';

describe('late and doubled words of agencies', () => {
  const taken = (attemptId: string): Told => ({ type: 'ring-result', attemptId, ring: { result: 'taken' } });
  const lost = (attemptId: string): Told => ({ type: 'ring-result', attemptId, ring: { result: 'expired' } });

  it.each<[string, () => Story, Told]>([
    ['entering again while joined', () => withAgency(), entered('d1.a1')],
    ['ringing while joined', () => withAgency(), { type: 'leg-ringing', channelId: 'd1.a1' }],
    ['joining again', () => withAgency(), joined('d1.a1')],
    ['a job lost that is joined', () => withAgency(), lost('d1.a1')],
    ['a job taken that is joined', () => withAgency(), taken('d1.a1')],
    [
      'a ring refused that rings',
      () => talking().tell(engage(), { type: 'leg-ringing', channelId: 'd1.a1' }),
      lost('d1.a1'),
    ],
    ['a leg gone of the attempt before', () => talking().tell(engage(), gone('d1.a1', 17)), gone('d1.a1', 17)],
    ['a result after the leg has gone', () => talking().tell(engage(), gone('d1.a1', 17)), taken('d1.a1')],
    ['an early key', () => talking().tell(engage()), { type: 'key-pressed', channelId: 'd1.a1', key: '1' }],
    ['an early join', () => talking().tell(engage()), joined('d1.a1')],
    ['a timer that was called off', () => withAgency(), { type: 'timer', name: 'dispatch:d1' }],
    ['an early timer', () => talking().tell(engage()), { type: 'timer', name: 'dispatch:d1' }],
  ])('change nothing: %s', (_, make, input) => {
    const call = make();
    const before = call.call;
    expect(call.tell(input).effects).toEqual([]);
    expect(call.call).toEqual(before);
  });

  it('that come from an attempt which is over are hung up', () => {
    const call = talking().tell(engage()).fire('dispatch:d1');
    expect(call.done).toEqual(['hang-up d1.a1', 'ring-agency d1.a2']);
    expect(call.tell({ type: 'leg-ringing', channelId: 'd1.a1' }).done).toEqual(['hang-up d1.a1']);
    expect(call.tell(entered('d1.a1')).done).toEqual(['hang-up d1.a1']);
    expect(call.call.dispatches[0]?.state).toBe('requested');
  });
});
