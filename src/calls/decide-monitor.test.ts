import { entered, gone, hold, resume, supervise, supervisor } from '../../test/support/call-inputs.ts';
import { joined, ringing, talking, waiting, withAgency, type Story, type Told } from '../../test/support/calls.ts';
import type { MonitorMode } from './monitor.ts';

const change = (mode: MonitorMode): Told => ({ type: 'monitor-changed', monitorId: 'm', mode, by: 'token' });

/** The supervisor's phone has answered: it is `call.m2`, and he hears by `call.n3` in `call.b2`. */
const answered = (mode: MonitorMode, story = talking()): Story =>
  story.tell(supervise(mode), supervisor()).tell(entered('call.m2'));
const listening = (mode: 'listen' | 'whisper' = 'listen', story = talking()): Story =>
  answered(mode, story).tell(entered('call.n3'), joined('call.n3', 'call.b2'), joined('call.m2', 'call.b2'));
const barging = (): Story => answered('barge').tell(joined('call.m2'));

const types = (story: Story): string[] => story.facts.map(({ type }) => type);
/** Of the only monitor. */
const one = (story: Story) => story.call.monitors[0];

describe('a supervisor', () => {
  it('is reserved, and rung by himself: the call goes on', () => {
    const story = talking().tell(supervise('listen'));
    expect(story.effects).toEqual([
      { do: 'reserve-operator', requestId: 'm', target: { operatorId: 'boss' }, evenPaused: true },
    ]);
    expect(story.tell(supervisor()).effects).toMatchObject([
      { do: 'ring-supervisor', account: 'op-boss', rungFor: { what: 'listen', operatorId: 'op1' } },
    ]);
    expect(types(story)).toEqual(['screen.pop']);
    expect(story.tell(supervise('barge')).effects).toEqual([]);
  });

  it('listens by the caller’s channel, in a bridge of his own', () => {
    const story = answered('listen');
    expect(story.done).toEqual([
      'operator-outcome s1 talking',
      'make-bridge call.b2',
      'join call.m2 call.b2',
      'snoop caller call.n3',
    ]);
    expect(story.tell(entered('call.n3')).done).toEqual(['join call.n3 call.b2']);
    story.tell(joined('call.n3', 'call.b2'), joined('call.m2', 'call.b2'));
    expect([types(story), one(story)?.state]).toEqual([['monitor.joined'], 'joined']);
  });

  it('who listens hears the operator and not the music while the caller is on hold', () => {
    const story = listening().tell(hold);
    expect(story.done).toEqual([
      'leave-bridge caller call.b1',
      'music caller',
      'snoop call.o1 call.n4',
      'hang-up call.n3',
    ]);
    story.tell(entered('call.n4'), joined('call.n4', 'call.b2'));
    expect([types(story), one(story)?.state]).toEqual([['monitor.joined'], 'joined']);
    expect(story.tell(resume).done).toEqual([
      'stop-sound caller',
      'join caller call.b1',
      'snoop caller call.n5',
      'hang-up call.n4',
    ]);
  });

  it('who hears the operator hears the caller again when the operator is lost, whichever word comes first', () => {
    const held = (): Story => listening().tell(hold, entered('call.n4'), joined('call.n4', 'call.b2'));
    expect(held().tell(gone('call.o1', 41)).done).toContain('snoop caller call.n5');
    const story = held().tell(gone('call.n4'), gone('call.o1', 41));
    expect(story.done).toContain('snoop caller call.n6');
    expect(one(story)?.snooped).toBe('caller');
    const refused = held().tell(gone('call.n4'), gone('call.n5'));
    expect([refused.call.monitors, refused.call.stage]).toEqual([[], 'talking']);
  });

  it('whispers by the operator’s channel, and by the caller’s when there is nobody to whisper to', () => {
    expect(answered('whisper').done.at(-1)).toBe('whisper call.o1 call.n3');
    const alone = waiting().tell(supervise('whisper'), supervisor()).tell(entered('call.m1'));
    expect([alone.done.at(-1), one(alone)?.mode]).toEqual(['snoop caller call.n2', 'listen']);
  });

  it('barges into the call’s own bridge, where the dialplan finds his caller', () => {
    const story = answered('barge');
    expect(story.done).toEqual(['operator-outcome s1 talking', 'tie call.m2 caller', 'join call.m2 call.b1']);
    expect(types(story.tell(joined('call.m2')))).toEqual(['monitor.joined']);
  });

  it.each<[string, MonitorMode, string[]]>([
    ['2', 'whisper', ['whisper call.o1 call.n4', 'hang-up call.n3']],
    ['3', 'barge', ['tie call.m2 caller', 'join call.m2 call.b1', 'hang-up call.n3', 'destroy-bridge call.b2']],
    ['4', 'barge', ['tie call.m2 caller', 'join call.m2 call.b1', 'hang-up call.n3', 'destroy-bridge call.b2']],
    ['1', 'listen', []],
    ['7', 'listen', []],
  ])('presses %s: %s', (key, mode, done) => {
    const story = listening().tell({ type: 'key-pressed', channelId: 'call.m2', key });
    expect([story.done, one(story)?.mode]).toEqual([done, mode]);
  });

  it('who barged in goes back to listening', () => {
    expect(barging().tell(change('listen')).done).toEqual([
      'tie call.m2 nobody',
      'make-bridge call.b2',
      'join call.m2 call.b2',
      'snoop caller call.n3',
    ]);
  });

  it('takes over: the first operator leaves when he is in the bridge, and not before', () => {
    const story = listening().tell({ type: 'taken-over', monitorId: 'm', by: 'token' });
    expect(story.done).not.toContain('hang-up call.o1');
    story.tell(joined('call.m2'));
    expect(story.done).toEqual(['hang-up call.o1', 'operator-outcome a1 finished']);
    expect(story.call.operator).toMatchObject({ operatorId: 'boss', channelId: 'call.m2', state: 'joined' });
    expect([story.call.monitors, story.call.talkedWith, story.call.stage]).toEqual([[], 'boss', 'talking']);
    expect(types(story)).toContain('operator.talking');
    expect(story.tell(gone('call.m2')).call.outcome).toBe('answered');
  });

  it('keeps the caller when the operator goes, lost or hung up', () => {
    for (const cause of [16, 41]) {
      const story = barging().tell(gone('call.o1', cause));
      expect(story.call.operator).toMatchObject({ operatorId: 'boss', channelId: 'call.m2' });
      expect([story.call.endedAt, story.call.line, story.call.monitors]).toEqual([null, null, []]);
    }
  });

  it('takes a caller who waits: a phone that rings for him falls silent', () => {
    const story = ringing().tell(supervise('barge'), supervisor()).tell(entered('call.m2'));
    story.tell(joined('caller'), joined('call.m2'));
    expect(story.done).toEqual(['hang-up call.o1', 'operator-outcome a1 not-needed']);
    expect(story.call.operator?.operatorId).toBe('boss');
  });

  it('who whispered listens when the operator goes, and hears the next one', () => {
    const story = listening('whisper').tell(gone('call.o1', 41));
    expect(story.done).toContain('snoop caller call.n4');
    expect(one(story)?.mode).toBe('listen');
    const before = listening().tell(gone('call.o1', 41));
    expect(before.done.filter((what) => /call[.][nm]/.test(what))).toEqual([]);
    expect(one(before)).toMatchObject({ mode: 'listen', state: 'joined' });
  });

  const ends: [string, (story: Story) => Story, string][] = [
    ['hangs up', (story) => story.tell(gone('call.m2')), 'finished'],
    ['is lost', (story) => story.tell(gone('call.m2', 41)), 'lost'],
    ['hears nothing any more', (story) => story.tell(gone('call.n3', 0)), 'finished'],
    ['is sent away', (story) => story.tell({ type: 'monitor-ended', monitorId: 'm', by: 'token' }), 'finished'],
    ['is on a call that ends', (story) => story.tell({ type: 'call-ended-by', by: 'token' }), 'finished'],
    ['has no caller any more', (story) => story.tell({ type: 'caller-gone', cause: 16 }), 'finished'],
    ['is on a call that is given back', (story) => story.tell({ type: 'hand-over', reason: 'x' }), 'finished'],
  ];
  it.each(ends)('who %s leaves nothing behind', (_what, end, outcome) => {
    const story = end(listening());
    expect(story.done).toEqual(
      expect.arrayContaining([
        'hang-up call.m2',
        'hang-up call.n3',
        'destroy-bridge call.b2',
        `operator-outcome s1 ${outcome}`,
      ]),
    );
    expect(story.call.monitors).toEqual([]);
    expect(Object.keys(story.call.timers).filter((name) => name.startsWith('monitor:'))).toEqual([]);
  });

  it.each<[string, Told]>([
    ['snoop', { type: 'command-failed', command: 'snoop', target: 'call.n3', failure: 'failed' }],
    ['bridge', { type: 'command-failed', command: 'make-bridge', target: 'call.b2', failure: 'timeout' }],
    ['join', { type: 'command-failed', command: 'join', target: 'call.m2', failure: 'gone', bridgeId: 'call.b2' }],
  ])('whose %s fails is out, and the call goes on', (_what, failure) => {
    const before = talking().call;
    const story = answered('listen').tell(failure);
    expect([story.call.monitors, story.call.stage, story.call.operator, story.call.bridge]).toEqual([
      [],
      'talking',
      before.operator,
      before.bridge,
    ]);
    expect(types(story)).toContain('monitor.ended');
  });

  it('who cannot barge in rebuilds no bridge', () => {
    const story = answered('barge').fire('join');
    expect(types(story)).toEqual(['monitor.ended']);
    expect(story.call.bridge?.id).toBe('call.b1');
  });

  it('who does not answer, or whom the line does not give, is waited for with a limit', () => {
    expect(talking().tell(supervise('listen')).fire('monitor:m').call.monitors).toEqual([]);
    const rang = talking().tell(supervise('listen'), supervisor()).fire('monitor:m');
    expect(rang.done).toEqual(['hang-up call.m2 no-answer', 'operator-outcome s1 no-answer']);
    expect(rang.tell(supervisor()).done).toEqual(['operator-outcome s1 not-needed']);
    const refused = talking()
      .tell(supervise('listen'))
      .tell({ type: 'reservation-refused', requestId: 'm', reason: 'busy' });
    expect([types(refused), refused.done]).toEqual([['monitor.refused', 'monitor.ended'], []]);
  });

  it('is no reason for the call to go on without its caller, but an agency is', () => {
    const two = barging().tell({ type: 'caller-gone', cause: 16 });
    expect(two.call.endedAt).toBe(two.at);
    const three = withAgency()
      .tell(supervise('barge'), supervisor())
      .tell(entered('call.m2'), joined('call.m2'))
      .tell({ type: 'caller-gone', cause: 16 });
    expect(three.call.endedAt).toBeNull();
  });

  it('is one of four at most, and not the call’s own operator', () => {
    expect(types(talking().tell(supervise('listen', 'm', 'op1')))).toEqual(['monitor.refused']);
    const full = talking().tell(...[1, 2, 3, 4].map((n) => supervise('listen', `m${n}`, `boss${n}`)));
    expect(types(full.tell(supervise('listen', 'm5', 'boss5')))).toEqual(['monitor.refused']);
    expect(full.call.monitors).toHaveLength(4);
  });
});

