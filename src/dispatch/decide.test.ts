import { gone, key, leg, ring, started, type Told } from '../../test/support/dispatch-path.ts';
import type { RingResult } from './dispatch.ts';

describe('an attempt', () => {
  it('begins with a ring of the first trunk and its limit', () => {
    const dispatch = started();
    expect(dispatch.done).toEqual(['ring d1.a1']);
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-1', expiresAt: 2_000, ring: 30_000 }]);
    expect(dispatch.told).toEqual(['dispatch.requested', 'dispatch.attempt']);
    expect(dispatch.wakeAt).toBe(2_500);
    expect(dispatch.dispatch.attempts).toEqual([
      {
        number: 1,
        channelId: 'd1.a1',
        trunkId: 't1',
        requestedAt: 0,
        located: false,
        announced: 0,
        takenAt: null,
        ringingAt: null,
        answeredAt: null,
        endedAt: null,
        outcome: null,
      },
    ]);
    expect(dispatch.tell({ type: 'start' }).actions).toEqual([]);
  });

  it('is given the time to ring from when it is taken, and anew from when it rings', () => {
    const dispatch = started();
    dispatch.at = 100;
    expect(dispatch.tell(ring({ result: 'taken' })).wakeAt).toBe(25_100);
    dispatch.at = 300;
    expect(dispatch.tell(ring({ result: 'taken' })).actions).toEqual([]);
    expect(dispatch.tell(leg('leg-ringing')).wakeAt).toBe(25_300);
    expect(dispatch.dispatch).toMatchObject({ state: 'ringing', attempts: [{ takenAt: 100, ringingAt: 300 }] });
    dispatch.at = 900;
    expect(dispatch.tell(leg('leg-ringing'), ring({ result: 'taken' }), ring({ result: 'gone' })).actions).toEqual([]);
  });

  it('is announced when it answers, accepted by 1, joined when it is in the bridge', () => {
    const dispatch = started().tell(leg('leg-ringing'));
    dispatch.at = 5_000;
    dispatch.tell(leg('leg-entered'));
    expect(dispatch.done).toEqual(['announce d1.a1']);
    expect(dispatch.wakeAt).toBe(20_000);
    expect(dispatch.dispatch).toMatchObject({ state: 'announced', attempts: [{ answeredAt: 5_000 }] });
    expect(dispatch.tell(leg('leg-entered'), leg('leg-ringing'), leg('leg-joined')).actions).toEqual([]);
    dispatch.at = 8_000;
    dispatch.tell(key('1'));
    expect(dispatch.done).toEqual(['stop-announcing d1.a1', 'join d1.a1']);
    expect(dispatch.wakeAt).toBe(11_000);
    expect(dispatch.dispatch).toMatchObject({ state: 'accepted', acceptedAt: 8_000 });
    expect(dispatch.tell(key('1'), key('9'), leg('leg-entered')).actions).toEqual([]);
    dispatch.at = 8_050;
    dispatch.tell(leg('leg-joined'));
    expect(dispatch.done).toEqual([]);
    expect(dispatch.wakeAt).toBeNull();
    expect(dispatch.dispatch).toMatchObject({ state: 'joined', joinedAt: 8_050, endedAt: null, outcome: null });
    const { dispatch: before } = dispatch;
    expect(
      dispatch.tell(leg('leg-entered'), leg('leg-ringing'), leg('leg-joined'), key('9'), { type: 'timer' }).actions,
    ).toEqual([]);
    expect(dispatch.dispatch).toEqual(before);
    dispatch.at = 60_000;
    dispatch.tell(gone(16));
    expect(dispatch.done).toEqual([]);
    expect(dispatch.dispatch).toMatchObject({
      state: 'left',
      outcome: 'accepted',
      endedAt: 60_000,
      attempts: [{ outcome: 'accepted', endedAt: 60_000 }],
    });
  });

  it('is accepted by its answer where no key is asked for', () => {
    const dispatch = started({ acceptance: 'answer' }).tell(leg('leg-entered'));
    expect(dispatch.done).toEqual(['join d1.a1']);
    expect(dispatch.told).toEqual(['dispatch.accepted']);
  });

  it('is announced again by 2, with the time for the key anew the first time, and only then', () => {
    const dispatch = started().tell(leg('leg-entered'));
    expect(dispatch.wakeAt).toBe(15_000);
    dispatch.at = 10_000;
    dispatch.tell(key('2'));
    expect(dispatch.actions).toMatchObject([
      { do: 'stop-announcing', channelId: 'd1.a1', soundId: 'd1.a1.s1' },
      { do: 'wake', at: 25_000 },
      { do: 'announce', channelId: 'd1.a1', soundId: 'd1.a1.s2' },
      { do: 'tell', type: 'dispatch.announced-again', detail: { trunkId: 't1', times: 2 } },
    ]);
    dispatch.at = 20_000;
    expect(dispatch.tell(key('2')).done).toEqual(['stop-announcing d1.a1', 'announce d1.a1']);
    expect(dispatch.wakeAt).toBe(25_000);
    expect(dispatch.tell(key('1')).actions).toContainEqual({
      do: 'stop-announcing',
      channelId: 'd1.a1',
      soundId: 'd1.a1.s3',
    });
    expect(dispatch.dispatch.state).toBe('accepted');
    expect(dispatch.tell(key('2')).actions).toEqual([]);
  });

  it('goes on after another key', () => {
    const dispatch = started().tell(leg('leg-entered')).tell(key('5'), key('*'));
    expect(dispatch.done).toEqual([]);
    expect(dispatch.told).toEqual(['dispatch.key-ignored', 'dispatch.key-ignored']);
    expect(dispatch.dispatch.state).toBe('announced');
  });
});

