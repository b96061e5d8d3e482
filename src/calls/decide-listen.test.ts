import { engage, entered, gone, reserved } from '../../test/support/call-inputs.ts';
import {
  agencyJoins,
  joined,
  ringing,
  talking,
  testDispatch,
  waiting,
  withAgency,
  type Told,
  type Story,
} from '../../test/support/calls.ts';
import { speakers } from './company.ts';

const muted = (dispatchId: string, to: boolean): Told => ({ type: 'dispatch-muted', dispatchId, muted: to, by: 'op1' });
const listening = () => withAgency({ mode: 'listen' });
const told = (facts: readonly { type: string }[]): string[] => facts.map(({ type }) => type);

describe('an agency that listens', () => {
  it('is muted before it comes into the bridge, and thrown at nobody', () => {
    const call = talking().tell(engage({ mode: 'listen' }));
    const ring = call.effects.find((effect) => effect.do === 'ring-agency');
    expect(ring?.job).toMatchObject({ mode: 'listen', callerChannelId: null });
    call.tell(...agencyJoins('d1').slice(0, 2));
    expect(call.effects.filter((effect) => effect.do === 'join')).toEqual([
      { do: 'join', bridgeId: 'call.b1', channelId: 'd1.a1', absorbKeys: true, muted: true },
    ]);
    call.tell(joined('d1.a1'));
    expect(call.call.dispatches[0]).toMatchObject({ state: 'joined', muted: true });
    expect(speakers(call.call)).toEqual(['call.o1']);
  });

  it('takes nobody from the line, and stops no phone', () => {
    const call = waiting().tell(engage({ mode: 'listen' }), ...agencyJoins('d1'));
    expect(call.call.line).toEqual({ since: call.at });
    expect(call.call.caller.sound?.name).toBe('greeting');
    const rings = ringing().tell(engage({ mode: 'listen' }), ...agencyJoins('d1'));
    expect(rings.call.operator?.state).toBe('ringing');
  });

  it('is opened to speak, and counts from then on; and back', () => {
    const call = listening().tell(muted('d1', false));
    expect(call.done).toEqual(['unmute d1.a1', 'tie d1.a1 caller']);
    expect(speakers(call.call)).toEqual(['call.o1', 'd1.a1']);
    expect(call.tell(muted('d1', true)).done).toEqual(['mute d1.a1', 'tie d1.a1 nobody']);
    expect(speakers(call.call)).toEqual(['call.o1']);
  });

  it('opened while the caller waits, has him', () => {
    const call = waiting().tell(engage({ mode: 'listen' }), ...agencyJoins('d1'), muted('d1', false));
    expect(call.done).toEqual(expect.arrayContaining(['leave-line', 'join caller call.b1']));
    expect(call.call.line).toBeNull();
  });

  it('is not company: who hangs up last ends the call, and one who was lost is followed by another operator', () => {
    expect(listening().tell(gone('call.o1')).call.outcome).toBe('answered');
    const lost = listening().tell(gone('call.o1', 41));
    expect(lost.done).toEqual(expect.arrayContaining(['play caller operator-lost', 'enter-line']));
    expect(lost.call.line).toEqual({ since: lost.call.arrivedAt });
  });

  it('whose join fails costs nobody his bridge', () => {
    const call = waiting().tell(engage({ mode: 'listen' }), ...agencyJoins('d1').slice(0, 2));
    call.tell({ type: 'command-failed', command: 'join', target: 'd1.a1', failure: 'failed', bridgeId: 'call.b1' });
    expect(call.done).toContain('hang-up d1.a1');
    expect(told(call.facts)).not.toContain('bridge.rebuilt');
  });

  it('stays unheard when Asterisk does not open it, and heard when it is not muted', () => {
    const call = listening().tell(muted('d1', false));
    call.tell({ type: 'command-failed', command: 'unmute', target: 'd1.a1', failure: 'failed' });
    expect(call.call.dispatches[0]?.muted).toBe(true);
    call.tell(muted('d1', false), { type: 'command-failed', command: 'unmute', target: 'd1.a1', failure: 'timeout' });
    expect(call.done).toContain('mute d1.a1');
    expect(call.call.dispatches[0]?.muted).toBe(true);
    const talks = withAgency().tell(muted('d1', true));
    talks.tell({ type: 'command-failed', command: 'mute', target: 'd1.a1', failure: 'failed' });
    expect(talks.call.dispatches[0]?.muted).toBe(false);
    // What nobody knows counts as mute.
    talks.tell(muted('d1', true));
    talks.tell({ type: 'command-failed', command: 'mute', target: 'd1.a1', failure: 'timeout' });
    expect(talks.call.dispatches[0]?.muted).toBe(true);
  });
});

