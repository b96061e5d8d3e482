import { emergencyQueue } from '../acd/queue.ts';
import {
  agencyJoins,
  assign,
  joined,
  ringing,
  story,
  talking,
  testDispatch,
  timing,
  waiting,
  withAgency,
  type Story,
  type Told,
} from '../../test/support/calls.ts';

describe('a call arrives', () => {
  it('is answered, gets a bridge, hears the greeting and stands in the line', () => {
    const call = story().tell({ type: 'arrived', up: false });
    expect(call.done).toEqual(['answer caller', 'make-bridge call.b1', 'play caller greeting', 'enter-line']);
    expect(call.call).toMatchObject({ stage: 'waiting', line: { since: 1_000_000 }, answeredAt: null });
    const known = { callerNumber: '0761112', number: '+62761112', notCallable: null };
    expect(call.facts).toEqual([{ type: 'call.arrived', detail: { ...known, carrier: 'carrier-1', network: null } }]);
    call.wait(30).tell({ type: 'caller-up' });
    expect(call.call.answeredAt).toBe(1_000_030);
    expect(call.facts.map((fact) => fact.type)).toEqual(['call.answered']);
    call.wait(30).tell({ type: 'caller-up' });
    expect(call.call.answeredAt).toBe(1_000_030);
  });

  it('is not answered again when it comes up already', () => {
    const call = story().tell({ type: 'arrived', up: true });
    expect(call.done).not.toContain('answer caller');
    expect(call.call.answeredAt).toBe(1_000_000);
  });

  it('arrives once, however often that is said', () => {
    expect(waiting().tell({ type: 'arrived', up: true }).effects).toEqual([]);
    expect(talking().tell({ type: 'arrived', up: true }).effects).toEqual([]);
  });

  it('hears music after the greeting, an assurance in between, and music again', () => {
    const call = waiting();
    const soundId = (): string => call.call.caller.sound?.id ?? '';
    expect(call.tell({ type: 'sound-ended', soundId: soundId() }).done).toEqual(['music caller']);
    expect(call.fire('comfort').done).toEqual(['stop-sound caller', 'play caller please-wait']);
    expect(call.effects[0]).toMatchObject({ music: true });
    expect(call.at).toBe(1_000_000 + timing.comfort);
    expect(call.wait(3_000).tell({ type: 'sound-ended', soundId: 'another' }).effects).toEqual([]);
    expect(call.tell({ type: 'sound-ended', soundId: soundId() }).done).toEqual(['music caller']);
    expect(call.call.timers.comfort).toBe(call.at + timing.comfort);
  });

  it('is assured again though nobody said that the sound before had ended', () => {
    const call = waiting().fire('comfort');
    expect(call.fire('comfort').done).toEqual(['stop-sound caller', 'play caller please-wait']);
  });

  it('asks the line again, should an answer have been lost', () => {
    const call = waiting();
    expect(call.fire('line').effects).toEqual([{ do: 'enter-line', since: 1_000_000, queue: emergencyQueue }]);
    expect(call.fire('line').done).toEqual(['enter-line']);
    expect(call.at).toBe(1_000_000 + 2 * timing.lineCheck);
  });
});