describe('an attempt that fails is followed by the next trunk', () => {
  const refused: RingResult = { result: 'refused', reason: 'no such endpoint' };
  it.each<[string, Told[], string, string[]]>([
    ['busy', [gone(17)], 'busy', []],
    ['refused', [gone(21)], 'refused', []],
    ['no answer', [leg('leg-ringing'), gone(19)], 'no-answer', []],
    ['no user', [gone(18)], 'no-answer', []],
    ['unreachable', [gone(38)], 'unreachable', []],
    ['gone at once', [ring({ result: 'gone' })], 'unreachable', []],
    ['the originate refused', [ring(refused)], 'unreachable', ['hang-up d1.a1']],
    ['the job expired', [ring({ result: 'expired' })], 'job-lost', ['hang-up d1.a1']],
    ['everything lost', [{ type: 'timer' }], 'job-lost', ['hang-up d1.a1']],
    ['taken, and nothing heard since', [ring({ result: 'taken' }), { type: 'timer' }], 'no-answer', ['hang-up d1.a1']],
    ['rung out', [leg('leg-ringing'), { type: 'timer' }], 'no-answer', ['hang-up d1.a1']],
    ['no key', [leg('leg-entered'), { type: 'timer' }], 'not-accepted', ['hang-up d1.a1']],
    ['hung up instead of a key', [leg('leg-entered'), gone(16)], 'not-accepted', []],
    ['declined', [leg('leg-entered'), key('9')], 'declined', ['hang-up d1.a1']],
    ['not joined in time', [leg('leg-entered'), key('1'), { type: 'timer' }], 'unreachable', ['hang-up d1.a1']],
    ['gone before it was joined', [leg('leg-entered'), key('1'), gone(16)], 'unreachable', []],
  ])('%s', (_, inputs, outcome, done) => {
    const dispatch = started();
    dispatch.tell(...inputs.slice(0, -1));
    dispatch.at = 1_000;
    dispatch.tell(...inputs.slice(-1));
    expect(dispatch.done).toEqual([...done, 'ring d1.a2']);
    expect(dispatch.told).toEqual(['dispatch.attempt-failed', 'dispatch.attempt']);
    // A lost job has tried no trunk: the same one is rung, and without the queue.
    const lost = outcome === 'job-lost';
    const uri = lost ? 'sip:113@agency-1' : 'sip:113@agency-2';
    expect(dispatch.jobs).toMatchObject([{ uri, inLine: lost, expiresAt: 3_000 }]);
    expect(dispatch.wakeAt).toBe(3_500);
    expect(dispatch.dispatch).toMatchObject({ state: 'requested', acceptedAt: null, outcome: null });
    expect(dispatch.dispatch.attempts[0]).toMatchObject({ outcome, endedAt: 1_000 });
    // The first attempt's own words come too late.
    expect(dispatch.tell(gone(16), key('1'), ring({ result: 'taken' }), leg('leg-joined')).actions).toEqual([]);
    expect(dispatch.tell(leg('leg-ringing'), leg('leg-entered')).done).toEqual(['hang-up d1.a1', 'hang-up d1.a1']);
    expect(dispatch.tell(leg('leg-entered', 2), key('1', 2), leg('leg-joined', 2)).dispatch.state).toBe('joined');
  });
});

