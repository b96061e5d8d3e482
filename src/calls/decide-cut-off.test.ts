import {
  agencyJoins,
  agencyAccepts,
  answered,
  ringing,
  story,
  talking,
  waiting,
  withAgency,
  type Story,
} from '../../test/support/calls.ts';
import { ask, hold, reserved } from '../../test/support/call-inputs.ts';

const gone = (one: Story): Story => one.tell({ type: 'caller-gone', cause: 16 });

describe('Asterisk ends, and with it a call', () => {
  const reason = 'the connection was lost by a fault';
  it.each<[string, Story, 'answered' | 'abandoned']>([
    ['that has just come', story().tell({ type: 'arrived', up: false }), 'abandoned'],
    ['that is greeted, and waits', waiting(), 'abandoned'],
    ['for which an operator is rung', ringing(), 'abandoned'],
    ['that an operator has just taken', answered(), 'abandoned'],
    ['in which caller and operator talk', talking(), 'answered'],
    ['that is on hold', talking().tell(hold), 'answered'],
    ['in which a colleague is asked', talking().tell(ask('consult'), reserved()), 'answered'],
    ['to which an agency is on its way', agencyAccepts(), 'answered'],
    ['with an agency', withAgency(), 'answered'],
    ['that an agency has alone', withAgency({ mode: 'transfer' }), 'answered'],
  ])('%s: it is told from one whose caller hung up', (_stage, call, outcome) => {
    call.tell({ type: 'cut-off' });
    expect(call.call).toMatchObject({ stage: 'ended', outcome, reason, endedAt: call.at, operator: null });
    expect(call.facts.at(-1)).toEqual({ type: 'call.ended', detail: { outcome, reason } });
    expect(call.facts.map(({ type }) => type)).not.toContain('caller.hung-up');
    expect(call.done).not.toContain('hang-up caller');
    expect(call.tell({ type: 'cut-off' }).facts).toEqual([]);
  });

  it('frees the operator, and leaves no agency ringing', () => {
    const { done } = withAgency().tell({ type: 'cut-off' });
    expect(done).toEqual(expect.arrayContaining(['operator-outcome a1 finished', 'hang-up d1.a1']));
  });

  it.each<[string, Story]>([
    ['whose caller had hung up', gone(talking())],
    ['in which two talk on without him', gone(talking().tell(...agencyJoins()))],
    ['that a person ended', talking().tell({ type: 'call-ended-by', by: 'token' })],
  ])('%s: nobody was cut off', (_stage, call) => {
    const { endedAt, reason: before } = call.call;
    expect(call.tell({ type: 'cut-off' }).call).toMatchObject({ endedAt, reason: before });
  });
});