describe('the caller hangs up', () => {
  const gone: Told = { type: 'caller-gone', cause: 16 };
  const entered = (): Story => ringing().tell({ type: 'leg-entered', channelId: 'call.o1' });
  const dispatched = (): Story => talking().tell({ type: 'dispatch-requested', dispatch: testDispatch() });

  it.each<[string, () => Story, string[], string]>([
    ['before he arrived', story, [], 'abandoned'],
    ['in the line', waiting, ['leave-line', 'destroy-bridge call.b1'], 'abandoned'],
    [
      'while a phone rings',
      ringing,
      ['hang-up call.o1', 'operator-outcome a1 not-needed', 'destroy-bridge call.b1'],
      'abandoned',
    ],
    [
      'while the operator is joined',
      entered,
      ['hang-up call.o1', 'operator-outcome a1 not-needed', 'destroy-bridge call.b1'],
      'abandoned',
    ],
    ['in talk', talking, ['hang-up call.o1', 'operator-outcome a1 finished', 'destroy-bridge call.b1'], 'answered'],
    [
      'while an agency rings',
      dispatched,
      ['hang-up d1.a1', 'hang-up call.o1', 'operator-outcome a1 finished', 'destroy-bridge call.b1'],
      'answered',
    ],
  ])('%s', (_, at, done, outcome) => {
    const call = at().wait(1_000).tell(gone);
    expect(call.done).toEqual(done);
    expect(call.call).toMatchObject({ stage: 'ended', outcome, reason: 'the caller hung up', endedAt: call.at });
    expect(call.timers).toEqual({});
    expect(call.facts.map((fact) => fact.type)).toEqual(expect.arrayContaining(['caller.hung-up', 'call.ended']));
    const state = call.call;
    expect(call.tell(gone, { type: 'leg-gone', channelId: 'caller', cause: 16 }).effects).toEqual([]);
    expect(call.call).toEqual(state);
  });

  it('is heard of as a leg as well', () => {
    expect(waiting().tell({ type: 'leg-gone', channelId: 'caller', cause: 16 }).call.outcome).toBe('abandoned');
  });

  it('leaves operator and agency to talk until one of them goes', () => {
    const call = withAgency().tell(gone);
    expect(call.effects).toEqual([]);
    expect(call.call).toMatchObject({ stage: 'talking', caller: { live: false, joined: false } });
    call.tell({ type: 'leg-gone', channelId: 'd1.a1', cause: 16 });
    expect(call.done).toEqual(['hang-up call.o1', 'operator-outcome a1 finished', 'destroy-bridge call.b1']);
    expect(call.call).toMatchObject({ stage: 'ended', outcome: 'answered' });
  });

  it('leaves them until the operator goes', () => {
    const call = withAgency().tell(gone, { type: 'leg-gone', channelId: 'call.o1', cause: 41 });
    expect(call.done).toEqual(['operator-outcome a1 lost', 'hang-up d1.a1', 'destroy-bridge call.b1']);
    expect(call.call.stage).toBe('ended');
  });

  it('calls off what is not joined yet when two go on talking', () => {
    const call = withAgency()
      .tell({ type: 'dispatch-requested', dispatch: testDispatch({ id: 'd2', agencyId: 'pln' }) })
      .tell(gone);
    expect(call.done).toEqual(['hang-up d2.a1']);
    expect(call.call.dispatches[1]).toMatchObject({ state: 'cancelled', outcome: 'call-ended' });
    expect(call.call.stage).toBe('talking');
    // The two may call a third in.
    call.tell(
      { type: 'dispatch-requested', dispatch: testDispatch({ id: 'd3', agencyId: 'pln' }) },
      ...agencyJoins('d3'),
    );
    expect(call.done).toEqual(['ring-agency d3.a1', 'announce d3.a1', 'stop-sound d3.a1', 'join d3.a1 call.b1']);
    expect(call.call.dispatches[2]?.state).toBe('joined');
  });
});

describe('a person ends the call', () => {
  it('for everybody in it', () => {
    const call = withAgency().tell({ type: 'call-ended-by', by: 'token' });
    expect(call.done).toEqual([
      'hang-up caller',
      'hang-up call.o1',
      'operator-outcome a1 finished',
      'hang-up d1.a1',
      'destroy-bridge call.b1',
    ]);
    expect(call.call).toMatchObject({ stage: 'ended', outcome: 'answered', reason: 'ended by a person' });
    expect(call.call.dispatches[0]).toMatchObject({ state: 'left', outcome: 'call-ended' });
  });

  it('in the line: the sound ends first', () => {
    const call = waiting().tell({ type: 'call-ended-by', by: 'token' });
    expect(call.done).toEqual(['stop-sound caller', 'hang-up caller', 'leave-line', 'destroy-bridge call.b1']);
    expect(call.call.outcome).toBe('abandoned');
  });
});

describe('an ended call', () => {
  const ended = (): Story => withAgency().tell({ type: 'call-ended-by', by: 'token' });

  it.each<[string, Told, string[]]>([
    ['arrival', { type: 'arrived', up: true }, []],
    ['answer', { type: 'caller-up' }, []],
    ['hang-up', { type: 'caller-gone', cause: 16 }, []],
    ['departure', { type: 'caller-left' }, []],
    ['an assignment', assign('a2'), ['operator-outcome a2 not-needed']],
    ['an assignment it had', assign('a1'), ['operator-outcome a1 not-needed']],
    ['a phone that answers', { type: 'leg-entered', channelId: 'call.o1' }, ['hang-up call.o1 answered-elsewhere']],
    ['a phone that rings', { type: 'leg-ringing', channelId: 'call.o1' }, ['hang-up call.o1 answered-elsewhere']],
    ['an agency that answers', { type: 'leg-entered', channelId: 'd1.a1' }, ['hang-up d1.a1']],
    ['a join', joined('caller'), []],
    ['a leg that goes', { type: 'leg-gone', channelId: 'd1.a1', cause: 16 }, []],
    ['a key', { type: 'key-pressed', channelId: 'd1.a1', key: '1' }, []],
    ['a ring', { type: 'ring-result', attemptId: 'd1.a1', ring: { result: 'taken' } }, []],
    ['a timer', { type: 'timer', name: 'line' }, []],
    ['a dispatch', { type: 'dispatch-requested', dispatch: testDispatch({ id: 'd2', agencyId: 'pln' }) }, []],
    ['a cancellation', { type: 'dispatch-cancelled', dispatchId: 'd1', by: 'token' }, []],
    ['another end', { type: 'call-ended-by', by: 'token' }, []],
  ])('takes %s and does nothing but clean up', (_, input, done) => {
    const call = ended();
    const before = call.call;
    call.wait(60_000).tell(input);
    expect(call.done).toEqual(done);
    expect(call.call).toMatchObject({ ...before, settled: call.call.settled, caller: call.call.caller });
  });

  it('refuses a dispatch and says why', () => {
    const call = ended().tell({ type: 'dispatch-requested', dispatch: testDispatch({ id: 'd2', agencyId: 'pln' }) });
    expect(call.facts).toEqual([
      { type: 'dispatch.refused', detail: { dispatchId: 'd2', agencyId: 'pln', reason: 'the call has ended' } },
    ]);
    expect(call.call.dispatches).toHaveLength(1);
  });

  it('still lets its incident be described', () => {
    const call = ended().tell({
      type: 'incident-changed',
      change: { disposition: 'agency-sent' },
      by: 'x',
      dispatches: [],
    });
    expect(call.call.incident).toMatchObject({ disposition: 'agency-sent', version: 2 });
  });
});