describe('lost jobs', () => {
  it('have each trunk rung twice at most, and end the dispatch', () => {
    const dispatch = started();
    const rung: string[] = [];
    while (dispatch.dispatch.endedAt === null && rung.length < 10) {
      dispatch.tell({ type: 'timer' });
      rung.push(...dispatch.jobs.map((job) => `${job.uri} ${job.inLine}`));
    }
    expect(rung).toEqual(['sip:113@agency-1 true', 'sip:113@agency-2 true', 'sip:113@agency-2 true']);
    expect(dispatch.dispatch).toMatchObject({ state: 'failed', outcome: 'job-lost' });
  });
});

describe('after the last trunk', () => {
  it.each<[string, Told[], string, string]>([
    ['busy', [gone(17, 2)], 'failed', 'busy'],
    ['no answer', [gone(19, 2)], 'no-answer', 'no-answer'],
    ['declined', [leg('leg-entered', 2), key('9', 2)], 'declined', 'declined'],
  ])('%s is how it ends', (_, inputs, state, outcome) => {
    const dispatch = started().tell(gone(21));
    dispatch.at = 7;
    dispatch.tell(...inputs);
    expect(dispatch.dispatch).toMatchObject({ state, outcome, endedAt: 7 });
    expect(dispatch.told.at(-1)).toBe(`dispatch.${state}`);
    expect(dispatch.actions.at(-1)).toMatchObject({ detail: { reason: outcome, attempts: 2, agencyId: 'damkar' } });
    expect(dispatch.wakeAt).toBeNull();
    const { dispatch: before } = dispatch;
    dispatch.at = 8;
    dispatch.tell({ type: 'start' }, { type: 'timer' }, gone(16, 2), key('1', 2), leg('leg-joined', 2), {
      type: 'cancel',
      reason: 'cancelled',
    });
    expect(dispatch.actions).toEqual([]);
    expect(dispatch.dispatch).toEqual(before);
  });

  it('without any trunk it fails at once', () => {
    const dispatch = started({ trunks: [] });
    expect(dispatch.done).toEqual([]);
    expect(dispatch.dispatch).toMatchObject({ state: 'failed', outcome: 'unreachable', endedAt: 0, attempts: [] });
  });
});

describe('a dispatch that is called off while its job is on the way', () => {
  it('hangs up the phone that Asterisk rings after all', () => {
    const dispatch = started();
    dispatch.tell({ type: 'cancel', reason: 'call-ended' });
    expect(dispatch.done).toContain('hang-up d1.a1');
    expect(dispatch.tell(ring({ result: 'taken' })).done).toEqual(['hang-up d1.a1']);
    expect(dispatch.tell(ring({ result: 'gone' })).done).toEqual([]);
  });

  it('has hung up already what it knew of', () => {
    const dispatch = started();
    dispatch.tell(ring({ result: 'taken' }), { type: 'cancel', reason: 'call-ended' });
    expect(dispatch.tell(ring({ result: 'taken' })).done).toEqual([]);
  });
});

describe('a cancelled dispatch', () => {
  it.each<[string, Told[]]>([
    ['requested', []],
    ['ringing', [leg('leg-ringing')]],
    ['announced', [leg('leg-entered')]],
    ['accepted', [leg('leg-entered'), key('1')]],
  ])('while %s silences the phone', (state, inputs) => {
    const dispatch = started().tell(...inputs);
    expect(dispatch.dispatch.state).toBe(state);
    dispatch.tell({ type: 'cancel', reason: 'cancelled' });
    expect(dispatch.done).toEqual(['hang-up d1.a1']);
    expect(dispatch.dispatch).toMatchObject({
      state: 'cancelled',
      outcome: 'cancelled',
      attempts: [{ outcome: 'withdrawn' }],
    });
    expect(dispatch.wakeAt).toBeNull();
  });

  it('while joined was accepted all the same', () => {
    const dispatch = started().tell(leg('leg-entered'), key('1'), leg('leg-joined'));
    dispatch.tell({ type: 'cancel', reason: 'call-ended' });
    expect(dispatch.done).toEqual(['hang-up d1.a1']);
    expect(dispatch.told).toEqual(['dispatch.left']);
    expect(dispatch.dispatch).toMatchObject({
      state: 'left',
      outcome: 'call-ended',
      attempts: [{ outcome: 'accepted' }],
    });
  });
});