describe('an operator who asks for help', () => {
  const ask: Told = { type: 'assist-requested', by: 'op1' };

  it('gets any supervisor, who is told why he is rung and whispers', () => {
    const story = talking().tell(ask);
    expect(story.effects).toEqual([
      { do: 'reserve-operator', requestId: 'call.m2', target: { tier: 'supervisor' }, evenPaused: true },
    ]);
    story.tell(supervisor('call.m2'));
    expect(story.effects).toMatchObject([{ rungFor: { what: 'assist', operatorId: 'op1' } }]);
    const asked = { monitorId: 'call.m2', operatorId: 'boss', mode: 'whisper', by: 'op1' };
    expect(story.facts).toEqual([
      { type: 'monitor.requested', detail: asked },
      { type: 'screen.pop', detail: { operatorId: 'boss' } },
    ]);
    story.tell(entered('call.m2'));
    // Asterisk joins no channel to which it plays: he is told once he is there.
    expect(story.done).not.toContain('whisper call.m2 assist-announcement');
    expect(story.done.at(-1)).toBe('whisper call.o1 call.n3');
    story.tell(entered('call.n3'), joined('call.n3', 'call.b2'), joined('call.m2', 'call.b2'));
    expect(story.done).toContain('whisper call.m2 assist-announcement');
    story.tell({ type: 'monitor-changed', monitorId: 'call.m2', mode: 'listen', by: 'x' });
    story.tell(entered('call.n4'), joined('call.n4', 'call.b2'), joined('call.m2', 'call.b2'));
    expect(story.done).not.toContain('whisper call.m2 assist-announcement');
  });

  it('hears that nobody comes, and so does every screen', () => {
    const none = talking()
      .tell(ask)
      .tell({ type: 'reservation-refused', requestId: 'call.m2', reason: 'none is free' });
    expect(none.done).toEqual(['whisper call.o1 code-refused']);
    expect(none.facts[0]).toMatchObject({
      type: 'assist.refused',
      detail: { reason: 'none is free', operatorId: 'op1' },
    });
    const rang = talking().tell(ask, supervisor('call.m2')).fire('monitor:call.m2');
    expect(types(rang)).toContain('assist.refused');
  });

  it('gets one at a time', () => {
    const twice = talking().tell(ask).tell(ask);
    expect([types(twice), twice.call.monitors.length]).toEqual([['assist.requested', 'assist.refused'], 1]);
  });
});