describe('who is muted', () => {
  it('is never the last who can speak', () => {
    const call = withAgency().tell({ type: 'leave', by: 'op1' });
    call.tell(muted('d1', true));
    expect(call.done).toEqual([]);
    expect(call.facts).toEqual([
      {
        type: 'dispatch.mute-refused',
        detail: { dispatchId: 'd1', muted: true, reason: 'nobody else could speak with the caller', by: 'op1' },
      },
    ]);
  });

  it('is no company: the operator hangs up, and the caller is back with an operator', () => {
    const call = withAgency().tell(muted('d1', true), gone('call.o1'));
    expect(call.call.endedAt).toBeNull();
    expect(call.done).toEqual(expect.arrayContaining(['play caller operator-lost', 'enter-line']));
  });
});

describe('an operator who leaves', () => {
  it('is refused while nobody else can speak', () => {
    for (const call of [talking(), listening(), withAgency().tell(muted('d1', true))]) {
      call.tell({ type: 'leave', by: 'op1' });
      expect(told(call.facts)).toEqual(['leave.refused']);
      expect(call.call.operator?.state).toBe('joined');
    }
  });

  it('leaves the others talking, and is rung when he asks', () => {
    const call = withAgency().tell({ type: 'leave', by: 'op1' });
    expect(call.done).toEqual(['hang-up call.o1', 'operator-outcome a1 finished']);
    expect(call.call).toMatchObject({ operator: null, line: null, stage: 'talking', endedAt: null });
    call.tell({ type: 'return', requestId: 'r1', operatorId: 'op1', by: 'op1' });
    expect(call.done).toEqual(['reserve-operator r1']);
    call.tell(reserved('r1', 'a2', 'op1'));
    expect(call.done).toEqual(['ring-operator call.o2']);
    // Another agency that comes meanwhile is no reason not to.
    call.tell(engage({ id: 'd2', agencyId: 'pln' }), ...agencyJoins('d2'));
    expect(call.call.operator?.state).toBe('ringing');
    call.tell(entered('call.o2'), joined('call.o2'));
    expect(call.call.operator).toMatchObject({ operatorId: 'op1', state: 'joined' });
    expect(call.call.dispatches.map(({ state }) => state)).toEqual(['joined', 'joined']);
  });

  it('who does not answer changes nothing; the agency gone meanwhile, the caller is in the line', () => {
    const back = () =>
      withAgency().tell(
        { type: 'leave', by: 'op1' },
        { type: 'return', requestId: 'r1', operatorId: 'op1', by: 'op1' },
        reserved('r1', 'a2', 'op1'),
      );
    const call = back().tell(gone('call.o2', 19));
    expect(call.call).toMatchObject({ operator: null, line: null, stage: 'talking' });
    const alone = back().tell(gone('d1.a1'));
    expect(alone.call.operator?.state).toBe('ringing');
    expect(alone.tell(gone('call.o2', 19)).call.line).toEqual({ since: alone.call.arrivedAt });
  });

  it('is not reserved for one who is not wanted any more', () => {
    const call = withAgency().tell(
      { type: 'leave', by: 'op1' },
      { type: 'return', requestId: 'r1', operatorId: 'op1', by: 'op1' },
      gone('d1.a1'),
      reserved('r1', 'a2', 'op1'),
    );
    expect(call.done.at(-1)).toBe('operator-outcome a2 not-needed');
    const refused = talking().tell({ type: 'return', requestId: 'r1', operatorId: 'op2', by: 'op2' });
    expect(told(refused.facts)).toEqual(['return.refused']);
  });
});

