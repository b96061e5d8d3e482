import {
  agencyJoins,
  joined,
  story,
  talking,
  testDispatch,
  watchingMedia,
  type Story,
  type Told,
} from '../../test/support/calls.ts';
import { viewOfCall } from './view.ts';

const count = (channelId: string, received: number | null): Told => ({ type: 'packets-counted', channelId, received });
const operator = 'call.o1';
const media = (call: Story): string[] =>
  call.facts.flatMap(({ type, detail }) => (type.startsWith('media.') ? [`${type} ${String(detail['leg'])}`] : []));
const asked = (call: Story): string[] =>
  call.effects.flatMap((effect) => (effect.do === 'count-packets' ? [effect.channelId] : []));

const converse = (): Story =>
  story(watchingMedia).tell(
    { type: 'arrived', up: false },
    { type: 'caller-up' },
    { type: 'operator-assigned', assignmentId: 'a1', operatorId: 'op1', account: 'op-op1' },
    { type: 'leg-entered', channelId: operator },
    joined('caller'),
    joined(operator),
  );

/** Looks once more; whoever is named sends so many packets, all others go on as before. */
function look(call: Story, counts: Record<string, number | null>): string[] {
  call.fire('media');
  const told: string[] = [];
  for (const [channelId, received] of Object.entries(counts))
    told.push(...media(call.tell(count(channelId, received))));
  return told;
}

describe('media of those who talk', () => {
  it('are looked at twice within the time in which they may stop, of the caller and the operator', () => {
    const call = converse();
    expect(asked(call).sort()).toEqual(['call.o1', 'caller']);
    expect(call.call.timers.media).toBe(call.at + 2_500);
    expect(asked(call.fire('media')).sort()).toEqual(['call.o1', 'caller']);
  });

  it('that stop are told once, and when they return; nobody is moved or ended', () => {
    const call = converse().tell(count('caller', 10), count(operator, 10));
    expect(look(call, { caller: 135, [operator]: 135 })).toEqual([]);
    expect(look(call, { caller: 260, [operator]: 135 })).toEqual([]);
    expect(look(call, { caller: 385, [operator]: 135 })).toEqual(['media.stopped operator']);
    expect(call.done).toEqual([]);
    expect(look(call, { caller: 510, [operator]: 135 })).toEqual([]);
    expect(viewOfCall(call.call).mediaStopped).toMatchObject([{ leg: 'operator', id: 'op1', channelId: operator }]);
    expect(look(call, { caller: 635, [operator]: 150 })).toEqual(['media.returned operator']);
    expect(viewOfCall(call.call).mediaStopped).toEqual([]);
    expect(call.call).toMatchObject({ stage: 'talking', operator: { channelId: operator } });
  });

  it('that never came are told of, by their number', () => {
    const call = converse();
    look(call, { caller: 0, [operator]: 10 });
    expect(look(call, { caller: 0, [operator]: 20 })).toEqual(['media.stopped caller']);
    look(call, {});
    const again = converse().tell(count('caller', 0)).fire('media').fire('media').tell(count('caller', 0));
    expect(again.facts).toContainEqual({
      type: 'media.stopped',
      detail: { leg: 'caller', id: null, channelId: 'caller', seconds: 5, packets: 0 },
    });
  });

  it('of a caller that stopped carry no whisper: what is said to his operator is played to him', () => {
    const call = converse().tell(count('caller', 10), count(operator, 10));
    const types = (): string[] =>
      call.tell(...['*', '0'].map((key): Told => ({ type: 'key-pressed', channelId: operator, key }))).done;
    expect(types()).toEqual(['whisper call.o1 code-unknown']);
    for (let n = 1; n <= 3; n += 1) look(call, { caller: 10, [operator]: 10 + 100 * n });
    expect(types()).toEqual(['play call.o1 code-unknown']);
  });

  it('of whom nobody knows are not said to have stopped', () => {
    const call = converse().tell(count(operator, 10));
    for (let looks = 0; looks < 5; looks += 1) expect(look(call, { [operator]: null })).toEqual([]);
  });

  it('that count anew have not stopped', () => {
    const call = converse().tell(count(operator, 900));
    look(call, { [operator]: 0 });
    expect(look(call, { [operator]: 60 })).toEqual([]);
  });

  it('of a phone that sends nothing while its person is silent are given longer each time, up to a minute', () => {
    const call = converse().tell(count(operator, 10));
    let packets = 10;
    const times: number[] = [];
    for (let pause = 0; pause < 6; pause += 1) {
      const since = call.at;
      while (look(call, { [operator]: packets }).length === 0);
      times.push(call.at - since);
      expect(look(call, { [operator]: (packets += 50) })).toEqual(['media.returned operator']);
    }
    expect(times).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('on hold, by a button or by a command, nobody is looked at; afterwards his time begins anew', () => {
    const call = converse().tell(count('caller', 10), count(operator, 10));
    call.tell({ type: 'held-by-phone', channelId: operator, held: true });
    expect(asked(call.fire('media'))).toEqual(['caller']);
    call.wait(30_000).tell({ type: 'held-by-phone', channelId: operator, held: false });
    expect(look(call, { caller: 20, [operator]: 10 })).toEqual([]);
    expect(look(call, { caller: 30, [operator]: 10 })).toEqual(['media.stopped operator']);
    call.tell({ type: 'hold', by: 'op1' });
    expect(call.call.timers.media).toBeUndefined();
  });

  it('of an agency are looked at once it talks, and no more when it has gone', () => {
    const call = converse().tell({ type: 'dispatch-requested', dispatch: testDispatch() }, ...agencyJoins());
    call.fire('media');
    expect(asked(call)).toContain('d1.a1');
    look(call, { caller: 10, [operator]: 10, 'd1.a1': 0 });
    look(call, { caller: 20, [operator]: 20, 'd1.a1': 0 });
    expect(viewOfCall(call.call).mediaStopped).toMatchObject([{ leg: 'agency', id: 'damkar' }]);
    call.tell({ type: 'leg-gone', channelId: 'd1.a1', cause: 16 });
    expect(viewOfCall(call.call).mediaStopped).toEqual([]);
    expect(asked(call.fire('media'))).not.toContain('d1.a1');
  });

  it('are nobody’s concern where the setting is off, nor after the end', () => {
    expect(talking().call.timers.media).toBeUndefined();
    const call = converse().tell({ type: 'leg-gone', channelId: operator, cause: 16 });
    expect(call.call.endedAt).not.toBeNull();
    expect(call.call.timers.media).toBeUndefined();
    expect(media(call.tell(count(operator, 10)))).toEqual([]);
  });
});

it('an operator whose leg is gone is another matter: his caller waits again, at the head of the line', () => {
  const call = converse().tell(count(operator, 10));
  look(call, { [operator]: 10 });
  expect(look(call, { [operator]: 10 })).toEqual(['media.stopped operator']);
  expect(call.call.line).toBeNull();
  call.tell({ type: 'leg-gone', channelId: operator, cause: 44 });
  expect(call.call.line).toEqual({ since: call.call.arrivedAt });
  expect(call.call.media?.legs.map(({ channelId }) => channelId)).toEqual(['caller']);
});
