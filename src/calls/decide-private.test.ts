import {
  agencyJoins,
  joined,
  talking,
  testDispatch,
  withAgency,
  type Story,
  type Told,
} from '../../test/support/calls.ts';
import { whyNoMute } from './decide-dispatch.ts';

const consult: Told = {
  type: 'party-requested',
  partyId: 'p',
  purpose: 'consult',
  target: { operatorId: 'op2' },
  by: 'op1',
};
const comes: Told[] = [
  { type: 'operator-reserved', requestId: 'p', operatorId: 'op2', assignmentId: 'a2', account: 'op-op2' },
  { type: 'leg-entered', channelId: 'call.p2' },
  joined('call.p2'),
];
const listening = (): Story => withAgency({ mode: 'listen' });

describe('what is said to somebody who is consulted', () => {
  it('is not heard by an agency that listens, which hears the call again afterwards', () => {
    const call = listening().tell(consult);
    expect(call.done).toContain('deafen d1.a1');
    expect(call.tell(...comes).done).not.toContain('deafen d1.a1');
    expect(call.tell({ type: 'resume', by: 'op1' }).done).toContain('let-hear d1.a1');
    expect(call.call.deaf).toBeUndefined();
  });

  it('is not heard by one that talked and was muted', () => {
    const call = withAgency().tell({ type: 'dispatch-muted', dispatchId: 'd1', muted: true, by: 'op1' });
    expect(call.tell(consult).done).toContain('deafen d1.a1');
  });

  it('is not heard by one that comes meanwhile: it comes in deaf', () => {
    const call = talking().tell(consult, ...comes);
    call.tell({ type: 'dispatch-requested', dispatch: testDispatch({ mode: 'listen' }) }, ...agencyJoins().slice(0, 2));
    expect(call.effects).toContainEqual(expect.objectContaining({ do: 'join', muted: true, deaf: true }));
    expect(call.done).not.toContain('deafen d1.a1');
    call.tell(joined('d1.a1'));
    expect(call.tell({ type: 'resume', by: 'op1' }).done).toContain('let-hear d1.a1');
  });

  it.each<[string, Told]>([
    ['he joins the others', { type: 'party-changed', partyId: 'p', purpose: 'conference', by: 'op1' }],
    ['he is let go', { type: 'party-ended', partyId: 'p', by: 'op1' }],
    ['the caller has gone, and two go on', { type: 'caller-gone', cause: 16 }],
    ['the operator has gone', { type: 'leg-gone', channelId: 'call.o1', cause: 16 }],
  ])('is over when %s', (_what, input) => {
    expect(
      listening()
        .tell(consult, ...comes)
        .tell(input).done,
    ).toContain('let-hear d1.a1');
  });

  it('is on hold only: an agency that listens hears the operator', () => {
    expect(listening().tell({ type: 'hold', by: 'op1' }).done).not.toContain('deafen d1.a1');
  });

  it('keeps an agency from being opened to speak', () => {
    const call = listening().tell(consult, ...comes);
    expect(whyNoMute(call.call, 'd1', false)).toBe('somebody is being consulted');
    expect(call.tell({ type: 'dispatch-muted', dispatchId: 'd1', muted: false, by: 'op1' }).done).toEqual([]);
  });

  it('lets an agency go that would hear it all the same', () => {
    const call = listening().tell(consult);
    const failed: Told = { type: 'command-failed', command: 'deafen', target: 'd1.a1', failure: 'timeout' };
    expect(call.tell(failed).done).toEqual(['hang-up d1.a1']);
  });
});
