import type { PrintedAsteriskLocation } from '../location/pidf-lo/asterisk-location.ts';
import { gone, leg, path, ring, started, type Path, type Told } from '../../test/support/dispatch-path.ts';

/** The same of another attempt. */
const over = (told: Told, attempt: number): object =>
  told.type === 'ring-result' ? { attemptId: `d1.a${attempt}` } : { channelId: `d1.a${attempt}` };

describe('a trunk that makes nothing of a location', () => {
  const location: PrintedAsteriskLocation = { format: 'GML', locationInfo: 'shape=Point,crs=2d,pos="0.5 101.4"' };
  const located = (): Path => path({}, location).tell({ type: 'start' });

  it.each([127, 58])('is rung once more without it, and the next trunk with it again (cause %s)', (cause) => {
    const dispatch = located();
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-1', location }]);
    dispatch.tell(gone(cause));
    expect(dispatch.done).toEqual(['ring d1.a2']);
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-1', location: null, inLine: false }]);
    expect(dispatch.dispatch.attempts).toMatchObject([
      { trunkId: 't1', located: true, outcome: 'not-understood' },
      { trunkId: 't1', located: false, outcome: null },
    ]);
    dispatch.tell(gone(cause, 2));
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-2', location }]);
    expect(dispatch.dispatch.attempts).toMatchObject([
      {},
      { outcome: 'unreachable' },
      { trunkId: 't2', located: true },
    ]);
    dispatch.tell(gone(cause, 3));
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-2', location: null }]);
    dispatch.tell(gone(cause, 4));
    expect(dispatch.jobs).toEqual([]);
    expect(dispatch.dispatch).toMatchObject({ state: 'failed', outcome: 'unreachable' });
  });

  it('goes on as any other once it is rung without', () => {
    const dispatch = located().tell(gone(127), leg('leg-ringing', 2), leg('leg-entered', 2));
    dispatch.tell({ type: 'key-pressed', channelId: 'd1.a2', key: '1' }, leg('leg-joined', 2));
    expect(dispatch.dispatch.state).toBe('joined');
  });

  it('is another one than a trunk that rang, that answered, or that is busy', () => {
    const afterwards = (...inputs: Told[]): (string | null | undefined)[] => {
      const { dispatch } = located().tell(...inputs);
      return [dispatch.attempts[0]?.outcome, dispatch.attempts[1]?.trunkId];
    };
    expect(afterwards(leg('leg-ringing'), gone(127))).toEqual(['unreachable', 't2']);
    expect(afterwards(leg('leg-entered'), gone(127))).toEqual(['not-accepted', 't2']);
    expect(afterwards(gone(17))).toEqual(['busy', 't2']);
    expect(afterwards(gone(21))).toEqual(['refused', 't2']);
  });

  it.each<[string, Told]>([
    ['420', gone(3)],
    ['500', gone(38)],
    ['513', gone(34)],
    ['an answer before we listened', ring({ result: 'gone' })],
    ['an originate that failed', ring({ result: 'refused', reason: 'no' })],
  ])('may say so in any way (%s): it is rung again without it', (_, refusal) => {
    const dispatch = located().tell(refusal);
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-1', location: null }]);
    expect(dispatch.dispatch.attempts[0]?.outcome).toBe('unreachable');
    expect(dispatch.tell({ ...refusal, ...over(refusal, 2) }).jobs).toMatchObject([
      { uri: 'sip:113@agency-2', location },
    ]);
  });

  it('may not say anything: nobody is sent one from then on, and it has a second turn after the others', () => {
    const dispatch = located().tell(ring({ result: 'taken' }), { type: 'timer' });
    expect(dispatch.dispatch.attempts[0]?.outcome).toBe('no-answer');
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-2', location: null }]);
    expect(dispatch.tell(gone(38, 2)).jobs).toMatchObject([{ uri: 'sip:113@agency-1', location: null }]);
    dispatch.tell(gone(38, 3));
    expect(dispatch.jobs).toEqual([]);
    expect(dispatch.dispatch.state).toBe('failed');
  });

  it('is rung again at once where it is the only one', () => {
    const only = { trunks: [{ id: 't1', uri: 'sip:113@agency-1' }] };
    const dispatch = path(only, location)
      .tell({ type: 'start' })
      .tell(ring({ result: 'taken' }), { type: 'timer' });
    expect(dispatch.done).toEqual(['hang-up d1.a1', 'ring d1.a2']);
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-1', location: null }]);
    expect(dispatch.tell(ring({ result: 'taken' }, 2), { type: 'timer' }).jobs).toEqual([]);
    expect(dispatch.dispatch).toMatchObject({ state: 'no-answer', outcome: 'no-answer' });
  });

  it('keeps its turn without the location also when the job of that turn is lost', () => {
    const dispatch = located()
      .tell(gone(127))
      .tell(ring({ result: 'expired' }, 2));
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-1', location: null, inLine: true }]);
  });

  it('is none where no location was sent', () => {
    const dispatch = started().tell(gone(127));
    expect(dispatch.dispatch.attempts).toMatchObject([{ outcome: 'unreachable' }, { trunkId: 't2' }]);
  });

  it('has its chance also after a job that was lost', () => {
    const dispatch = located().tell(ring({ result: 'expired' }));
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-1', location, inLine: true }]);
    dispatch.tell(gone(58, 2));
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-1', location: null, inLine: true }]);
    dispatch.tell(gone(58, 3));
    expect(dispatch.jobs).toMatchObject([{ uri: 'sip:113@agency-2', location }]);
  });
});