describe('a dispatch that nobody accepts', () => {
  const second = testDispatch({ id: 'd2', agencyId: 'pln' });
  const first = { fallback: second, trunks: testDispatch().trunks.slice(0, 1) };
  const declines: Told[] = [entered('d1.a1'), { type: 'key-pressed', channelId: 'd1.a1', key: '9' }];

  it('is followed by the one that was planned instead, under its own id', () => {
    const call = talking()
      .tell(engage(first))
      .wait(500)
      .tell(...declines);
    expect(call.done).toEqual(expect.arrayContaining(['ring-agency d2.a1']));
    expect(call.done).not.toContain('whisper call.o1 agency-unreachable');
    expect(call.call.dispatches).toMatchObject([
      { id: 'd1', state: 'declined' },
      { id: 'd2', state: 'requested', requestedAt: call.at, reason: { by: 'fallback', of: 'd1' } },
    ]);
  });

  it('called off, or with the call at its end, is followed by nobody', () => {
    const cancelled = talking().tell(engage(first), { type: 'dispatch-cancelled', dispatchId: 'd1', by: 'op1' });
    expect(cancelled.call.dispatches).toHaveLength(1);
    expect(talking().tell(engage(first), { type: 'call-ended-by', by: 'op1' }).call.dispatches).toHaveLength(1);
  });

  it('passes over an agency that is engaged already', () => {
    const third = testDispatch({ id: 'd3', agencyId: 'polresta' });
    const call = talking().tell(engage({ id: 'd9', agencyId: 'pln' }));
    call.tell(engage({ ...first, fallback: { ...second, fallback: third } }), ...declines);
    expect(call.call.dispatches.map(({ id }) => id)).toEqual(['d9', 'd1', 'd3']);
    expect(call.call.dispatches.at(-1)?.reason).toEqual({ by: 'fallback', of: 'd1' });
  });

  it('keeps a later stage waiting until whoever is asked instead has settled', () => {
    const later = testDispatch({ id: 'd4', agencyId: 'polresta', after: ['d1'] });
    const call = talking().tell(engage(first), { type: 'dispatch-requested', dispatch: later }, ...declines);
    expect(call.call.dispatches.find(({ id }) => id === 'd4')?.startedAt).toBeNull();
    call.tell(...agencyJoins('d2'));
    expect(call.call.dispatches.find(({ id }) => id === 'd4')?.startedAt).toBe(call.at);
  });
});

describe('an agency that is told by a message', () => {
  const notified = (outcome: 'delivered' | 'failed'): Told => ({
    type: 'notified',
    dispatchId: 'd1',
    outcome,
    reason: null,
  });

  it('is rung by nobody, and told', () => {
    const call = talking().tell(engage({ mode: 'notify' }));
    expect(call.done).toEqual(['notify damkar d1']);
    call.tell(notified('delivered'));
    expect(call.call.dispatches[0]).toMatchObject({ state: 'told', outcome: 'delivered', attempts: [] });
    expect(told(call.facts)).toEqual(['dispatch.told']);
    expect(call.tell(notified('failed')).call.dispatches[0]?.state).toBe('told');
  });

  it('is told also when the call has ended', () => {
    const call = talking().tell(engage({ mode: 'notify' }), { type: 'call-ended-by', by: 'op1' });
    expect(call.call.dispatches[0]?.endedAt).toBeNull();
    expect(Object.keys(call.timers)).toEqual(['dispatch:d1']);
    expect(call.tell(notified('delivered')).call.dispatches[0]?.state).toBe('told');
    expect(call.timers).toEqual({});
  });

  it.each<[string, (call: Story) => Story]>([
    ['said so', (call) => call.tell(notified('failed'))],
    ['nobody said what came of it', (call) => call.fire('dispatch:d1')],
  ])('and cannot be is followed by the next when the call has ended: %s', (_what, fails) => {
    const fallback = testDispatch({ id: 'd2', agencyId: 'pln', mode: 'notify' });
    const call = talking().tell(engage({ mode: 'notify', fallback }), { type: 'call-ended-by', by: 'op1' });
    expect(fails(call).done).toEqual(['notify pln d2']);
    expect(Object.keys(call.timers)).toEqual(['dispatch:d2']);
    call.tell({ type: 'notified', dispatchId: 'd2', outcome: 'delivered', reason: null });
    expect(call.call.dispatches.map(({ state }) => state)).toEqual(['failed', 'told']);
    expect(call.timers).toEqual({});
  });

  it('is not waited for by an agency of a later stage: a message may take minutes', () => {
    const later = testDispatch({ id: 'd2', agencyId: 'polisi', after: ['d1'] });
    const call = talking().tell(engage({ mode: 'notify' }), { type: 'dispatch-requested', dispatch: later });
    expect(call.done).toEqual(['notify damkar d1', 'ring-agency d2.a1']);
    expect(call.call.dispatches[0]).toMatchObject({ state: 'requested', endedAt: null });
  });

  it('whose turn had not come is told at the end of the call', () => {
    const later = testDispatch({ id: 'd2', agencyId: 'pln', mode: 'notify', after: ['d1'] });
    const call = talking().tell(engage(), { type: 'dispatch-requested', dispatch: later });
    expect(call.tell({ type: 'call-ended-by', by: 'op1' }).done).toContain('notify pln d2');
  });

  it('that cannot be told is followed by the next; one of which nobody hears fails', () => {
    const fallback = testDispatch({ id: 'd2', agencyId: 'pln', mode: 'notify' });
    const call = talking()
      .tell(engage({ mode: 'notify', fallback }))
      .tell(notified('failed'));
    expect(call.done).toEqual(['notify pln d2']);
    expect(call.fire('dispatch:d2').call.dispatches.map(({ state }) => state)).toEqual(['failed', 'failed']);
  });
});