describe('the incident', () => {
  it('rises in version with what really changes', () => {
    const call = talking();
    const change = (fields: Extract<Told, { type: 'incident-changed' }>['change']): Story =>
      call.tell({ type: 'incident-changed', change: fields, by: 'op1', dispatches: [] });
    expect(change({ kind: 'fire', severity: 'high' }).call.incident.version).toBe(2);
    expect(call.facts[0]).toMatchObject({ type: 'incident.changed', detail: { changed: 'kind,severity', by: 'op1' } });
    expect(change({ kind: 'fire' }).call.incident.version).toBe(2);
    expect(call.facts).toEqual([]);
    expect(change({ note: 'two floors' }).call.incident).toMatchObject({
      version: 3,
      kind: 'fire',
      notes: [{ at: call.at, by: 'op1', text: 'two floors' }],
    });
  });

  it('makes the dispatches that come with its change', () => {
    const call = talking().tell({
      type: 'incident-changed',
      change: { kind: 'fire' },
      by: 'op1',
      dispatches: [testDispatch(), testDispatch({ id: 'd2', agencyId: 'pln' })],
    });
    expect(call.done).toEqual(['ring-agency d1.a1', 'ring-agency d2.a1']);
    expect(call.call.incident.kind).toBe('fire');
  });
});

describe('inputs that belong to nothing', () => {
  it.each<[string, Told]>([
    ['a sound', { type: 'sound-ended', soundId: 'x' }],
    ['a leg that is joined', joined('x')],
    ['a leg that goes', { type: 'leg-gone', channelId: 'x', cause: 16 }],
    ['a ring', { type: 'ring-result', attemptId: 'x', ring: { result: 'gone' } }],
    ['a failed join', { type: 'command-failed', command: 'join', target: 'x', failure: 'timeout' }],
    ['a failed bridge', { type: 'command-failed', command: 'make-bridge', target: 'x', failure: 'failed' }],
    ['a failed ring', { type: 'command-failed', command: 'ring-operator', target: 'x', failure: 'failed' }],
    ['a timer', { type: 'timer', name: 'x' }],
    ['a timer of a dispatch', { type: 'timer', name: 'dispatch:x' }],
    ['a cancellation', { type: 'dispatch-cancelled', dispatchId: 'x', by: 'token' }],
    ['the caller ringing', { type: 'leg-ringing', channelId: 'caller' }],
    ['the caller entering as a leg', { type: 'leg-entered', channelId: 'caller' }],
    ['a key', { type: 'key-pressed', channelId: 'x', key: '1' }],
  ])('change nothing: %s', (_, input) => {
    for (const make of [waiting, ringing, talking]) {
      const call = make();
      const before = call.call;
      expect(call.tell(input).effects).toEqual([]);
      expect(call.call).toEqual(before);
    }
  });

  it('hang up a leg that nobody waits for', () => {
    expect(talking().tell({ type: 'leg-entered', channelId: 'x' }).done).toEqual(['hang-up x answered-elsewhere']);
    expect(talking().tell({ type: 'leg-ringing', channelId: 'x' }).done).toEqual(['hang-up x answered-elsewhere']);
  });

  it('say whose key it was', () => {
    const by = (channelId: string): unknown =>
      withAgency().tell({ type: 'key-pressed', channelId, key: '5' }).facts[0]?.detail['by'];
    expect(['caller', 'call.o1', 'd1.a1', 'x'].map(by)).toEqual(['caller', 'operator', 'damkar', 'unknown']);
  });
});
