import { ask, engage, fail, gone, hold, partyJoins, reserved, resume } from '../../test/support/call-inputs.ts';
import { agencyJoins, joined, talking, withAgency, type Story, type Told } from '../../test/support/calls.ts';
import { whyNoMute } from './decide-dispatch.ts';

const listening = (): Story => withAgency({ mode: 'listen' });

describe('what is said to somebody who is consulted', () => {
  it('is not heard by an agency that listens, which hears the call again afterwards', () => {
    const call = listening().tell(ask('consult'));
    expect(call.done).toContain('deafen d1.a1');
    expect(call.tell(reserved(), ...partyJoins).done).not.toContain('deafen d1.a1');
    expect(call.tell(resume).done).toContain('let-hear d1.a1');
    expect(call.call.deaf).toBeUndefined();
  });

  it('is not heard by one that talked and was muted', () => {
    const call = withAgency().tell({ type: 'dispatch-muted', dispatchId: 'd1', muted: true, by: 'op1' });
    expect(call.tell(ask('consult')).done).toContain('deafen d1.a1');
  });

  it('is not heard by one that comes meanwhile: it comes in deaf', () => {
    const call = talking().tell(ask('consult'), reserved(), ...partyJoins);
    call.tell(engage({ mode: 'listen' }), ...agencyJoins().slice(0, 2));
    expect(call.effects).toContainEqual(expect.objectContaining({ do: 'join', muted: true, deaf: true }));
    expect(call.done).not.toContain('deafen d1.a1');
    call.tell(joined('d1.a1'));
    expect(call.tell(resume).done).toContain('let-hear d1.a1');
  });

  it.each<[string, Told]>([
    ['he joins the others', { type: 'party-changed', partyId: 'p', purpose: 'conference', by: 'op1' }],
    ['he is let go', { type: 'party-ended', partyId: 'p', by: 'op1' }],
    ['the caller has gone, and two go on', { type: 'caller-gone', cause: 16 }],
    ['the operator has gone', gone('call.o1')],
  ])('is over when %s', (_what, input) => {
    expect(
      listening()
        .tell(ask('consult'), reserved(), ...partyJoins)
        .tell(input).done,
    ).toContain('let-hear d1.a1');
  });

  it('is on hold only: an agency that listens hears the operator', () => {
    expect(listening().tell(hold).done).not.toContain('deafen d1.a1');
  });

  it('keeps an agency from being opened to speak', () => {
    const call = listening().tell(ask('consult'), reserved(), ...partyJoins);
    expect(whyNoMute(call.call, 'd1', false)).toBe('somebody is being consulted');
    expect(call.tell({ type: 'dispatch-muted', dispatchId: 'd1', muted: false, by: 'op1' }).done).toEqual([]);
  });

  it('lets an agency go that would hear it all the same', () => {
    const call = listening().tell(ask('consult'));
    expect(call.tell(fail('deafen', 'd1.a1', 'timeout')).done).toEqual(['hang-up d1.a1']);
  });
});
